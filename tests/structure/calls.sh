#!/bin/sh
# calls.sh SOURCE_FOLDER OBJECT_LIST: what the library's objects may not call or share. Symbols are read, not
# sources, so that neither comments nor macros matter.
set -u
cd "$1" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
[ -s "$2" ] || { echo "no objects are listed in $2"; exit 1; }

# One nm and one awk for all of them: a thousand of each take a quarter of a minute.
tr '\n' '\0' < "$2" | xargs -0 nm -A | awk '
  {
    end = match($0, /\.o:/)
    object = substr($0, 1, end + 1)
    sub(/.*\.dir\//, "", object)
    $0 = substr($0, end + 3)
  }
  $1 == "U" {
    call = $2
    sub(/@.*/, "", call)
    plain = call
    sub(/^__/, "", plain); sub(/_chk$/, "", plain)   # the fortified forms
    if (plain ~ /^(abort|exit|_exit|_Exit|quick_exit|assert_fail|printf|vprintf|fprintf|vfprintf|dprintf|puts|fputs|putchar|fputc|perror|err|errx|warn|warnx)$/)
      print object ": calls " call
    if (call ~ /^(stdout|stderr|stdin)$/) print object ": uses " call
    if (plain ~ /^(getenv|secure_getenv)$/ && object !~ /(^|\/)core\/knobs\.c\.o$/)
      print object ": reads the environment; a knob belongs in core/knobs.h"
    next
  }
  # Compiled for a newer processor: what it shares may be called, or merged by the linker, on an older one.
  object ~ /\.(avx2|avx512)\.c\.o$/ && NF == 3 && $2 ~ /^[A-Z]$/ && $3 !~ /^tarn_kernels_/ && $3 !~ /^tarn__[a-z0-9_]*_(avx2|avx512)$/ && $3 !~ /^__(asan|ubsan|tsan|odr)/ {
    print object ": shares " $3 "; only its kernel table and names that end in the target may be"
  }' > "$work/bad"

# The rest of the tree is read as source: its objects are not listed. NO_COLOR is a convention of terminals.
grep -n -E '(^|[^a-z_])(secure_)?getenv[ \t]*\(' -r tools demos bench --include='*.c' --include='*.h' 2>/dev/null |
  grep -v 'getenv("NO_COLOR")' | sed 's/$/  <- a knob belongs in core\/knobs.h/' >> "$work/bad"
[ -s "$work/bad" ] && { cat "$work/bad"; exit 1; }
echo "$(wc -l < "$2") objects: none prints, aborts, exits or reads the environment"
