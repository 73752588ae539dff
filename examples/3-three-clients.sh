#!/bin/sh
# Demo 3: three clients in one session on one backend. Two change the same line of the buffer and one of them resolves the
# conflict; the third loses its network in the middle of its work, and nothing of it is lost.
#
# Usage: examples/3-three-clients.sh
# STUI names the command to run (default: stui). node runs the network that can be cut (relay.mjs).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
stui=${STUI:-stui}
. "$here/show.sh"
work=$(mktemp -d)
unset STUI_HOME STUI_SESSION STUI_CONNECTION STUI_TIMEOUT CI

relay=
finish() {
  [ -z "$relay" ] || kill "$relay" 2>/dev/null || true
  STUI_HOME=$work/server $stui backend stop --data-dir "$work/data" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

# as NAME COMMAND...: runs a command as one of the clients, each of which has a home of its own.
as() {
  show "$@"
  quietly "$@"
}

quietly() {
  name=$1
  shift
  STUI_HOME=$work/$name STUI_SESSION=shared $stui "$@"
}

# expect CODE NAME COMMAND...: the command has to end with that exit code.
expect() {
  expected=$1
  shift
  set +e
  as "$@"
  code=$?
  set -e
  [ "$code" = "$expected" ] || fail "exit $code, not $expected"
  [ "$code" = 0 ] || printf '(exit %s)\n' "$code"
}

echo '== one backend'
endpoint=$(STUI_HOME=$work/server $stui backend start --endpoint 'tcp://127.0.0.1:0' --data-dir "$work/data" --detach --json |
  sed -n 's/.*"endpoint": "\(.*\)",*/\1/p')
port=${endpoint##*:}

# Carla's network, which can be cut.
start_relay() {
  node "$here/relay.mjs" "$1" "$port" >"$work/relay-port" &
  relay=$!
  until [ -s "$work/relay-port" ]; do kill -0 "$relay" && sleep 0.05; done
}
start_relay 0
relay_port=$(cat "$work/relay-port")

for name in ada bert; do
  quietly $name connection add lab "$endpoint" >/dev/null
  quietly $name connection use lab >/dev/null
done
quietly carla connection add lab "tcp://127.0.0.1:$relay_port" >/dev/null
quietly carla connection use lab >/dev/null

echo
echo '== a session is its creator'"'"'s own until it is shared'
as ada session create shared
expect 3 bert session show shared
as ada session share shared
as bert session show shared

echo
echo '== three clients work in it'
as ada eval 'log := OrderedCollection new'
as ada workspace set buffer 'first line
second line
third line'
as bert workspace get buffer
as carla workspace get buffer
as bert eval 'log add: #bert; yourself'
as carla eval 'log add: #carla; yourself'

echo
echo '== changes of different lines merge'
as bert workspace set buffer 'first line, by bert
second line
third line'
as carla workspace set buffer 'first line
second line
third line, by carla'
as ada workspace get buffer

echo
echo '== changes of the same line do not'
as bert workspace get buffer >/dev/null
as carla workspace get buffer >/dev/null
as bert workspace set buffer 'bert was here'
expect 4 carla workspace set buffer 'carla was here'
as carla session conflicts
id=$(quietly carla session conflicts --json | sed -n 's/.*"id": "\(.*\)",*/\1/p' | head -n 1)
as carla session resolve "$id" --union
as ada workspace get buffer
[ "$(quietly ada workspace get buffer)" = 'bert was here
carla was here' ] || fail 'the union has both lines'

echo
echo '== carla loses her network, and works on'
printf '\n$ kill %s   # the network\n' "$relay"
kill "$relay"
wait "$relay" 2>/dev/null || true
relay=
expect 10 carla eval --offline queue --key on-the-train 'log add: #train; yourself'
as bert eval 'log add: #meanwhile; yourself'
: >"$work/relay-port"
start_relay "$relay_port"
as carla outbox flush
as carla result on-the-train --wait
[ "$(quietly ada eval 'log size')" = 4 ] || fail 'something was lost, or ran twice'

echo
echo '== who did what'
as ada session clients
as ada history
as ada session show --stats
as ada session conflicts
echo
echo '== nothing lost, nothing twice'
