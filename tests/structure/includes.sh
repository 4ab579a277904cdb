#!/bin/sh
# includes.sh SOURCE_FOLDER: each layer includes only itself and what stands below it.
set -u
cd "$1" || exit 2

# "<folder> <what its quoted includes may start with>"; the longest folder that fits a file counts.
rules='core core|tarn.h
kernels kernels|core|tarn.h
graph graph|kernels|core|tarn.h
loader loader|graph|kernels|core|tarn.h
loader/checkpoint loader/checkpoint|core|tarn.h
demos demos|loader|graph|kernels|core|tarn.h
bench bench|loader|graph|kernels|core|tarn.h
tools tools|bench|demos|loader|graph|kernels|core|tarn.h
include tarn.h'

find core kernels graph loader demos bench tools include -type f \
  \( -name '*.c' -o -name '*.h' -o -name '*.cu' -o -name '*.inc' \) 2>/dev/null | sort |
  xargs awk -v rules="$rules" '
    BEGIN {
      lines = split(rules, line, "\n")
      for (i = 1; i <= lines; i++) { split(line[i], part, " "); allowed[part[1]] = part[2] }
    }
    FNR == 1 {
      folder = FILENAME
      do sub(/\/?[^\/]*$/, "", folder); while (folder != "" && !(folder in allowed))
      files++
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
      path = $0; sub(/^[^"]*"/, "", path); sub(/".*/, "", path)
      includes++
      if (path !~ /\// && path != "tarn.h") next      # a neighbour in the same folder
      ok = path !~ /(^|\/)\.\.?(\/|$)/
      if (ok) {
        ok = 0
        n = split(allowed[folder], start, "|")
        for (i = 1; i <= n; i++)
          if (path == start[i] || index(path, start[i] "/") == 1) ok = 1
      }
      # graph knows the kernel contract, not the back ends
      if (folder == "graph" && path ~ /^kernels\/(cpu|cuda)\//) ok = 0
      if (!ok) {
        printf "%s:%d: includes \"%s\"; %s/ may include %s\n", FILENAME, FNR, path, folder, allowed[folder]
        bad++
      }
    }
    END {
      if (includes == 0) { print "no includes were found"; bad++ }
      if (!bad) printf "%d includes in %d files: none climbs\n", includes, files
      exit bad > 0
    }'
