#!/bin/sh
# ckpt.sh TARN PREFIX: `tarn ckpt` on a V2 checkpoint that TensorFlow wrote.
tarn=$1 prefix=$2
. "$(dirname "$0")/check.sh"

gives 0 ckpt --help
says out 'tarn ckpt ls'
gives 0 ckpt ls "$prefix"
says out '^name'
says out ' tensors, .* V2 checkpoint '
gives 0 ckpt ls --stats --json "$prefix"
says out '"std":'
gives 0 ckpt verify "$prefix" "$prefix.index"
[ "$(grep -c '^ok: V2 checkpoint ' out)" -eq 2 ] || { echo "two lines of verify"; cat out; bad=1; }

# Round trips: every tensor is the same after each.
gives 0 ckpt convert "$prefix" a.npz
gives 0 ckpt convert a.npz b.safetensors
gives 0 ckpt convert b.safetensors c
for copy in a.npz b.safetensors c; do
  gives 0 ckpt diff "$prefix" $copy
  says out ' 0 differ, 0 only in the first, 0 only in the second'
  gives 0 ckpt verify $copy
done
cmp -s "$prefix.index" c.index || { echo "the index is another after three conversions"; bad=1; }

# A folder with a state file; a checkpoint with other bytes in the middle; one that is cut.
printf 'model_checkpoint_path: "/moved/since/c"\n' > checkpoint
gives 0 ckpt verify .
data=c.data-00000-of-00001
bytes=$(wc -c < $data)
printf 'other bytes' | dd of=$data bs=1 seek=$((bytes / 2)) conv=notrunc 2> /dev/null
gives 4 ckpt verify c
says err "$data': offset "
gives 4 ckpt diff "$prefix" c
gives 4 ckpt convert c d.npz
[ ! -e d.npz ] || { echo "a failed conversion left its file"; bad=1; }
: > $data
gives 4 ckpt verify c
gives 4 ckpt verify nowhere
gives 4 ckpt ls nowhere
gives 2 ckpt
gives 2 ckpt evil
gives 2 ckpt diff "$prefix"
gives 2 ckpt ls --evil "$prefix"
gives 2 ckpt diff --rtol x "$prefix" "$prefix"

# Differences end with 1.
"$tarn" ckpt diff "$prefix" "${prefix%resnet/checkpoint/resnet}lstm/checkpoint/lstm" > out   # they differ, which is no failure
[ $? -eq 1 ] || { echo "differing checkpoints: exit $?"; bad=1; }
says out '^only in the first: '
says out '^only in the second: '
rm -f out err a.npz b.safetensors c.index $data checkpoint
left=$(ls -A)
[ -z "$left" ] || { echo "files left: $left"; bad=1; }
[ $bad -eq 0 ] && echo "tarn ckpt does what its help says"
exit $bad
