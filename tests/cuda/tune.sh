#!/bin/sh
# tune.sh TARN CHECK_SH EMULATED: `tarn tune --backend cuda` times the device's kernels and keeps the choices
# under the device's name; what is kept decides in later plans.
tarn=$1 check=$2
# shellcheck source=../tools/check.sh
. "$check"
TARN_CUDA_MODULE=$3
export TARN_CUDA_MODULE

python3 - > conv.pbtxt << 'END'
dim = lambda dims: "shape { %s }" % " ".join("dim { size: %d }" % d for d in dims)
const = "tensor_%s float_val: 0.25" % dim([3, 3, 4, 8])
print('node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }'
      ' attr { key: "shape" value { %s } } }' % dim([1, 9, 9, 4]))
print('node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }'
      ' attr { key: "value" value { tensor { dtype: DT_FLOAT %s } } } }' % const)
print('node { name: "y" op: "Conv2D" input: "x" input: "w" attr { key: "T" value { type: DT_FLOAT } }'
      ' attr { key: "strides" value { list { i: 1 i: 1 i: 1 i: 1 } } }'
      ' attr { key: "padding" value { s: "SAME" } } }')
END
feed='x=random:float32[1,9,9,4]'

gives 0 tune conv.pbtxt --feed "$feed" --fetch y --backend cuda --tuning device.txt --seconds 0.0005 --json
python3 - << 'END' || { cat out device.txt; bad=1; }
import json
found = json.load(open('out'))
assert found['problems'] == 1 and found['kernels_measured'] >= 2, found
row, = found['choices']
assert row['kernel'].split('.')[-1] in ('cuda', 'cublas', 'cudnn') and row['us'] > 0, row
text = open('device.txt').read()
line, = [l for l in text.splitlines() if l.startswith('choice')]
assert ' on ' in line and 'threads=' not in line, line
# as if either had been the faster
for new in ('conv2d.direct.cuda', 'conv2d.graph.cudnn', 'conv2d.graph_3.cudnn'):
    open(new + '.txt', 'w').write(text.replace(line, line.replace(line.split('\t')[1], new)))
END
gives 0 explain conv.pbtxt --feed "$feed" --fetch y --backend cuda --tuning conv2d.direct.cuda.txt
says out '^y .* conv2d.direct.cuda'
gives 0 explain conv.pbtxt --feed "$feed" --fetch y --backend cuda --tuning conv2d.graph.cudnn.txt
says out '^y .* conv2d.graph.cudnn'
gives 0 explain conv.pbtxt --feed "$feed" --fetch y --backend cuda --tuning conv2d.graph_3.cudnn.txt
says out '^y .* conv2d.graph_3.cudnn'
# known problems are not timed again, and the CPU's plans do not look at them
gives 0 tune conv.pbtxt --feed "$feed" --fetch y --backend cuda --tuning device.txt --seconds 0.0005
says out '^0 problems measured'
gives 0 explain conv.pbtxt --feed "$feed" --fetch y --tuning device.txt
exit $bad
