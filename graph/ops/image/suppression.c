/* Of overlapping boxes the best. */
#include "graph/op.h"
#include "kernels/params/image.h"

static tarn_status suppression_parse(const tarn_attrs *attrs, void *params) {
  tarn_suppression_params *p = params;
  p->iou_threshold =
      tarn__attr_find(attrs, "iou_threshold") ? tarn__attr_float(attrs, "iou_threshold") : 0;
  p->pad = tarn__attr_find(attrs, "pad_to_max_output_size") &&
           tarn__attr_bool(attrs, "pad_to_max_output_size");
  return TARN_OK;
}

/* The overlap of each box with each other is given. */
static tarn_status overlaps_parse(const tarn_attrs *attrs, void *params) {
  (void)attrs;
  ((tarn_suppression_params *)params)->given = true;
  return TARN_OK;
}

static tarn_status overlaps_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_rank(t, 0, 2));
  TARN_TRY(tarn__infer_vector(t, 1));
  for (int i = 2; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  if (t->in[0].dim[0] != t->in[0].dim[1] || t->in[0].dim[0] != t->in[1].dim[0])
    return tarn_fail(TARN_SHAPE, "expected overlaps [n,n] and scores [n]");
  return TARN_OK;
}

static tarn_status combined_parse(const tarn_attrs *attrs, void *params) {
  tarn_suppression_params *p = params;
  p->pad = tarn__attr_bool(attrs, "pad_per_class");
  p->clip = tarn__attr_bool(attrs, "clip_boxes");
  return TARN_OK;
}

/* boxes [images, n, 1 or classes, 4], scores [images, n, classes]. */
static tarn_status combined_infer(tarn_infer *t) {
  const tarn_suppression_params *p = t->params;
  TARN_TRY(tarn__infer_rank(t, 0, 4));
  TARN_TRY(tarn__infer_rank(t, 1, 3));
  for (int i = 2; i < t->inputs; i++) TARN_TRY(tarn__infer_scalar(t, i));
  const int64_t *boxes = t->in[0].dim, *scores = t->in[1].dim;
  if (boxes[0] != scores[0] || boxes[1] != scores[1] || boxes[3] != 4 ||
      (boxes[2] != 1 && boxes[2] != scores[2]))
    return tarn_fail(TARN_SHAPE, "expected boxes [b,n,1 or c,4] and scores [b,n,c]");
  t->out[3] = tarn__shape_vector(boxes[0]);
  if (!t->value[2] || !t->value[3]) return TARN_OK;
  const int64_t each = tarn__infer_int(t, 2, 0), total = tarn__infer_int(t, 3, 0);
  if (each < 1 || total < 1)
    return tarn_fail(
        TARN_INVALID,
        "max_output_size_per_class is %lld and max_total_size %lld, expected at least 1",
        (long long)each, (long long)total);
  int64_t rows, all;
  if (tarn__mul_overflow(each, scores[2], &all)) all = INT32_MAX;
  rows = p->pad && all < total ? all : total;
  TARN_TRY(tarn__shape_make(3, (const int64_t[3]){boxes[0], rows, 4}, &t->out[0]));
  TARN_TRY(tarn__shape_make(2, (const int64_t[2]){boxes[0], rows}, &t->out[1]));
  t->out[2] = t->out[1];
  return TARN_OK;
}

/* Inputs: boxes, scores, max_output_size, then thresholds. Unpadded, only the kernel knows how many
 * boxes stay. */
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

#define PARAMS                                                                            \
  .params_bytes = sizeof(tarn_suppression_params), .parse = suppression_parse,            \
  .infer = suppression_infer,                                                             \
  .formula =                                                                              \
      "the boxes by falling score, without those that overlap a better one by more than " \
      "iou_threshold"
#define BOXES "boxes=T[17x4]:0..1 scores=T[17]:0..1 max_output_size=i32(5)"

const tarn_op tarn_ops_suppression[] = {
    {.name = "NonMaxSuppression",
     .inputs = "boxes: float, scores: float, max_output_size: int32",
     .outputs = "selected_indices: int32",
     .attrs = "iou_threshold: float = 0.5",
     PARAMS,
     .cases = {BOXES}},
    {.name = "NonMaxSuppressionV2",
     .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold",
     .outputs = "selected_indices: int32",
     .attrs = "T: {half, float} = float; T_threshold: {half, float} = float",
     PARAMS,
     .cases = {BOXES " iou_threshold=f32(0.3)"}},
    {.name = "NonMaxSuppressionV3",
     .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, "
               "score_threshold: T_threshold",
     .outputs = "selected_indices: int32",
     .attrs = "T: {half, float} = float; T_threshold: {half, float} = float",
     PARAMS,
     .cases = {BOXES " iou_threshold=f32(0.3) score_threshold=f32(0.2)"}},
    {.name = "NonMaxSuppressionV4",
     .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, "
               "score_threshold: T_threshold",
     .outputs = "selected_indices: int32, valid_outputs: int32",
     .attrs = "T: {half, float} = float; T_threshold: {half, float} = float; "
              "pad_to_max_output_size: bool = false",
     PARAMS,
     .cases = {BOXES
               " iou_threshold=f32(0.3) score_threshold=f32(0.2) pad_to_max_output_size=true"}},
    {.name = "NonMaxSuppressionV5",
     .inputs = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T, score_threshold: T, "
               "soft_nms_sigma: T",
     .outputs = "selected_indices: int32, selected_scores: T, valid_outputs: int32",
     .attrs = "T: {half, float} = float; pad_to_max_output_size: bool = false",
     PARAMS,
     .cases = {BOXES " iou_threshold=T(0.3) score_threshold=T(0.2) soft_nms_sigma=T(0)",
               BOXES " iou_threshold=T(1) score_threshold=T(0) soft_nms_sigma=T(0.5) "
                     "pad_to_max_output_size=true"}},
    {.name = "NonMaxSuppressionWithOverlaps",
     .inputs = "overlaps: float, scores: float, max_output_size: int32, overlap_threshold: float, "
               "score_threshold: float",
     .outputs = "selected_indices: int32",
     .params_bytes = sizeof(tarn_suppression_params),
     .parse = overlaps_parse,
     .infer = overlaps_infer,
     .formula =
         "by falling score, without those that overlap a better one by more than overlap_threshold",
     .cases = {"overlaps=f32[17x17]:0..1 scores=f32[17]:0..1 max_output_size=i32(5) "
               "overlap_threshold=f32(0.7) "
               "score_threshold=f32(0.1)"}},
    {.name = "CombinedNonMaxSuppression",
     .inputs = "boxes: float, scores: float, max_output_size_per_class: int32, max_total_size: "
               "int32, iou_threshold: float, "
               "score_threshold: float",
     .outputs =
         "nmsed_boxes: float, nmsed_scores: float, nmsed_classes: float, valid_detections: int32",
     .attrs = "pad_per_class: bool = false; clip_boxes: bool = true",
     .params_bytes = sizeof(tarn_suppression_params),
     .parse = combined_parse,
     .infer = combined_infer,
     .formula =
         "of each class the boxes that NonMaxSuppression keeps, the best of all classes first",
     .cases =
         {"boxes=f32[2x9x1x4]:0..1 scores=f32[2x9x3]:0..1 max_output_size_per_class=i32(3) "
          "max_total_size=i32(7) "
          "iou_threshold=f32(0.3) score_threshold=f32(0.2)",
          "boxes=f32[1x9x2x4]:-1..2 scores=f32[1x9x2]:0..1 max_output_size_per_class=i32(2) "
          "max_total_size=i32(9) "
          "iou_threshold=f32(0.3) score_threshold=f32(0.2) pad_per_class=true clip_boxes=false"}},
    {0},
};
