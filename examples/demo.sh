#!/bin/sh
# A short visible story: create a session, evaluate, kill the backend, restore, export.
#
# Usage: examples/demo.sh
# STUI names the command to run (default: stui).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
stui=${STUI:-stui}
. "$here/show.sh"
STUI_HOME=$(mktemp -d)
export STUI_HOME
unset STUI_SESSION STUI_CONNECTION STUI_TIMEOUT CI

finish() {
  $stui backend stop >/dev/null 2>&1 || true
  rm -rf "$STUI_HOME"
}
trap finish EXIT

run session create demo
run eval '3 + 4'
run eval 'primes := (2 to: 30) select: [:n | (2 to: n - 1) allSatisfy: [:d | n \\ d ~= 0]]'
run eval 'total := primes inject: 0 into: [:sum :each | sum + each]'
run eval 'adder := [:n | n + total]. adder value: 1'

record=$STUI_HOME/data/backend/backend.json
pid=$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$record")
printf '\n$ kill -9 %s   # the backend\n' "$pid"
kill -9 "$pid"

run session restore demo
run eval 'primes size -> total'
run history
run session export demo -o "$STUI_HOME/demo.stui.jsonl.gz"
