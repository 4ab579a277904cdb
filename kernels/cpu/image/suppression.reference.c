/* Non-maximum suppression, greedy; with a sigma, soft: a box that overlaps chosen ones loses score instead, and competes
 * again (Bodla et al., "Soft-NMS", ICCV 2017). Each candidate remembers how many chosen boxes it was compared with. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/image.h"

#include <float.h>
#include <math.h>

static float number(const tarn_tensor *t, int64_t i) {
  return t->dtype == TARN_F16 ? tarn__f16_to_f32(((const uint16_t *)t->data)[i]) : ((const float *)t->data)[i];
}

/* Intersection over union; corners may come in any order. Boxes without area overlap nothing. */
static float overlap(const tarn_tensor *boxes, int64_t i, int64_t j) {
  float low[2][2], high[2][2], common = 1, area[2] = {1, 1};
  for (int k = 0; k < 2; k++) {
    for (int b = 0; b < 2; b++) {
      float p = number(boxes, 4 * (b ? j : i) + k), q = number(boxes, 4 * (b ? j : i) + k + 2);
      low[b][k] = p < q ? p : q;
      high[b][k] = p < q ? q : p;
      area[b] *= high[b][k] - low[b][k];
    }
    float from = low[0][k] > low[1][k] ? low[0][k] : low[1][k], to = high[0][k] < high[1][k] ? high[0][k] : high[1][k];
    common *= to > from ? to - from : 0;
  }
  if (area[0] <= 0 || area[1] <= 0) return 0;
  return common / (area[0] + area[1] - common);
}

typedef struct candidate {
  float score;
  bool alive;
  int64_t compared;
} candidate;

/* The best that is left, of equals the first; n when none is. */
static int64_t best(const candidate *c, int64_t n) {
  int64_t at = n;
  for (int64_t i = 0; i < n; i++)
    if (c[i].alive && (at == n || c[i].score > c[at].score)) at = i;
  return at;
}

static tarn_status suppress(const tarn_call *call) {
  const tarn_suppression_params *p = call->problem->params;
  int inputs = call->problem->inputs, outputs = call->problem->outputs;
  const tarn_tensor *boxes = call->in[0], *scores = call->in[1];
  int64_t n = boxes->shape.dim[0], most = tarn__index_at(call->in[2], 0), found = 0, i;
  float iou = inputs > 3 ? number(call->in[3], 0) : p->iou_threshold;
  float least = inputs > 4 ? number(call->in[4], 0) : -FLT_MAX, sigma = inputs > 5 ? number(call->in[5], 0) : 0;
  if (!(iou >= 0 && iou <= 1)) return tarn_fail(TARN_INVALID, "iou_threshold is %g, not in [0, 1]", (double)iou);
  if (!(sigma >= 0)) return tarn_fail(TARN_INVALID, "soft_nms_sigma is %g", (double)sigma);
  if (most < 0) return tarn_fail(TARN_INVALID, "max_output_size is %lld", (long long)most);
  candidate *c = call->scratch;
  int64_t *chosen = (int64_t *)(void *)(c + n);
  for (i = 0; i < n; i++) c[i] = (candidate){number(scores, i), number(scores, i) > least, 0};
  while (found < most && (i = best(c, n)) < n) {
    float before = c[i].score;
    bool dropped = false;
    c[i].alive = false;
    for (int64_t j = found - 1; j >= c[i].compared && !dropped; j--) {
      float o = overlap(boxes, i, chosen[j]);
      if (sigma == 0) dropped = o > iou;
      else c[i].score *= expf(-0.5f / sigma * o * o);
      if (c[i].score <= least) break;
    }
    c[i].compared = found;
    if (dropped) continue;
    if (c[i].score == before) chosen[found++] = i;
    else c[i].alive = c[i].score > least;
  }
  tarn_shape shape = tarn__shape_vector(found);
  for (int o = 0; o < (outputs > 2 ? 2 : 1); o++) {
    if (!p->pad) TARN_TRY(tarn__call_allocate(call, o, &shape));
    TARN_TRY(tarn__clear_elements(call->out[o], 0, tarn__tensor_elements(call->out[o])));
  }
  for (i = 0; i < found; i++) {
    tarn__index_put(call->out[0], i, chosen[i]);
    if (outputs < 3) continue;
    if (call->out[1]->dtype == TARN_F32) ((float *)call->out[1]->data)[i] = c[chosen[i]].score;
    else ((uint16_t *)call->out[1]->data)[i] = tarn__f32_to_f16(c[chosen[i]].score);
  }
  if (outputs > 1) tarn__index_put(call->out[outputs - 1], 0, found);
  return TARN_OK;
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  (void)threads;
  return (size_t)p->in_shape[0].dim[0] * (sizeof(candidate) + sizeof(int64_t));
}

#define BOXED (TARN_BIT(TARN_F16) | TARN_BIT(TARN_F32))

const tarn_kernel tarn_kernels_image_suppression_reference[] = {
  {.op = "NonMaxSuppression", .run = suppress, .dtypes = BOXED, .scratch_bytes = scratch_bytes},
  {.op = "NonMaxSuppressionV2", .run = suppress, .dtypes = BOXED, .scratch_bytes = scratch_bytes},
  {.op = "NonMaxSuppressionV3", .run = suppress, .dtypes = BOXED, .scratch_bytes = scratch_bytes},
  {.op = "NonMaxSuppressionV4", .run = suppress, .dtypes = BOXED, .scratch_bytes = scratch_bytes},
  {.op = "NonMaxSuppressionV5", .run = suppress, .dtypes = BOXED, .scratch_bytes = scratch_bytes},
  {0},
};
