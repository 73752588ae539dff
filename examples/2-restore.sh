#!/bin/sh
# Demo 2: work, lose the connection and then the whole backend, come back, and find everything as it was: bindings,
# classes, the text in the buffer, the panels, the preferences and the history.
#
# Usage: examples/2-restore.sh
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

echo '== work'
run session create notebook
run eval "Object subclass: #Note slots: {#text} package: 'Demo'"
run eval "Note compile: 'text: aString text := aString' protocol: 'accessing'. Note compile: 'text ^ text' protocol: 'accessing'"
run eval "notes := OrderedCollection new. notes add: (Note new text: 'first'; yourself). notes size"
run workspace set buffer "notes collect: [:each | each text]"
printf '%s' '{
  "layout": {
    "panels": {"code": {"kind": "editor"}, "log": {"kind": "transcript"}},
    "root": {"split": "row", "sizes": [2, 1], "children": [{"panel": "code"}, {"panel": "log"}]},
    "focus": "code"
  },
  "preferences": {"theme": "dark", "fontSize": 14}
}' >"$STUI_HOME/patch.json"
run workspace edit-patch "$STUI_HOME/patch.json"
before=$($stui workspace show --json | sed -n '/"context"/,/^  }/p')

echo
echo '== the backend dies, and everything with it'
record=$STUI_HOME/data/backend/backend.json
pid=$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$record")
printf '\n$ kill -9 %s\n' "$pid"
kill -9 "$pid"

echo
echo '== work goes on offline: it is kept, and delivered once'
set +e
run eval --no-autostart --offline queue --key while-away "notes add: (Note new text: 'written offline'; yourself). notes size"
code=$?
set -e
[ "$code" = 10 ] || fail "an evaluation that is kept exits 10, not $code"
run outbox list

echo
echo '== come back'
run session restore --plan
run session restore
run outbox flush
run result while-away --wait
run eval "notes collect: [:each | each text]"
run workspace show
run history

after=$($stui workspace show --json | sed -n '/"context"/,/^  }/p')
[ "$before" = "$after" ] || fail 'the workspace is not what it was'
[ "$($stui eval 'notes size')" = 2 ] || fail 'the notes are not what they were'
echo
echo '== everything is back'
