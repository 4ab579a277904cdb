#!/bin/sh
# compile.sh TARN PREFIX: `tarn compile`: the same answers, every verb takes the file, nothing is left after a failure. PREFIX is a
# checkpoint with its .meta.
tarn=$1 prefix=$2
. "$(dirname "$0")/check.sh"

command=$("$tarn" inspect "$prefix" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["command"])')
feed=$(printf %s "$command" | sed 's/.*--feed \([^ ]*\).*/\1/')
fetch=$(printf %s "$command" | sed 's/.*--fetch \([^ ]*\).*/\1/')

gives 0 run "$prefix" --feed "$feed" --fetch "$fetch=plain.npy"
gives 0 compile "$prefix" --feed "$feed" --fetch "$fetch" -o m.tarn
[ "$(echo *)" = 'err m.tarn out plain.npy' ] || { echo "compile left $(echo *)"; bad=1; }
gives 0 run m.tarn --feed "$feed" --fetch "$fetch=compiled.npy"
cmp plain.npy compiled.npy || bad=1
gives 0 run m.tarn --feed "$feed"
says out '^[^ ]*: '
TARN_ISA=avx2 gives 0 run m.tarn --feed "$feed" --fetch "$fetch=avx2.npy"
TARN_ISA=avx2 gives 0 run "$prefix" --feed "$feed" --fetch "$fetch=avx2_plain.npy"
cmp avx2.npy avx2_plain.npy || bad=1
for options in '--disable-pass all' '--backend reference' '--memory=low' '--threads 1'; do
  # shellcheck disable=SC2086
  gives 0 run m.tarn --feed "$feed" --fetch "$fetch=a.npy" $options
  # shellcheck disable=SC2086
  gives 0 run "$prefix" --feed "$feed" --fetch "$fetch=b.npy" $options
  cmp a.npy b.npy || { echo "with $options"; bad=1; }
done
gives 0 run m.tarn --checkpoint "$prefix" --feed "$feed" --fetch "$fetch=a.npy"
cmp a.npy plain.npy || bad=1
gives 0 inspect m.tarn
says out 'compiled'
says out 'packed forms'
gives 0 explain m.tarn --feed "$feed" --brief
gives 0 explain m.tarn --feed "$feed" --memory
says out '^planned memory'
gives 0 bench m.tarn --feed "$feed" --seconds 0.05
gives 0 compile m.tarn -o n.tarn
gives 0 run n.tarn --feed "$feed" --fetch "$fetch=a.npy"
cmp a.npy plain.npy || bad=1

gives 2 compile "$prefix"
gives 2 compile -o x.tarn
gives 1 compile "$prefix" --fetch nothing_of_this_name -o x.tarn
gives 4 compile "$prefix" --fetch "$fetch" -o nowhere/x.tarn
# a disk that is full: files of at most 8 blocks
(trap '' XFSZ; ulimit -f 8; gives 4 compile "$prefix" --fetch "$fetch" -o x.tarn; exit $bad) || bad=1
head -c 100000 m.tarn > x.tarn
gives 4 run x.tarn --feed "$feed"
says err 'cut'
rm x.tarn
ls | grep -q x.tarn && { echo "left: $(ls)"; bad=1; }
exit $bad
