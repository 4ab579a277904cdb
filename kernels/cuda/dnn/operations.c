/* The operations of cuDNN's graphs: which attribute holds what. */
#include "kernels/cuda/dnn/graph.h"

#define SET TARN_DNN_SET
#define PART(operation, name, descriptor) \
  SET(operation, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &(descriptor))

tarn_status tarn__dnn_convolve(tarn_dnn_builder *b, const tarn_dnn_convolution *c,
                               cudnnBackendDescriptor_t x, cudnnBackendDescriptor_t w,
                               cudnnBackendDescriptor_t y) {
  static const struct {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t convolution, x, w, y, alpha, beta;
  } words[] = {
      [TARN_DNN_FORWARD] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
      [TARN_DNN_DATA] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                         CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
      [TARN_DNN_FILTER] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
  };
  const int64_t spatial = c->spatial;
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  cudnnBackendDescriptor_t d, o;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, &d));
  SET(d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &c->compute);
  SET(d, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  SET(d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &spatial);
  SET(d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, spatial, c->before);
  SET(d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, spatial, c->after);
  SET(d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, spatial, c->stride);
  SET(d, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, spatial, c->dilation);
  TARN_DNN(cudnnBackendFinalize(d));
  const bool wide = c->compute == CUDNN_DATA_DOUBLE;
  const double one64 = 1, zero64 = 0;
  const float one32 = 1, zero32 = 0;
  const cudnnBackendAttributeType_t scale = wide ? CUDNN_TYPE_DOUBLE : CUDNN_TYPE_FLOAT;
  TARN_TRY(tarn__dnn_create(b, words[c->direction].type, &o));
  SET(o, words[c->direction].convolution, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &d);
  SET(o, words[c->direction].x, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &x);
  SET(o, words[c->direction].w, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &w);
  SET(o, words[c->direction].y, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &y);
  SET(o, words[c->direction].alpha, scale, 1, wide ? (const void *)&one64 : &one32);
  SET(o, words[c->direction].beta, scale, 1, wide ? (const void *)&zero64 : &zero32);
  return tarn__dnn_operation(b, o);
}

tarn_status tarn__dnn_pointwise(tarn_dnn_builder *b, cudnnPointwiseMode_t f,
                                cudnnDataType_t compute, cudnnBackendDescriptor_t x,
                                cudnnBackendDescriptor_t more, cudnnBackendDescriptor_t y) {
  cudnnBackendDescriptor_t d, o;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, &d));
  SET(d, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &f);
  SET(d, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  TARN_DNN(cudnnBackendFinalize(d));
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, &o));
  PART(o, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, d);
  PART(o, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
  if (more) PART(o, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, more);
  PART(o, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  return tarn__dnn_operation(b, o);
}

/* ---- pooling -------------------------------------------------------------------------------- */

static tarn_status fractions(cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                             int spatial, const int64_t *values) {
  cudnnFraction_t all[TARN_DNN_SPATIAL];
  for (int a = 0; a < spatial; a++) all[a] = (cudnnFraction_t){values[a], 1};
  SET(d, name, CUDNN_TYPE_FRACTION, spatial, all);
  return TARN_OK;
}

static tarn_status describe_window(tarn_dnn_builder *b, const tarn_dnn_window *w,
                                   cudnnBackendDescriptor_t *made) {
  const cudnnResampleMode_t mode =
      w->largest ? CUDNN_RESAMPLE_MAXPOOL : CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING;
  const cudnnPaddingMode_t padding = w->largest ? CUDNN_NEG_INF_PAD : CUDNN_ZERO_PAD;
  const cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  const cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN;
  const int64_t spatial = w->spatial;
  cudnnBackendDescriptor_t d;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_RESAMPLE_DESCRIPTOR, &d));
  SET(d, CUDNN_ATTR_RESAMPLE_MODE, CUDNN_TYPE_RESAMPLE_MODE, 1, &mode);
  SET(d, CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &compute);
  SET(d, CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, 1, &nan);
  SET(d, CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_TYPE_PADDING_MODE, 1, &padding);
  SET(d, CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &spatial);
  TARN_TRY(fractions(d, CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, w->spatial, w->size));
  TARN_TRY(fractions(d, CUDNN_ATTR_RESAMPLE_STRIDES, w->spatial, w->stride));
  TARN_TRY(fractions(d, CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, w->spatial, w->before));
  TARN_TRY(fractions(d, CUDNN_ATTR_RESAMPLE_POST_PADDINGS, w->spatial, w->after));
  TARN_DNN(cudnnBackendFinalize(d));
  *made = d;
  return TARN_OK;
}

tarn_status tarn__dnn_pool(tarn_dnn_builder *b, const tarn_dnn_window *w,
                           cudnnBackendDescriptor_t x, cudnnBackendDescriptor_t winner,
                           cudnnBackendDescriptor_t y) {
  cudnnBackendDescriptor_t d, o;
  TARN_TRY(describe_window(b, w, &d));
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR, &o));
  PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC, d);
  PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC, x);
  PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC, y);
  if (winner) PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_FWD_IDXDESC, winner);
  return tarn__dnn_operation(b, o);
}

tarn_status tarn__dnn_pool_gradient(tarn_dnn_builder *b, const tarn_dnn_window *w,
                                    cudnnBackendDescriptor_t dy, cudnnBackendDescriptor_t winner,
                                    cudnnBackendDescriptor_t dx) {
  cudnnBackendDescriptor_t d, o;
  TARN_TRY(describe_window(b, w, &d));
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR, &o));
  PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC, d);
  PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC, dy);
  PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC, dx);
  if (winner) PART(o, CUDNN_ATTR_OPERATION_RESAMPLE_BWD_IDXDESC, winner);
  return tarn__dnn_operation(b, o);
}

/* ---- batch normalization -------------------------------------------------------------------- */

static const cudnnBackendNormMode_t batch_norm = CUDNN_BATCH_NORM;

tarn_status tarn__dnn_normalize(tarn_dnn_builder *b, const tarn_dnn_norm *n) {
  const cudnnBackendNormFwdPhase_t phase = CUDNN_NORM_FWD_TRAINING;
  cudnnBackendDescriptor_t o;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_OPERATION_NORM_FORWARD_DESCRIPTOR, &o));
  SET(o, CUDNN_ATTR_OPERATION_NORM_FWD_MODE, CUDNN_TYPE_NORM_MODE, 1, &batch_norm);
  SET(o, CUDNN_ATTR_OPERATION_NORM_FWD_PHASE, CUDNN_TYPE_NORM_FWD_PHASE, 1, &phase);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_XDESC, n->x);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_MEAN_DESC, n->mean);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_INV_VARIANCE_DESC, n->inverse);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_SCALE_DESC, n->scale);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_BIAS_DESC, n->offset);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_EPSILON_DESC, n->epsilon);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC, n->factor);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC, n->old_mean);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC, n->old_variance);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC, n->new_mean);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC, n->new_variance);
  PART(o, CUDNN_ATTR_OPERATION_NORM_FWD_YDESC, n->y);
  return tarn__dnn_operation(b, o);
}

tarn_status tarn__dnn_normalize_gradient(tarn_dnn_builder *b, const tarn_dnn_norm_gradient *n) {
  cudnnBackendDescriptor_t o;
  TARN_TRY(tarn__dnn_create(b, CUDNN_BACKEND_OPERATION_NORM_BACKWARD_DESCRIPTOR, &o));
  SET(o, CUDNN_ATTR_OPERATION_NORM_BWD_MODE, CUDNN_TYPE_NORM_MODE, 1, &batch_norm);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_XDESC, n->x);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_DYDESC, n->dy);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_MEAN_DESC, n->mean);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_INV_VARIANCE_DESC, n->inverse);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_SCALE_DESC, n->scale);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_DSCALE_DESC, n->dscale);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_DBIAS_DESC, n->doffset);
  PART(o, CUDNN_ATTR_OPERATION_NORM_BWD_DXDESC, n->dx);
  return tarn__dnn_operation(b, o);
}
