#!/bin/sh
# device.sh TARN MODEL MODULE: runs with a device, the one for tests (tests/device), and what is said where there is none. MODEL is
# model.pbtxt beside this script.
tarn=$1 model=$2 module=$3
. "$(dirname "$0")/check.sh"
echo '[1, 2.5, -3, 4, 5]' > x.json

# none: what is missing, in one line
TARN_CUDA_MODULE=$work/absent.so
export TARN_CUDA_MODULE
gives 3 run "$model" --feed x=x.json --fetch y --backend cuda
says err 'there is no CUDA module .*absent.so'
echo 'this is no library' > text.so
TARN_CUDA_MODULE=$work/text.so gives 3 run "$model" --feed x=x.json --fetch y --backend cuda
says err 'the CUDA module .*text.so cannot be opened'
gives 2 run "$model" --feed x=x.json --fetch y --backend gpu
says err 'there is no back end'
gives 1 run "$model" --feed x=x.json --fetch y --log-placement

TARN_CUDA_MODULE=$module
gives 0 run "$model" --feed x=x.json --fetch y=host.json
gives 0 run "$model" --feed x=x.json --fetch y=device.json --backend cuda --repeat 4 --log-placement
cmp -s host.json device.json || { echo "another result: $(cat host.json device.json)"; bad=1; }
says err ': device for tests, '
says err '^placement: [1-9]'
gives 0 explain "$model" --feed x=x.json --fetch y --backend cuda
says out '^placement: [1-9].* copies up'
says out 'reference.cuda'
gives 0 explain "$model" --feed x=x.json --fetch y --backend cuda --json
says out '"copies_down": 1'
gives 0 run "$model" --feed x=x.json --fetch y --backend cuda --trace trace.json
says trace.json 'device for tests'
gives 5 run "$model" --feed x=x.json --fetch y --backend cuda --gpu-mem 16
says err "device's memory"

# variables that live there, beside the arena; --gpu-mem counts both
cat > trains.pbtxt <<'END'
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: 64 } dim { size: 64 } } } } }
node { name: "v" op: "VariableV2" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: 64 } dim { size: 64 } } } } }
node { name: "zero" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: 64 } dim { size: 64 } } float_val: 0 } } } }
node { name: "lr" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }
node { name: "init" op: "Assign" input: "v" input: "zero" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "train" op: "ApplyGradientDescent" input: "v" input: "lr" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
END
gives 0 explain trains.pbtxt --feed 'x=random:float32[64,64]' --target train --backend cuda
says out '^variables on device for tests: 1, 0.02 MiB'
gives 0 explain trains.pbtxt --feed 'x=random:float32[64,64]' --target train --backend cuda --json
says out '"variable_bytes": 16448'
gives 0 run trains.pbtxt --init init --feed 'x=random:float32[64,64]' --target train --backend cuda --gpu-mem 64K
gives 5 run trains.pbtxt --init init --feed 'x=random:float32[64,64]' --target train --backend cuda --gpu-mem 24000
says err "device's memory"
exit $bad
