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
