#!/bin/sh
# folders.sh SOURCE_FOLDER: every folder on the way to a source opens with a README.md.
set -u
cd "$1" || exit 2
sources=$(find core kernels graph loader demos bench tools tests include cmake docs -type f \
  \( -name '*.c' -o -name '*.h' -o -name '*.cu' -o -name '*.sh' -o -name '*.py' -o -name '*.cmake' \) 2>/dev/null)
[ -n "$sources" ] || { echo "no sources were found"; exit 1; }
missing=$(echo "$sources" | awk -F/ '{ folder = ""; for (i = 1; i < NF; i++) { folder = folder $i; print folder; folder = folder "/" } }' |
  sort -u | while read -r folder; do
    [ -s "$folder/README.md" ] || echo "$folder: no README.md"
  done)
[ -z "$missing" ] || { echo "$missing"; exit 1; }
echo "every folder has its README.md"
