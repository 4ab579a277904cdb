#!/bin/sh
# bench.sh TARN CHECK_SH EMULATED: `tarn bench --kernels --backend cuda` on the emulated device: the report is complete, in every form. Its
# times mean nothing.
tarn=$1 check=$2 emulated=$3
# shellcheck source=../tools/check.sh
. "$check"
holds() { # holds WHAT PYTHON: the program is about `found`, the JSON in out
  python3 -c "import json, math; found = json.load(open('out'))
fields = {'kernel', 'op', 'case', 'file', 'us_min', 'us_median', 'us_p90', 'runs', 'rate', 'unit', 'predicted_us'}
rows = found['kernels']
assert all(fields <= set(r) for r in rows), rows
assert all(0 < r['us_min'] <= r['us_median'] <= r['us_p90'] and r['runs'] >= 1 for r in rows), rows
assert all(r['file'].startswith('kernels/cuda/') and r['predicted_us'] > 0 for r in rows), rows
c = found['ceilings']
assert min(c['copy_gbytes'], c['copy_in_cache_gbytes'], c['multiply_add_gflops']) > 0, c
assert set(c['product_gflops']) == {'f64', 'f32', 'tf32', 'f16', 'bf16'} and min(c['product_gflops'].values()) > 0, c
$2" || { echo "$1:"; head -c 3000 out; bad=1; }
}

# No device: one line.
TARN_CUDA_MODULE=$emulated
export TARN_CUDA_MODULE
TARN_EMULATED=devices=0 gives 3 bench --kernels Relu --backend cuda
says err 'there is an NVIDIA driver (CUDA [0-9.]*) but no device'
[ "$(wc -l < err)" = 1 ] && [ ! -s out ] || { echo "more than one line without a device:"; cat out err; bad=1; }
TARN_CUDA_MODULE=$work/none.so gives 3 bench --kernels Relu --backend cuda
says err 'there is no CUDA module'
gives 1 bench --kernels nothing.of.this.name --backend cuda
gives 1 bench --kernels --openblas --backend cuda
says err "time the CPU's kernels"

# Every case of the op and the shapes beside them, on each of its kernels; f32 close to the reference.
gives 0 bench --kernels lrn --backend cuda --seconds 0.001 --json
holds "of LRN" "
assert {(r['op'], r['kernel']) for r in rows} == {('LRN', 'lrn.window.cuda'), ('LRNGrad', 'lrn.window.cuda')}, rows
assert all(r['unit'] == 'GB/s' and r['percent_of_ceiling'] >= 0 and r['error'] < 1e-5 for r in rows), rows
assert len({r['case'] for r in rows}) > 3"
case='input=f32[1x9x8x4] filter=f32[3x3x4x8] strides=[1,1,1,1] padding=SAME'
gives 0 bench --kernels conv2d --case "$case" --backend cuda --seconds 0.001 --json --cold
holds "of Conv2D" "
assert {r['kernel'] for r in rows if r['op'] == 'Conv2D'} == {'conv2d.direct.cuda',
  *('conv2d.graph%s.cudnn' % w for w in ('', '_2', '_3', '_4'))}
assert all(r['us_cold'] > 0 and r['percent_of_ceiling'] > 0 and r['error'] < 1e-5 for r in rows)"
# Whole sequences, a product of each dtype, and what each was measured against.
for precision in f32 tf32 fp16 bf16; do
  gives 0 bench --kernels gemm --case 'a=f32[33x40] b=f32[40x24]' --backend cuda --seconds 0.001 --json --precision $precision
  holds "of MatMul in $precision" "
assert found['precision'] == '$precision'
row = [r for r in rows if r['op'] == 'MatMul'][0]
assert ('f32' in row['case']) == ('$precision' in ('f32', 'tf32')), row
assert row['error'] < {'f32': 1e-6, 'tf32': 2e-3, 'fp16': 2e-3, 'bf16': 1e-2}['$precision'], row"
done

gives 0 bench --kernels gemm --case 'a=f32[8x8] b=f32[8x8]' --backend cuda --seconds 0.001 --markdown --roofline roof.svg
says out '^| MatMul | a=f32'
says out '^- matrix products, GFLOP/s:.*tf32'
python3 -c 'import xml.dom.minidom; assert xml.dom.minidom.parse("roof.svg").getElementsByTagName("circle")' || { echo "the roofline is no SVG"; bad=1; }
gives 0 bench --kernels gemm --case 'a=f32[8x8] b=f32[8x8]' --backend cuda --seconds 0.001
says out 'copies, GB/s read and written: '
says out 'matmul.gemm.cublas '
[ $bad -eq 0 ] && echo "the device's bench reports every kernel in every form"
exit $bad
