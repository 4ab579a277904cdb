#!/bin/sh
# cudnn_graphs.sh CONFORM_KERNELS: the graphs that kernels make for cuDNN, on every case of their ops, are put to the library itself, without
# a device: it has to take each and to know engines for it. Numbers are the stand-ins'. Those of Conv2D are in cuda.conform_emulated.
conform=$1 bad=0 graphs=0
for op in Conv3D Conv3DBackpropInputV2 Conv3DBackpropFilterV2 MaxPool MaxPool3D MaxPoolGrad AvgPool AvgPool3D AvgPoolGrad AvgPool3DGrad \
  FusedBatchNormV3 FusedBatchNormGradV3; do
  text=$(TARN_EMULATED=cudnn=2,checks=0 "$conform" --device $op 2>&1) || { echo "$op:"; echo "$text" | grep -v 'took graph' | head; bad=1; }
  taken=$(echo "$text" | grep -c 'took graph')
  [ "$taken" -gt 0 ] || { echo "$op: no graph was put to cuDNN"; bad=1; }
  graphs=$((graphs + taken))
done
echo "cuDNN took $graphs graphs"
exit $bad
