#!/bin/sh
# mnist.sh TARN: every image of the handwriting that TensorFlow read is read the same. Skips without the data.
set -u
data=${TARN_SHARED:-}/data/mnist
if [ -z "${TARN_SHARED:-}" ] || [ ! -e "$data/t10k-images-idx3-ubyte.gz" ]; then
  echo "skipped: TARN_SHARED names no folder with data/mnist"
  exit 77
fi
exec "$1" demo resnet --check --mnist "$data/t10k-images-idx3-ubyte.gz" "$data/t10k-labels-idx1-ubyte.gz"
