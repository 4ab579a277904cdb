#!/bin/sh
# exports.sh HEADER LIBRARY: the library exports the functions that the header declares TARN_API, no more, no fewer.
set -u
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# A declaration's name is the first tarn_... before a parenthesis.
tr '\n' ' ' < "$1" | sed 's/TARN_API/\n&/g' | sed -n 's/^TARN_API[^(]*[ *]\(tarn_[a-z0-9_]*\)(.*/\1/p' |
  LC_ALL=C sort > "$work/declared"
nm -D --defined-only "$2" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort > "$work/exported"
[ -s "$work/declared" ] || { echo "no declarations were found in $1"; exit 1; }
LC_ALL=C comm -23 "$work/declared" "$work/exported" | sed 's/$/: declared, not exported/' > "$work/bad"
LC_ALL=C comm -13 "$work/declared" "$work/exported" | sed 's/$/: exported, not declared/' >> "$work/bad"
[ -s "$work/bad" ] && { cat "$work/bad"; exit 1; }
echo "$(wc -l < "$work/declared") functions, declared and exported"
