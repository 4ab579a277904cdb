/* Conv2D by OpenBLAS: windows are copied into rows of a matrix, a block at a time, and multiplied
 * with the filter.
 *
 *   for a block of output positions (256 KiB of rows)       a chunk; a 1x1 stride-1 convolution
 * needs no copy rows[m, kh kw c] = x under the window of m, zeros outside y[block, OC] = rows w
 *
 * f32 and f64, NHWC, any stride, dilation and padding, groups. Blocks do not depend on the number
 * of threads. */
#include "kernels/cpu/gemm/blas.h"
#include "kernels/cpu/gemm/blas_finish.h"
#include "kernels/kernel.h"
#include "kernels/params/conv2d.h"

#include <string.h>

enum { BLOCK_BYTES = 256 << 10 };

typedef struct plan {
  tarn_conv2d g;
  int64_t M, K, oc, block;
  bool plain;
  size_t each, row_bytes;        /* bytes of an element; of one block's rows */
} plan;

static plan plan_of(const tarn_problem *p) {
  plan t = {.g = tarn__conv2d_geometry(p, false), .each = tarn_dtype_bytes(p->in_dtype[0])};
  const tarn_conv2d *g = &t.g;
  t.M = g->N * g->OH * g->OW;
  t.K = g->KH * g->KW * g->KC;
  t.oc = g->OC / g->groups;
  t.plain = g->KH * g->KW == 1 && g->stride_h * g->stride_w == 1 && g->pad_top == 0 &&
            g->pad_left == 0 && g->OH == g->H && g->OW == g->W;
  t.block = (int64_t)(BLOCK_BYTES / ((size_t)t.K * t.each));
  if (t.block < 32) t.block = 32;
  if (t.plain) t.block *= 4;     /* nothing is copied, and OpenBLAS packs w anew for every block */
  if (t.block > t.M && t.M > 0) t.block = t.M;
  t.row_bytes = t.plain ? 0 : ((size_t)(t.block * t.K) * t.each + 63) / 64 * 64;
  return t;
}

static const char *supports(const tarn_problem *p) {
  tarn_conv2d g = tarn__conv2d_geometry(p, false);
  int64_t K;
  if (g.channels_first) return "the layout is NCHW";
  if (tarn__mul_overflow(g.KH * g.KW, g.KC, &K) || !tarn__blas_fits(g.N * g.OH * g.OW, g.OC, K) ||
      !tarn__blas_fits(g.C, 1, 1))
    return "a dimension does not fit an int";
  return NULL;
}

static double cost_us(const tarn_problem *p, const tarn_machine *m) {
  plan t = plan_of(p);
  double scale = (double)t.each / 4, M = (double)t.M, K = (double)t.K, OC = (double)t.g.OC;
  double flops = 2 * scale * M * OC * K / (1e3 * m->gflops[TARN_TARGET_OPENBLAS] * 0.6);
  double bytes = scale * 4 *
                 ((t.plain ? 1 : 3) * M * K * (double)t.g.groups + 2 * K * OC + M * OC) /
                 (1e3 * m->gbytes_per_s);
  double work = flops + bytes;
  return 2 + (work > 50 ? work / m->threads : work);
}

static size_t scratch_bytes(const tarn_problem *p, int threads) {
  return plan_of(p).row_bytes * (size_t)threads;
}

/* Rows [first, first + rows) of group `group`. */
static void gather(const plan *t, const char *x, int64_t group, int64_t first, int64_t rows,
                   char *to) {
  const tarn_conv2d *g = &t->g;
  size_t pixel = (size_t)g->C * t->each, piece = (size_t)g->KC * t->each,
         skip = (size_t)group * piece;
  for (int64_t m = first; m < first + rows; m++) {
    int64_t ow = m % g->OW, oh = m / g->OW % g->OH, n = m / (g->OW * g->OH);
    for (int64_t kh = 0; kh < g->KH; kh++) {
      int64_t ih = oh * g->stride_h - g->pad_top + kh * g->dilation_h;
      for (int64_t kw = 0; kw < g->KW; kw++, to += piece) {
        int64_t iw = ow * g->stride_w - g->pad_left + kw * g->dilation_w;
        if (ih < 0 || ih >= g->H || iw < 0 || iw >= g->W) memset(to, 0, piece);
        else memcpy(to, x + (size_t)((n * g->H + ih) * g->W + iw) * pixel + skip, piece);
      }
    }
  }
}

typedef struct job {
  const plan *t;
  const char *x, *w;
  char *y, *scratch;
  const char *bias, *add;
  tarn_fused_activation activation;
} job;

static tarn_status chunk_run(void *argument, int64_t chunk, int worker) {
  const job *j = argument;
  const plan *t = j->t;
  const tarn_conv2d *g = &t->g;
  int64_t first = chunk * t->block, rows = t->M - first < t->block ? t->M - first : t->block;
  for (int64_t i = 0; i < g->groups; i++) {
    tarn_blas_gemm product = {
        .f64 = t->each == 8,
        .M = rows,
        .N = t->oc,
        .K = t->K,
        .a = j->x + (size_t)(first * g->C + i * g->KC) * t->each,
        .lda = g->C,
        .b = j->w + (size_t)(i * t->oc) * t->each,
        .ldb = g->OC,
        .c = j->y + (size_t)(first * g->OC + i * t->oc) * t->each,
        .ldc = g->OC,
    };
    if (!t->plain) {
      char *copy = j->scratch + (size_t)worker * t->row_bytes;
      gather(t, j->x, i, first, rows, copy);
      product.a = copy;
      product.lda = t->K;
    }
    TARN_TRY(tarn__blas_gemm(&product, NULL));
  }
  size_t at = (size_t)(first * g->OC) * t->each;
  tarn__blas_finish(t->each == 8, j->y + at, g->OC, rows, g->OC, j->bias,
                    j->add ? j->add + at : NULL, j->activation);
  return TARN_OK;
}

static tarn_status run(const tarn_call *call) {
  plan t = plan_of(call->problem);
  if (t.M == 0 || t.g.OC == 0) return TARN_OK;
  tarn_epilogue e = tarn__epilogue_of(call->problem);
  job j = {.t = &t,
           .x = call->in[0]->data,
           .w = call->in[1]->data,
           .y = call->out[0]->data,
           .scratch = call->scratch,
           .bias = e.bias ? call->in[e.bias]->data : NULL,
           .add = e.add ? call->in[e.add]->data : NULL,
           .activation = e.activation};
  return tarn__pool_run(call->pool, (t.M + t.block - 1) / t.block, chunk_run, &j);
}

#define ROW(OP)                                                                        \
  {                                                                                    \
    .op = OP, .dtypes = TARN_BIT(TARN_F32) | TARN_BIT(TARN_F64), .supports = supports, \
    .cost_us = cost_us, .scratch_bytes = scratch_bytes, .run = run                     \
  }
const tarn_kernel tarn_kernels_conv2d_im2col_openblas[] = {ROW("Conv2D"), ROW("_FusedConv2D"), {0}};
