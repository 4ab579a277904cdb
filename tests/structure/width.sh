#!/bin/sh
# width.sh SOURCE_FOLDER: no line of C or CUDA is wider than 100 columns (characters, not bytes).
set -u
cd "$1" || exit 2
sources=$(find core kernels graph loader demos bench tools tests include -type f \
  \( -name '*.c' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) 2>/dev/null)
[ -n "$sources" ] || { echo "no sources were found"; exit 1; }
# bytes that go on with a character of UTF-8 do not count
wide=$(echo "$sources" | LC_ALL=C xargs awk '
  length($0) > 100 { line = $0; gsub(/[\200-\277]/, "", line)
    if (length(line) > 100) printf "%s:%d: %d columns\n", FILENAME, FNR, length(line) }')
[ -z "$wide" ] || { echo "$wide"; exit 1; }
echo "no line is wider than 100 columns"
