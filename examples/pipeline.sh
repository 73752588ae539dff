#!/bin/sh
# A CI pipeline in plain sh: file in a package, run its tests, evaluate, export; lose the backend to kill -9; restore and
# check that every value is back; bring the archive to a second machine (here: a second home) and compare.
#
# Usage: examples/pipeline.sh [WORK_DIRECTORY]
# STUI names the command to run (default: stui). Everything is kept below the work directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
stui=${STUI:-stui}
CI=true
STUI_HOME=$work/build-machine
export CI STUI_HOME
unset STUI_SESSION STUI_CONNECTION STUI_TIMEOUT

say() { printf '== %s\n' "$*"; }

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# expect EXPECTED CODE: evaluates and compares the print string.
expect() {
  actual=$($stui eval "$2")
  [ "$actual" = "$1" ] || fail "$2 answered $actual, not $1"
  printf '   %s  =>  %s\n' "$2" "$actual"
}

# Whatever happens, no backend stays behind.
finish() {
  STUI_HOME=$work/build-machine $stui backend stop >/dev/null 2>&1 || true
  STUI_HOME=$work/release-machine $stui backend stop >/dev/null 2>&1 || true
}
trap finish EXIT

say 'create a session and file the package in'
$stui session create "build" --label pipeline=example >/dev/null
STUI_SESSION=build
export STUI_SESSION
$stui eval -f "$here/smalltalk/Ledger.st" >/dev/null

say 'run the tests of the package'
expect '5 run, 5 passed, 0 failures, 0 errors' 'LedgerTest buildSuite run'

say 'work, and keep the results in bindings'
$stui eval "
ledger := Ledger new.
ledger openAccount: 'cash'; openAccount: 'rent'; openAccount: 'savings'.
ledger move: 70000 from: 'cash' to: 'rent'.
ledger move: 30 factorial from: 'cash' to: 'savings'.
cash := ledger accountNamed: 'cash'.
" >/dev/null
balance=$($stui eval "ledger balanceOf: 'savings'")
expect 265252859812191058636308480000000 "ledger balanceOf: 'savings'"

say 'an error has its own exit code'
set +e
$stui eval "ledger move: 1 from: 'cash' to: 'nowhere'" 2>"$work/error"
code=$?
set -e
[ "$code" = 9 ] || fail "a raised error exits $code, not 9"
grep -q 'LedgerError: no account named nowhere' "$work/error" || fail 'the error does not say what happened'

say 'export the session'
archive=$work/build.stui.jsonl.gz
$stui session export build -o "$archive"

say 'kill -9 the backend'
record=$STUI_HOME/data/backend/backend.json
kill -9 "$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$record")"

say 'restore, and check that everything is there'
$stui session restore build
expect "$balance" "ledger balanceOf: 'savings'"
expect true 'ledger isBalanced'
expect true "cash == (ledger accountNamed: 'cash')"
expect '5 run, 5 passed, 0 failures, 0 errors' 'LedgerTest buildSuite run'

say 'import the archive on another machine and compare'
STUI_HOME=$work/release-machine
$stui session import "$archive"
expect "$balance" "ledger balanceOf: 'savings'"
expect true "cash == (ledger accountNamed: 'cash')"
$stui log build --json | head -n 10 >"$work/there"
STUI_HOME=$work/build-machine
$stui log build --json | head -n 10 >"$work/here"
cmp -s "$work/here" "$work/there" || fail 'the journals differ'

say 'the pipeline passed'
