#!/bin/sh
# export.sh TARN MODEL PREFIX: `tarn export`: the graph it writes gives the numbers of the model, in every form. MODEL is model.pbtxt
# beside this script, PREFIX a checkpoint with its .meta.
tarn=$1 model=$2 prefix=$3
. "$(dirname "$0")/check.sh"

feed='input=random:float32[2,28,28,1]'
gives 0 run "$prefix" --feed "$feed" --fetch probabilities=wanted.npy
for form in "" "--frozen" "--feed $feed"; do
  for name in graph.pb graph.pbtxt; do
    # shellcheck disable=SC2086
    gives 0 export "$prefix" --fetch probabilities -o $name $form
    says out 'input  input float'
    says out 'output probabilities'
    gives 0 run $name --feed "$feed" --fetch probabilities=got.npy
    python3 - << 'END' || { echo "export $form to $name gives other numbers"; bad=1; }
import struct
a, b = (open(f, "rb").read() for f in ("wanted.npy", "got.npy"))
assert len(a) == len(b) and a[:128] == b[:128]
x, y = (struct.unpack("<%df" % ((len(d) - 128) // 4), d[128:]) for d in (a, b))
assert all(abs(p - q) < 1e-5 for p, q in zip(x, y)) and len(x) >= 20
END
  done
done
# An exported graph is its own fixed point but for what is optimised away.
gives 0 inspect graph.pb --json
python3 -c '
import json
ops = {row["op"]: row["count"] for row in json.load(open("out"))["ops"]}
assert "Conv2D" in ops and not any(op.startswith("_") or "Variable" in op or "BatchNorm" in op for op in ops), ops
' || { echo "the optimised graph has other ops:"; cat out; bad=1; }
gives 0 export "$prefix" --fetch probabilities -o again.pb --json
python3 -c 'import json; r = json.load(open("out")); assert r["nodes"] < r["nodes_before"] and r["bytes"] > 1000 and len(r["inputs"]) == 1' ||
  { echo "export --json:"; cat out; bad=1; }

# An op that tarn does not know goes along.
gives 0 export "$model" --fetch odd -o odd.pbtxt
says odd.pbtxt 'op: "NoSuchOp"'
gives 2 export "$model" --fetch y
says err '-o FILE'
gives 3 export "$prefix.meta" --fetch probabilities -o nothing.pb
says err 'cannot become a constant'
[ ! -e nothing.pb ] || { echo "a failed export left a file"; bad=1; }
gives 4 export "$model" --fetch y -o no/such/folder.pb
[ $bad -eq 0 ] && echo "what tarn export writes gives the same numbers"
exit $bad
