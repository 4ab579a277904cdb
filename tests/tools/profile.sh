#!/bin/sh
# profile.sh TARN MODEL PREFIX: where time goes and what to do about it: `tarn profile`, `tarn tune`, `tarn run --trace`, and the forms of
# `tarn bench --kernels`. MODEL is model.pbtxt beside this script, PREFIX a checkpoint with its .meta.
tarn=$1 model=$2 prefix=$3
. "$(dirname "$0")/check.sh"
unset TARN_TUNING
export XDG_CACHE_HOME="$work/cache"
holds() { # holds WHAT PYTHON: the program is about `found`, the JSON in out
  python3 -c "import json; found = json.load(open('out'))
$2" || { echo "$1:"; head -c 2000 out; bad=1; }
}
feed='input=random:float32[2,28,28,1]'

gives 0 profile "$prefix" --feed "$feed" --seconds 0.1 --threads 2
says out 'between kernels'
says out 'Conv2D'
gives 0 profile "$prefix" --feed "$feed" --seconds 0.1 --json --backend reference --threads 1
holds "profile --json" "
assert 0 < found['kernels_us'] <= found['us'] and found['runs'] >= 3
assert abs(sum(r['us'] for r in found['steps']) - found['kernels_us']) < 1e-3 * found['kernels_us']
assert any('reference' in a['text'] for a in found['advice']), found['advice']
assert all(r['us'] > 0 and r['kernel'] and r['bound_by'] in ('memory', 'arithmetic') for r in found['steps'])"
gives 2 profile
gives 1 profile "$prefix" --fetch nobody

# The second time nothing is measured; the choices lie in the cache folder and later runs follow them.
gives 0 tune "$prefix" --feed "$feed" --seconds 0.0005 --threads 1 --json
holds "tune --json" "
assert found['problems'] > 3 and found['file'].startswith('$work/cache/tarn/tuning-')
assert found['measured_choice_us'] <= found['estimated_choice_us'] * 1.0001"
gives 0 tune "$prefix" --feed "$feed" --seconds 0.0005 --threads 1
says out '^0 problems measured'
gives 0 run "$prefix" --feed "$feed" --fetch probabilities=tuned.npy --threads 1
gives 0 run "$prefix" --feed "$feed" --fetch probabilities=plain.npy --threads 1 --tuning none
[ -s err ] && { echo "an untuned run says"; cat err; bad=1; }
# A file that is damaged is told of and passed over; one that is not there is an error when it was named.
for file in "$work"/cache/tarn/tuning-*.txt; do echo broken >> "$file"; done
gives 0 run "$prefix" --feed "$feed" --fetch probabilities=again.npy --threads 1
says err 'measured kernel choices are not used: .*no choice of a kernel'
cmp -s plain.npy again.npy || { echo "a damaged tuning changes results"; bad=1; }
gives 4 run "$prefix" --feed "$feed" --tuning nowhere.txt
gives 0 tune "$prefix" --feed "$feed" --seconds 0.0005 --threads 1 --tuning here/mine.txt
says here/mine.txt '^choice'
TARN_TUNING="$work/here/mine.txt" "$tarn" run "$prefix" --feed "$feed" --fetch probabilities=x.npy 2> err || { cat err; bad=1; }
[ -s err ] && { echo "TARN_TUNING:"; cat err; bad=1; }

# A trace: a row for each thread, loading and planning, each step with its kernel and rate.
gives 0 run "$prefix" --feed "$feed" --fetch probabilities=x.npy --threads 2 --repeat 3 --trace trace.json
cp trace.json out
holds "the trace" "
events = found['traceEvents']
names = {e['args']['name'] for e in events if e['ph'] == 'M'}
cats = {e.get('cat') for e in events}
assert 'tarn' in names and {'load', 'plan', 'run'} <= cats, (names, cats)
steps = [e for e in events if e['ph'] == 'X' and 'kernel' in e.get('args', {})]
assert sum('GFLOP/s' in e['args'] and '% of peak' in e['args'] and 'shapes' in e['args'] for e in steps) > 10
assert any(e['ph'] == 'C' and e['name'] == 'planned memory' for e in events)
assert len([e for e in events if e.get('name') == 'run' and e.get('cat') == 'run']) == 3"

gives 0 bench --kernels matmul.packed --case 'a=f32[64x64] b=f32[64x64]' --seconds 0.001 --markdown --cold --roofline roof.svg --threads 1
says out '| MatMul | a=f32'
says out 'Estimates are off by'
says out 'DRAM'
says roof.svg '^<svg'
python3 -c 'import xml.dom.minidom; assert xml.dom.minidom.parse("roof.svg").getElementsByTagName("circle")' || { echo "the roofline is no SVG"; bad=1; }
gives 2 bench "$model" --cold
[ $bad -eq 0 ] && echo "profile, tune, trace and the bench's forms keep their contracts"
exit $bad
