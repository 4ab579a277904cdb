/* Of overlapping boxes the best. */
#include "graph/op.h"
#include "kernels/params/image.h"

static tarn_status suppression_parse(const tarn_attrs *attrs, void *params) {
  tarn_suppression_params *p = params;
  p->iou_threshold = tarn__attr_find(attrs, "iou_threshold") ? tarn__attr_float(attrs, "iou_threshold") : 0;
  p->pad = tarn__attr_find(attrs, "pad_to_max_output_size") && tarn__attr_bool(attrs, "pad_to_max_output_size");
  return TARN_OK;
}

/* Inputs: boxes, scores, max_output_size, then thresholds. Unpadded, only the kernel knows how many boxes stay. */
static tarn_status suppression_infer(tarn_infer *t) {
  const tarn_suppression_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  for (int i = 2; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (t->in[0].dim[1] != 4 || t->in[0].dim[0] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "expected boxes [n,4] and scores [n]");
  if (t->outputs > 1) t->out[t->outputs - 1] = tarn__shape_scalar();
  if (!t->value[2]) return TARN_OK;
  int64_t most = tarn__infer_int(t, 2, 0);
  if (most < 0) return tarn_fail(TARN_INVALID, "max_output_size is %lld", (long long)most);
  for (int i = 0; p->pad && i < (t->outputs > 2 ? 2 : 1); i++) t->out[i] = tarn__shape_vector(most);
  return TARN_OK;
}

#define PARAMS .params_bytes = sizeof(tarn_suppression_params), .parse = suppression_parse, .infer = suppression_infer, \
  .formula = "the boxes by falling score, without those that overlap a better one by more than iou_threshold"
#define BOXES "boxes=T[17x4]:0..1 scores=T[17]:0..1 max_output_size=i32(5)"

const tarn_op tarn_ops_suppression[] = {
  {.name = "NonMaxSuppression", .inputs = "boxes: float, scores: float, max_output_size: int32",
   .outputs = "selected_indices: int32", .attrs = "iou_threshold: float = 0.5", PARAMS, .cases = {BOXES}},
  {.name = "NonMaxSuppressionV2", .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold",
   .outputs = "selected_indices: int32", .attrs = "T: {half, float} = float; T_threshold: {half, float} = float", PARAMS,
   .cases = {BOXES " iou_threshold=f32(0.3)"}},
  {.name = "NonMaxSuppressionV3",
   .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, score_threshold: T_threshold",
   .outputs = "selected_indices: int32", .attrs = "T: {half, float} = float; T_threshold: {half, float} = float", PARAMS,
   .cases = {BOXES " iou_threshold=f32(0.3) score_threshold=f32(0.2)"}},
  {.name = "NonMaxSuppressionV4",
   .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, score_threshold: T_threshold",
   .outputs = "selected_indices: int32, valid_outputs: int32",
   .attrs = "T: {half, float} = float; T_threshold: {half, float} = float; pad_to_max_output_size: bool = false", PARAMS,
   .cases = {BOXES " iou_threshold=f32(0.3) score_threshold=f32(0.2) pad_to_max_output_size=true"}},
  {.name = "NonMaxSuppressionV5",
   .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T, score_threshold: T, soft_nms_sigma: T",
   .outputs = "selected_indices: int32, selected_scores: T, valid_outputs: int32",
   .attrs = "T: {half, float} = float; pad_to_max_output_size: bool = false", PARAMS,
   .cases = {BOXES " iou_threshold=T(0.3) score_threshold=T(0.2) soft_nms_sigma=T(0)",
             BOXES " iou_threshold=T(1) score_threshold=T(0) soft_nms_sigma=T(0.5) pad_to_max_output_size=true"}},
  {0},
};
