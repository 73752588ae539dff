# What the demos share: showing commands as a person would type them. To be read with "." by a script that has set $stui.

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# show PROMPT WORD...
show() {
  printf '\n%s$ stui' "$1"
  shift
  for word in "$@"; do
    case $word in
      *\'*) printf ' "%s"' "$word" ;;
      *[!A-Za-z0-9._/=:-]*) printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
}

# Shows a command, then runs it.
run() {
  show '' "$@"
  $stui "$@"
}
