#!/bin/sh
# Demo 1: connect to a backend over the network, create a session, evaluate, and look at how things are.
#
# Usage: examples/1-connect.sh
# STUI names the command to run (default: stui). Everything is kept below a directory that is removed at the end.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
stui=${STUI:-stui}
. "$here/show.sh"
work=$(mktemp -d)
STUI_HOME=$work/client
export STUI_HOME
unset STUI_SESSION STUI_CONNECTION STUI_TIMEOUT CI

finish() {
  STUI_HOME=$work/server $stui backend stop --data-dir "$work/data" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

echo '== the server: a backend that listens on TCP'
endpoint=$(STUI_HOME=$work/server $stui backend start --endpoint 'tcp://127.0.0.1:0' --data-dir "$work/data" --detach --json |
  sed -n 's/.*"endpoint": "\(.*\)",*/\1/p')
echo "listens at $endpoint"

echo
echo '== the client: a machine of its own'
run connection add lab "$endpoint"
run connection use lab
run wait backend
run session create demo --label team=smalltalk
run eval "greeting := 'Hello, ' , (6 * 7) printString"
run eval 'counter := OrderedCollection new. counter add: 3; add: 4; yourself'
run workspace set buffer 'counter inject: 0 into: [:a :b | a + b]'
run workspace bindings
run session show
run status
