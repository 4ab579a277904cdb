#!/bin/sh
# self.sh SCRIPT_FOLDER: each script fails on a small tree that breaks its rule, and passes on one that does not.
set -u
scripts=$1
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}
bad=0

wants() { # wants pass|fail DESCRIPTION COMMAND...
  wanted=$1 what=$2
  shift 2
  if "$@" > "$work/output" 2>&1; then got=pass; else got=fail; fi
  [ $got = "$wanted" ] || { echo "$what: expected $wanted"; cat "$work/output"; bad=1; }
}

mkdir -p "$work/tree/core" "$work/tree/graph" "$work/tree/loader/checkpoint" || exit 2
cd "$work/tree" || exit 2
echo '#include "core/a.h"' > graph/g.c
echo '#include "tarn.h"' > core/a.h
wants pass "includes that go down" sh "$scripts/includes.sh" .
echo '#  include "graph/g.h"' > core/b.c
wants fail "core including graph" sh "$scripts/includes.sh" .
echo '#include "../graph/g.h"' > core/b.c
wants fail "a path that leaves its folder" sh "$scripts/includes.sh" .
rm core/b.c
echo '#include "kernels/cpu/simd/vec.h"' > graph/h.c
wants fail "graph including a back end" sh "$scripts/includes.sh" .
rm graph/h.c
echo '#include "graph/graph.h"' > loader/checkpoint/c.c
wants fail "the checkpoint library including graph" sh "$scripts/includes.sh" .
rm loader/checkpoint/c.c

wants fail "folders without README.md" sh "$scripts/folders.sh" .
echo x > core/README.md
echo x > graph/README.md
wants pass "folders with README.md" sh "$scripts/folders.sh" .

printf '%0100d\n' 0 > core/w.h
wants pass "a line of 100 columns" sh "$scripts/width.sh" .
printf '%0101d\n' 0 > core/w.h
wants fail "a line of 101 columns" sh "$scripts/width.sh" .
rm core/w.h

printf 'TARN_API int *tarn_a(int tarn_x);\nTARN_API TARN_MUST_CHECK tarn_status\n  tarn_b(void);\n' > tarn.h
echo 'int *tarn_a(int x) { (void)x; return 0; } int tarn_b(void) { return 0; }' > lib.c
$cc -shared -fPIC lib.c -o lib.so || exit 2
wants pass "an exact export list" sh "$scripts/exports.sh" tarn.h lib.so
echo 'int tarn_c(void) { return 0; }' >> lib.c
$cc -shared -fPIC lib.c -o lib.so || exit 2
wants fail "a symbol too many" sh "$scripts/exports.sh" tarn.h lib.so
echo 'int *tarn_a(int x) { (void)x; return 0; }' > lib.c
$cc -shared -fPIC lib.c -o lib.so || exit 2
wants fail "a symbol missing" sh "$scripts/exports.sh" tarn.h lib.so

calls() { # calls pass|fail DESCRIPTION FILE CODE
  mkdir -p "o.dir/${3%/*}"
  echo "$4" > code.c
  $cc -c code.c -o "o.dir/$3" || exit 2
  echo "$PWD/o.dir/$3" > list
  wants "$1" "$2" sh "$scripts/calls.sh" . list
}
calls pass "an innocent object" core/x.c.o 'int tarn__x(void) { return 1; }'
calls fail "a call of abort" core/x.c.o '#include <stdlib.h>
void tarn__x(void) { abort(); }'
calls fail "a call of printf" core/x.c.o '#include <stdio.h>
void tarn__x(int i) { printf("%d", i); }'
calls fail "a use of stderr" core/x.c.o '#include <stdio.h>
void tarn__x(void) { fputs("x", stderr); }'
calls fail "getenv outside the knobs" core/x.c.o '#include <stdlib.h>
char *tarn__x(void) { return getenv("X"); }'
calls pass "getenv in the knobs" core/knobs.c.o '#include <stdlib.h>
char *tarn__x(void) { return getenv("X"); }'
calls fail "a shared function of an AVX2 file" kernels/cpu/add/rows.avx2.c.o 'int tarn__sum(void) { return 1; }'
calls pass "the table of an AVX2 file" kernels/cpu/add/rows.avx2.c.o 'const int tarn_kernels_add_rows_avx2[1] = {1};'
[ $bad -eq 0 ] && echo "each script fails on what breaks its rule"
exit $bad
