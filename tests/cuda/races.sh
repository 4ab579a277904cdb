#!/bin/sh
# races.sh CONFORM_KERNELS: the walk over the module's kernels (TARN_CUDA_MODULE) of the ops whose threads work together, by shared
# memory, atomics, or rows that meet, with every access checked on the emulated device (emulator/check).
set -eu
walk=$1
for op in Sum All ArgMax ArgMin TopKV2 InTopKV2 Softmax LogSoftmax SparseSoftmaxCrossEntropyWithLogits LRN LRNGrad Transpose \
  FusedBatchNormV3 FusedBatchNormGradV3 BiasAddGrad GatherV2 GatherNd ScatterNd TensorScatterUpdate TensorScatterAdd \
  UnsortedSegmentSum UnsortedSegmentMax SegmentSum SparseSegmentSum MaxPoolWithArgmax MaxPoolGradWithArgmax L2Loss Cumsum \
  _Elementwise Pack StridedSliceGrad; do
  printf '%s: ' "$op"
  said=$("$walk" --device "$op" 2>&1) || { echo "$said"; exit 1; }
  echo "$said" | tail -1
  case $said in *" 0 cases"*) echo "no case of $op"; exit 1 ;; esac
done
