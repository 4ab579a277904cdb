# shellcheck shell=sh disable=SC2154
# check.sh: what the scripts of this folder begin with. They set $tarn, then read this: it goes to an empty folder that is removed at
# the end. `bad` becomes 1 with the first thing that is not as expected; a script ends with `exit $bad`.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
bad=0

gives() { # gives STATUS WORDS...: runs tarn, its output in out and err; a failure says why, and nothing has control bytes
  wanted=$1
  shift
  "$tarn" "$@" > out 2> err
  status=$?
  [ $status -eq "$wanted" ] || { echo "tarn $*: exit $status, expected $wanted"; cat out err; bad=1; }
  [ "$wanted" -eq 0 ] || grep -q '^tarn: ' err || { echo "tarn $*: no message"; cat err; bad=1; }
  if LC_ALL=C grep -q "$(printf '[\001-\010\033]')" out err; then echo "tarn $*: control bytes"; bad=1; fi
}
says() { # says FILE TEXT
  grep -q -e "$2" "$1" || { echo "expected '$2' in $1:"; cat "$1"; bad=1; }
}
lacks() { # lacks FILE TEXT
  if grep -q -e "$2" "$1"; then echo "did not expect '$2' in $1:"; cat "$1"; bad=1; fi
}
