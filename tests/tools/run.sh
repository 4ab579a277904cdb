#!/bin/sh
# run.sh TARN MODEL PREFIX: `tarn run` and its neighbours: exit statuses, messages, and the files they leave. MODEL is model.pbtxt
# beside this script, PREFIX a checkpoint with its .meta.
tarn=$1 model=$2 prefix=$3
. "$(dirname "$0")/check.sh"
json() { python3 -m json.tool < out > /dev/null || { echo "this is no JSON:"; head -5 out; bad=1; }; }
absent() { for file in "$@"; do [ ! -e "$file" ] || { echo "$file was left"; bad=1; }; done; }

echo '[1, 2.5, -3]' > x.json

# 0: done
gives 0 run "$model" --feed x=x.json --fetch y --fetch y:0=y.json
says out '^y: float32\[3\]'
[ "$(tr -d ' \n' < y.json)" = '[2.0,5.0,-6.0]' ] || { echo "y.json: $(cat y.json)"; bad=1; }
gives 0 run "$model" --feed x=x.json --fetch y=y.npy --backend reference --precision f32 --threads 2 --repeat 3
gives 0 run "$model" --feed x=y.npy --fetch y --json
json
gives 0 run "$model" --feed 'x=random:float32[4]' --fetch say --explain --disable-pass all
says err '^say  Print'
says err 'planned memory: '
says err '^it is \['

# 1: failed; the nearest names
gives 1 run "$model" --feed x=x.json --fetch yy
says err "nearest: 'y'"
gives 1 run "$model" --feed xx=x.json --fetch y
says err "nearest: 'x'"
gives 1 run "$model" --feed x=x.json --fetch y=y1.npy --target check
absent y1.npy
gives 1 run "$model" --feed 'x=random:float32[2,2]' --fetch y
says err 'shape \[2,2\]'
gives 1 run "$model" --feed 'x=random:int32[2]' --fetch y
gives 1 run "$model" --feed x=x.json --fetch y --signature serve
# Interrupted, which it can be from when it has a handler for that, however slow the machine is.
python3 - "$tarn" "$model" << 'P' || bad=1
import signal, subprocess, sys, time
words = [sys.argv[1], "run", sys.argv[2], "--feed", "x=x.json", "--fetch", "y=y1.npy", "--repeat", "1000000000"]
run = subprocess.Popen(words, stdout=open("out", "wb"), stderr=open("err", "wb"))
def listens():
    caught = [line for line in open(f"/proc/{run.pid}/status") if line.startswith("SigCgt:")]
    return int(caught[0].split()[1], 16) >> (signal.SIGINT - 1) & 1
while run.poll() is None and not listens():
    time.sleep(0.01)
time.sleep(0.1)
run.send_signal(signal.SIGINT)
try:
    status = run.wait(60)
except subprocess.TimeoutExpired:
    run.kill()
    sys.exit("an interrupted run goes on")
sys.exit(None if status == 1 else f"an interrupted run ends with {status}")
P
[ "$(grep -c '^tarn: ' err)" -eq 1 ] || { echo "an interrupted run says"; cat err; bad=1; }
absent y1.npy

# 2: usage
gives 2 run
gives 2 run "$model" --evil
gives 2 run "$model" --fech y
says err "nearest: '--fetch'"
gives 2 run "$model" --feed x
gives 2 run "$model" --threads many
gives 2 run "$model" --backend fast
gives 2 run "$model" --precision int4
says err 'bf16 or int8'
gives 2 run "$model" --disable-pass fuse
says err 'nearest: '
gives 2 rum
says err "nearest: 'run'"
gives 2 bench "$model" --case 'a=f32[1]'

# a checkpoint of tf.train.Checkpoint in a graph that knows its variables by name
tf2=$(dirname "$model")/tf2_checkpoint
echo '[[1.0, 2.0]]' > x2.json
gives 0 run "$tf2/dense.pbtxt" --checkpoint "$tf2/ckpt" --feed x=x2.json --fetch y=y2.json
[ "$(tr -d ' \n' < y2.json)" = '[[7.0,10.0,13.0]]' ] || { echo "y2.json:"; cat y2.json; bad=1; }
rm -f y2.json

# 3: ops that nobody has, all of them, a line each; only where a fetch reaches them
gives 3 run "$model" --feed x=x.json --fetch y=y1.npy --fetch stranger
says err '^tarn: unsupported op: NoSuchOp (node '
says err '^tarn: unsupported op: NoSuchOpEither (node '
absent y1.npy
gives 3 explain "$model" --fetch stranger --fetch stranger_sum
says err '^tarn: unsupported op: NoSuchOp (node '
says out "^missing: 'strange' (NoSuchOp): the op is not known"
says out '  wanted by stranger:'
says out '    strange -> stranger$'
says out "^missing: 'odd' (NoSuchOp)"
says out '    odd -> stranger_sum$'
says out '  feed instead: odd:0 (float)'
says out '  or fetch what goes into it: y:0 (float)'

# 4: files
gives 4 run nowhere.pb --fetch y
echo 'no graph here' > bad.pb
gives 4 run bad.pb --fetch y
gives 4 run "$model" --feed x=nowhere.npy --fetch y
echo '[1, [2]]' > bad.json
gives 4 run "$model" --feed x=bad.json --fetch y
gives 4 run "$model" --feed x=x.json --fetch y=y1.npy --fetch y=no/folder/y.npy
absent y1.npy
gives 4 run "$prefix.meta" --checkpoint nowhere --fetch probabilities

# 5: limits
gives 5 run "$model" --feed 'x=random:float32[1000000]' --fetch y=y1.npy --memory-limit 64K
absent y1.npy
gives 5 run "$prefix.meta" --checkpoint "$prefix" --feed 'input=random:float32[500,28,28,1]' --fetch probabilities=y1.npy --time-limit 0.001
absent y1.npy

# Strings, in JSON and in .npy
printf '["ab", {"b64": "/wBj"}, ""]' > text.json
gives 0 run "$model" --feed text=text.json --fetch echo=echo.json --fetch echo=echo.npy
[ "$(tr -d ' \n' < echo.json)" = '["ab",{"b64":"/wBj"},""]' ] || { echo "echo.json: $(cat echo.json)"; bad=1; }
says echo.npy "'descr': '|S3'"
gives 0 run "$model" --feed text=echo.npy --fetch echo=again.json
cmp -s echo.json again.json || { echo "strings change on their way through .npy"; bad=1; }
printf '["YQA="]' > text.json
printf '[{"b64": "YQA="}]' > text.json
gives 1 run "$model" --feed text=text.json --fetch echo=zero.npy
says err 'ends in a zero byte'
absent zero.npy

# Names in a steps file are relative to it.
mkdir sub
cp x.json sub/x.json
echo '[{"feeds": {"x": "x.json"}, "fetches": {"y": "one.npy"}}, {"feeds": {"x": "one.npy"}, "fetches": {"y": "two.json"}}]' > sub/steps.json
gives 4 run "$model" --steps sub/steps.json   # the first step's file is not there before all have run
absent sub/one.npy sub/two.json
sed 's/"one.npy"}, "fetches"/"x.json"}, "fetches"/' sub/steps.json > sub/steps2.json
gives 0 run "$model" --steps sub/steps2.json
[ "$(tr -d ' \n' < sub/two.json)" = '[2.0,5.0,-6.0]' ] || { echo "two.json is not as expected"; bad=1; }
[ -s sub/one.npy ] || { echo "sub/one.npy is missing"; bad=1; }

# What is saved restores to the same.
feed='input=random:float32[2,28,28,1]'
gives 0 run "$prefix" --feed "$feed" --fetch probabilities=first.npy --save copy
gives 0 run "$prefix.meta" --checkpoint copy --feed "$feed" --fetch probabilities=second.npy --trace trace.json
cmp -s first.npy second.npy || { echo "a saved copy gives other results"; bad=1; }
python3 -m json.tool trace.json > /dev/null || { echo "the trace is no JSON"; bad=1; }

# Every --json is JSON.
for words in "explain $prefix" "explain $prefix --memory" "inspect $prefix.meta" "ops" "ckpt ls $prefix"; do
  # shellcheck disable=SC2086
  gives 0 $words --json
  json
done
gives 0 bench "$prefix" --feed "$feed" --seconds 0.05 --json
python3 -c '
import json
found = json.load(open("out"))
for key in ("ms_min", "ms_median", "ms_p90", "ms_p99", "runs", "threads", "peak_rss_bytes", "isa", "precision"):
    assert key in found, key
assert 0 < found["ms_min"] <= found["ms_median"] <= found["ms_p99"] and found["runs"] >= 5
' || { echo "bench --json lacks something:"; cat out; bad=1; }

# Kernels by themselves.
gives 0 bench --kernels softmax.rows --case 'logits=f32[3x17]' --seconds 0.001 --threads 1
says out 'GFLOP/s:'
gives 0 bench --kernels matmul --case 'a=f32[16x16] b=f32[16x16]' --seconds 0.001 --json
python3 -c '
import json
found = json.load(open("out"))
rows = [row for row in found["kernels"] if row["op"] == "MatMul"]
assert any(row["kernel"].endswith(".reference") for row in rows)
for row in rows:
    assert row["us_min"] > 0 and row["unit"] == "GFLOP/s", row
    assert row["error"] < (0.02 if "narrow" in row["kernel"] or "bf16" in row["kernel"] else 1e-5), row
' || { echo "bench --kernels --json is not as expected:"; head -40 out; bad=1; }
gives 1 bench --kernels softmaxx
says err 'nearest'
gives 1 bench --kernels MatMul --case 'a=f32[16x16'
[ $bad -eq 0 ] && echo "tarn run keeps its contract"
exit $bad
