#!/bin/sh
# inspect.sh TARN PREFIX: `tarn inspect` on a graph in text, on a checkpoint without a graph, and on what is neither.
tarn=$1 prefix=$2
. "$(dirname "$0")/check.sh"

cat > graph.pbtxt <<'END'
node { name: "in put" op: "Bad" }
END
gives 4 inspect graph.pbtxt
says err "in put"

cat > graph.pbtxt <<'END'
node { name: "x" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 3 } } } } }
node { name: "v" op: "VariableV2"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: 3 } } } } }
node { name: "v/read" op: "Identity" input: "v" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Add" input: "x" input: "v/read" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "z" op: "An\033Unknown" input: "y" }
versions { producer: 134 }
END
gives 0 inspect graph.pbtxt
says out 'GraphDef as text'
says out '^  x:0 .*float .*\[?,3\]'
says out '^  z:0 '
says out '^  v .*float .*\[3\]'
says out 'An\\x1bUnknown  (not in tarn)'
says out '^  tarn run graph.pbtxt --checkpoint PREFIX --feed x:0=random:float32\[1,3\] --fetch z:0$'
gives 0 inspect --json graph.pbtxt
says out '"format": "GraphDef"'
says out '"command": "tarn run '

# What nobody takes inside of a loop, and the pivot of a branch, are no outputs; behind the loop is one.
float='attr { key: "T" value { type: DT_FLOAT } }'
cat > loop.pbtxt <<END
node { name: "x" op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { } } } }
node { name: "limit" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 9 } } } }
node { name: "in" op: "Enter" input: "x" $float attr { key: "frame_name" value { s: "f" } } }
node { name: "top" op: "Enter" input: "limit" $float attr { key: "frame_name" value { s: "f" } }
  attr { key: "is_constant" value { b: true } } }
node { name: "merge" op: "Merge" input: "in" input: "next" $float attr { key: "N" value { i: 2 } } }
node { name: "less" op: "Less" input: "merge" input: "top" $float }
node { name: "cond" op: "LoopCond" input: "less" }
node { name: "switch" op: "Switch" input: "merge" input: "cond" $float }
node { name: "twice" op: "Add" input: "switch:1" input: "switch:1" $float }
node { name: "unused" op: "Neg" input: "twice" $float }
node { name: "next" op: "NextIteration" input: "twice" $float }
node { name: "out" op: "Exit" input: "switch" $float }
node { name: "y" op: "Neg" input: "out" $float }
node { name: "pred" op: "Less" input: "y" input: "limit" $float }
node { name: "branch" op: "Switch" input: "pred" input: "pred" attr { key: "T" value { type: DT_BOOL } } }
node { name: "pivot" op: "Identity" input: "branch:1" attr { key: "T" value { type: DT_BOOL } } }
END
gives 0 inspect loop.pbtxt
lacks out 'unused:0'
lacks out 'pivot:0'
sed -i '/branch/d' loop.pbtxt
gives 0 inspect loop.pbtxt
says out '^  pred:0 '
gives 0 run loop.pbtxt --feed x=random:float32[]
says out '^pred'

gives 0 inspect "$prefix"
says out "^To run it"
cp "$prefix".index alone.index && cp "$prefix".data-00000-of-00001 alone.data-00000-of-00001
gives 0 inspect alone
says out ' tensors, .* checkpoint '
gives 0 inspect --help
gives 2 inspect
gives 2 inspect graph.pbtxt graph.pbtxt
gives 2 inspect --nothing graph.pbtxt
gives 4 inspect nowhere.pb
gives 4 inspect .
: > empty.pb
gives 4 inspect empty.pb
mkfifo pipe.pb
gives 4 inspect pipe.pb
exit $bad
