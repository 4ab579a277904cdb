/* Whole sequences of LSTM and GRU cells: the reference against the cells' own ops, every other
 * kernel against the reference over all attributes, the same bits from any number of threads,
 * errors. */
#include "graph/case/case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/thread/cpu.h"
#include "tests/unit/suite.h"

typedef struct result {
  tarn_case made;
  tarn_tensor out[TARN_CASE_MAX_INPUTS];
} result;

static void make(const char *op, const char *text, result *r) {
  memset(r, 0, sizeof *r);
  ck_assert_msg(tarn__case_make(tarn__allocator_default(), tarn__op_find(op), text, TARN_F32, 1,
                                &r->made) == TARN_OK,
                "%s: %s", text, tarn_error());
}

static void clear(result *r) {
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) tarn__tensor_clear(&r->out[i]);
  tarn__case_clear(&r->made);
}

static void run(result *r, tarn_kernel_ref k, tarn_pool *pool) {
  ck_assert_msg(tarn__case_run(&r->made, k, pool, r->out) == TARN_OK, "%s", tarn_error());
}

/* Cells of modest weights: gates round by some units of 6e-8, which a state carries on and the
 * weights (up to 0.3, some 40 of them) add up. */
static void check_close(const result *got, int o, const result *wanted, int w, int64_t from,
                        const char *text) {
  const float *x = got->out[o].data, *y = (const float *)wanted->out[w].data + from;
  const int64_t n = tarn__tensor_elements(&got->out[o]);
  for (int64_t i = 0; i < n; i++)
    ck_assert_msg(fabsf(x[i] - y[i]) <= 5e-6f * fmaxf(1, fabsf(y[i])),
                  "%s: output %d, element %d: %.9g, expected %.9g", text, o, (int)i, (double)x[i],
                  (double)y[i]);
}

static void copy(const result *from, int i, result *to, int k) {
  ck_assert_uint_eq(tarn__tensor_bytes(&from->made.in[i]), tarn__tensor_bytes(&to->made.in[k]));
  memcpy(to->made.in[k].data, from->made.in[i].data, tarn__tensor_bytes(&from->made.in[i]));
}

START_TEST(test_sequence_of_lstm_is_blocklstm) {
  result block, sequence;
  size_t count;
  make("BlockLSTM",
       "seq_len_max=i64(6) x=f32[6x3x4] cs_prev=f32[3x5] h_prev=f32[3x5] w=f32[9x20] wci=f32[5] "
       "wcf=f32[5] wco=f32[5] b=f32[20] use_peephole=true forget_bias=0.5 cell_clip=0.7",
       &block);
  make("_LSTMSequence",
       "x=f32[6x3x4] w=f32[9x20] b=f32[20] h0=f32[3x5] c0=f32[3x5] peephole=f32[5] peephole=f32[5] "
       "peephole=f32[5] forget_bias=0.5 cell_clip=0.7",
       &sequence);
  const int from[] = {1, 4, 8, 3, 2, 5, 6, 7};
  for (int i = 0; i < 8; i++) copy(&block, from[i], &sequence, i);
  run(&block, tarn__kernels_of("BlockLSTM", &count)[0], NULL);
  run(&sequence, tarn__kernels_of("_LSTMSequence", &count)[0], NULL);
  check_close(&sequence, 0, &block, 6, 0, "h");
  check_close(&sequence, 1, &block, 6, 5 * 3 * 5, "last h");
  check_close(&sequence, 2, &block, 1, 5 * 3 * 5, "last c");
  clear(&block);
  clear(&sequence);
}
END_TEST

START_TEST(test_sequence_of_gru_is_grublockcell) {
  result cell, sequence;
  size_t count;
  make("GRUBlockCell",
       "x=f32[3x4] h_prev=f32[3x5] w_ru=f32[9x10] w_c=f32[9x5] b_ru=f32[10] b_c=f32[5]", &cell);
  make("_GRUSequence",
       "x=f32[1x3x4] w=f32[9x10] w=f32[9x5] b=f32[10] b=f32[5] h0=f32[3x5]", &sequence);
  const int from[] = {0, 2, 3, 4, 5, 1};
  for (int i = 0; i < 6; i++) copy(&cell, from[i], &sequence, i);
  run(&cell, tarn__kernels_of("GRUBlockCell", &count)[0], NULL);
  run(&sequence, tarn__kernels_of("_GRUSequence", &count)[0], NULL);
  check_close(&sequence, 0, &cell, 3, 0, "h");
  check_close(&sequence, 1, &cell, 3, 0, "last h");
  clear(&cell);
  clear(&sequence);
}
END_TEST

/* reset_after with one input of 1: r = sr(w_r + b), as worked out by hand. */
START_TEST(test_sequence_of_gru_resets_after_the_product) {
  result r;
  size_t count;
  make("_GRUSequence",
       "x=f32[1x1x1]{1} w=f32[1x3]{0.5,-0.25,0.75} w=f32[1x3]{1,2,3} "
       "b=f32[2x3]{0.1,0.2,0.3,0.4,0.5,0.6} h0=f32[1x1]{0.5} form=KERNELS gates=urc "
       "reset_after=true",
       &r);
  run(&r, tarn__kernels_of("_GRUSequence", &count)[0], NULL);
  const double u = 1 / (1 + exp(-(0.5 + 0.1 + 0.5 + 0.4)));
  const double reset = 1 / (1 + exp(-(-0.25 + 0.2 + 1.0 + 0.5)));
  const double c = tanh(0.75 + 0.3 + reset * (1.5 + 0.6));
  ck_assert(fabs((double)*(const float *)r.out[0].data - (u * 0.5 + (1 - u) * c)) < 1e-6);
  clear(&r);
}
END_TEST

/* Every kernel on one case, with weights packed beforehand and not, against the reference. */
static void check_case(const char *op, const char *text, tarn_pool *pool) {
  result wanted, got;
  size_t count;
  bool stable[TARN_CASE_MAX_INPUTS];
  const tarn_kernel_ref *k = tarn__kernels_of(op, &count);
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) stable[i] = i > 0;
  make(op, text, &wanted);
  run(&wanted, k[0], NULL);
  for (size_t i = 1; i < count; i++) {
    if (k[i].kernel->precision != TARN_PRECISION_F32) continue;
    for (int packed = 0; packed < 2; packed++) {
      make(op, text, &got);
      if (tarn__kernel_refusal(k[i], &got.made.problem)) {
        clear(&got);
        continue;
      }
      got.made.problem.stable = packed ? stable : NULL;
      run(&got, k[i], packed ? pool : NULL);
      for (int o = 0; o < got.made.problem.outputs; o++)
        check_close(&got, o, &wanted, o, 0, text);
      clear(&got);
    }
  }
  clear(&wanted);
}

/* A list of lengths 0..T for B rows, among them 0 and T. */
static void put_lengths(char *text, size_t bytes, int T, int B) {
  size_t used = (size_t)snprintf(text, bytes, " lengths=i64{");
  for (int b = 0; b < B; b++)
    used += (size_t)snprintf(text + used, bytes - used, "%s%d", b ? "," : "",
                             (b * 5 + 2 * T) % (T + 1));
  (void)snprintf(text + used, bytes - used, "}");
}

static const int batches[] = {1, 2, 3, 4, 5, 6, 7, 8, 13, 20, 21, 25};
static const int steps[] = {0, 1, 7};
static const int units[] = {1, 3, 16, 17, 40, 67};
#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

START_TEST(test_sequence_kernels_of_lstm_are_the_reference) {
  static const char *const more[] = {"", " reverse=true", " zero_output=false gates=ifjo",
                                     " activation=relu recurrent_activation=hard_sigmoid",
                                     " cell_clip=0.2 forget_bias=1.0"};
  tarn_pool *pool;
  int n = 0;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), 2, &pool), TARN_OK);
  for (int b = 0; b < COUNT(batches); b++)
    for (int t = 0; t < COUNT(steps); t++)
      for (int u = 0; u < COUNT(units); u++, n++) {
        const int B = batches[b], T = steps[t], H = units[u], I = 1 + n % 19;
        const int P = n % 3 == 0 ? 1 + n % 70 : H;
        char text[2000], part[400];
        const char *range = ":-0.3..0.3 ";
        (void)snprintf(text, sizeof text, "x=f32[%dx%dx%d] h0=f32[%dx%d] c0=f32[%dx%d] ", T, B, I,
                       B, P, B, H);
        if (n % 2)
          (void)snprintf(part, sizeof part, "w=f32[%dx%d]%s", I + P, 4 * H, range);
        else
          (void)snprintf(part, sizeof part, "w=f32[%dx%d]%sw=f32[%dx%d]%s", I, 4 * H, range, P,
                         4 * H, range);
        strcat(text, part);
        (void)snprintf(part, sizeof part, "b=f32[%d]", 4 * H);
        if (n % 5) strcat(text, part);
        (void)snprintf(part, sizeof part, " peephole=f32[%d] peephole=f32[%d] peephole=f32[%d]", H,
                       H, H);
        if (n % 4 == 1) strcat(text, part);
        (void)snprintf(part, sizeof part, " projection=f32[%dx%d]%sproj_clip=%s", H, P, range,
                       n % 2 ? "0.1" : "0");
        if (n % 3 == 0) strcat(text, part);
        put_lengths(part, sizeof part, T, B);
        if (n % 7 < 3) strcat(text, part);
        strcat(text, more[n % COUNT(more)]);
        check_case("_LSTMSequence", text, pool);
      }
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_sequence_kernels_of_gru_are_the_reference) {
  static const char *const more[] = {"", " reverse=true", " zero_output=false",
                                     " activation=linear recurrent_activation=hard_sigmoid"};
  tarn_pool *pool;
  int n = 0;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), 2, &pool), TARN_OK);
  for (int b = 0; b < COUNT(batches); b++)
    for (int t = 0; t < COUNT(steps); t++)
      for (int u = 0; u < COUNT(units); u++, n++) {
        const int B = batches[b], T = steps[t], H = units[u], I = 1 + n % 19;
        char text[2000], part[400];
        const char *range = ":-0.3..0.3 ";
        (void)snprintf(text, sizeof text, "x=f32[%dx%dx%d] h0=f32[%dx%d] ", T, B, I, B, H);
        if (n % 3 == 0)
          (void)snprintf(part, sizeof part, "w=f32[%dx%d]%sw=f32[%dx%d]%sb=f32[%d] b=f32[%d]",
                         I + H, 2 * H, range, I + H, H, range, 2 * H, H);
        else
          (void)snprintf(part, sizeof part, "w=f32[%dx%d]%sw=f32[%dx%d]%sform=KERNELS gates=urc", I,
                         3 * H, range, H, 3 * H, range);
        strcat(text, part);
        if (n % 3 == 1) strcat(text, " reset_after=true");
        (void)snprintf(part, sizeof part, n % 3 == 1 ? " b=f32[2x%d]" : " b=f32[%d]", 3 * H);
        if (n % 3 && n % 5) strcat(text, part);
        put_lengths(part, sizeof part, T, B);
        if (n % 7 < 3) strcat(text, part);
        strcat(text, more[n % COUNT(more)]);
        check_case("_GRUSequence", text, pool);
      }
  tarn__pool_destroy(pool);
}
END_TEST

/* Layers large enough to be shared. */
START_TEST(test_sequence_is_the_same_for_any_number_of_threads) {
  static const char *const cases[][2] = {
      {"_LSTMSequence",
       "x=f32[9x5x30] w=f32[230x800]:-0.1..0.1 h0=f32[5x200] c0=f32[5x200] lengths=i64{9,3,0,7,9}"},
      {"_LSTMSequence",
       "x=f32[5x21x30] w=f32[230x800]:-0.1..0.1 h0=f32[21x200] c0=f32[21x200] reverse=true"},
      {"_LSTMSequence",
       "x=f32[3x27x30] w=f32[120x800]:-0.1..0.1 h0=f32[27x90] c0=f32[27x200] "
       "projection=f32[200x90]"},
      {"_GRUSequence",
       "x=f32[4x10x30] w=f32[230x400]:-0.1..0.1 w=f32[230x200]:-0.1..0.1 h0=f32[10x200]"},
      {"_LSTMSequence",
       "x=f32[5x1x30] w=f32[120x800]:-0.1..0.1 h0=f32[1x90] c0=f32[1x200] projection=f32[200x90]"},
      {"_GRUSequence",
       "x=f32[9x1x30] w=f32[230x400]:-0.1..0.1 w=f32[230x200]:-0.1..0.1 h0=f32[1x200]"},
      {"_GRUSequence",
       "x=f32[9x3x30] w=f32[30x600]:-0.1..0.1 w=f32[200x600]:-0.1..0.1 h0=f32[3x200] form=KERNELS "
       "reset_after=true"}};
  for (int c = 0; c < COUNT(cases); c++) {
    size_t count;
    const tarn_kernel_ref *k = tarn__kernels_of(cases[c][0], &count);
    for (size_t i = 1; i < count; i++) {
      result one;
      make(cases[c][0], cases[c][1], &one);
      one.made.problem.precision = k[i].kernel->precision;
      if (!tarn__kernel_refusal(k[i], &one.made.problem)) run(&one, k[i], NULL);
      for (int threads = 2; threads <= 4 && one.out[0].data; threads++) {
        tarn_pool *pool;
        result more;
        ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), threads, &pool), TARN_OK);
        make(cases[c][0], cases[c][1], &more);
        more.made.problem.precision = k[i].kernel->precision;
        run(&more, k[i], pool);
        for (int o = 0; o < one.made.problem.outputs; o++)
          ck_assert_mem_eq(one.out[o].data, more.out[o].data, tarn__tensor_bytes(&one.out[o]));
        clear(&more);
        tarn__pool_destroy(pool);
      }
      clear(&one);
    }
  }
}
END_TEST

/* Layers of whole nets' sizes, weights within 1 / sqrt(units). */
#define LSTM_OF(T, B, H, W)                                                             \
  "x=f32[" #T "x" #B "x" #H "]:-1..1 w=f32[" #H "x" W "]:-0.07..0.07 w=f32[" #H "x" W   \
  "]:-0.07..0.07 h0=f32[" #B "x" #H "]:-1..1 c0=f32[" #B "x" #H "]:-1..1"
static const struct narrow_case {
  const char *op, *text;
} narrow_cases[] = {
    {"_LSTMSequence", LSTM_OF(35, 1, 200, "800") " b=f32[800]:-0.1..0.1"},
    {"_LSTMSequence", LSTM_OF(35, 5, 200, "800")},
    {"_LSTMSequence", LSTM_OF(12, 26, 67, "268") " reverse=true"},
    {"_LSTMSequence", LSTM_OF(1, 2, 67, "268")},
    {"_LSTMSequence",
     "x=f32[35x2x40]:-1..1 w=f32[103x520]:-0.1..0.1 h0=f32[2x63]:-1..1 c0=f32[2x130]:-1..1 "
     "projection=f32[130x63]:-0.1..0.1"},
    {"_GRUSequence",
     "x=f32[35x1x128]:-1..1 w=f32[128x768]:-0.06..0.06 w=f32[256x768]:-0.06..0.06 "
     "h0=f32[1x256]:-1..1 form=KERNELS reset_after=true"},
    {"_GRUSequence",
     "x=f32[35x3x40]:-1..1 w=f32[139x198]:-0.1..0.1 w=f32[139x99]:-0.1..0.1 h0=f32[3x99]:-1..1"},
};

/* The largest error of an output of magnitude 1. */
static double farthest(const result *got, const result *wanted) {
  double most = 0;
  for (int o = 0; o < got->made.problem.outputs; o++) {
    const float *x = got->out[o].data, *y = wanted->out[o].data;
    for (int64_t i = 0; i < tarn__tensor_elements(&got->out[o]); i++)
      most = fmax(most, fabs((double)x[i] - (double)y[i]) / fmax(1, fabs((double)y[i])));
  }
  return most;
}

/* Weights round by at most a part in 512 of their own size (bf16), or in 254 of the largest of
 * their column, and so do 8-bit states: errors that are as good as random, and are forgotten as
 * states are. What was measured is half of these bounds. */
START_TEST(test_sequence_with_narrow_weights_is_near) {
  static const double most[TARN_PRECISIONS] = {
      [TARN_PRECISION_BF16] = 1.5e-3, [TARN_PRECISION_INT8] = 5e-3};
  bool stable[TARN_CASE_MAX_INPUTS];
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) stable[i] = i > 0;
  for (int c = 0; c < COUNT(narrow_cases); c++) {
    const char *op = narrow_cases[c].op, *text = narrow_cases[c].text;
    size_t count;
    const tarn_kernel_ref *k = tarn__kernels_of(op, &count);
    result wanted, got;
    make(op, text, &wanted);
    run(&wanted, k[0], NULL);
    for (size_t i = 1; i < count; i++) {
      const tarn_precision precision = k[i].kernel->precision;
      make(op, text, &got);
      got.made.problem.precision = precision;
      got.made.problem.stable = stable;
      char name[160];
      tarn__kernel_full_name(k[i], name, sizeof name);
      if (precision != TARN_PRECISION_F32 && !tarn__kernel_refusal(k[i], &got.made.problem)) {
        run(&got, k[i], NULL);
        const double error = farthest(&got, &wanted);
        ck_assert_msg(error <= most[precision], "%s: off by %g: %s", name, error, text);
        ck_assert_msg(error > 1e-6, "%s: rounds nothing: %s", name, text);
      }
      clear(&got);
    }
    clear(&wanted);
  }
}
END_TEST

/* An infinite weight beside a finite one, and NaN: as in f32. */
START_TEST(test_sequence_keeps_weights_that_are_not_finite) {
  for (int odd = 0; odd < 2; odd++)
    for (int nan = 0; nan < 2; nan++) {
      size_t count;
      const tarn_kernel_ref *k = tarn__kernels_of("_LSTMSequence", &count);
      for (size_t i = 0; i < count; i++) {
        result r;
        make("_LSTMSequence",
             "x=f32[2x1x3]:0..0 w=f32[3x12]:0..0 w=f32[3x12]:0.3..0.4 h0=f32[1x3]{0.5,0.25,1} "
             "c0=f32[1x3]:1..2",
             &r);
        float *w = r.made.in[2].data;
        w[odd * 12 + 9] = nan ? NAN : -INFINITY;   /* unit 0's output gate */
        r.made.problem.precision = k[i].kernel->precision;
        if (!tarn__kernel_refusal(k[i], &r.made.problem) &&
            r.made.problem.precision != TARN_PRECISION_INT8) {
          run(&r, k[i], NULL);
          const float *h = r.out[0].data;
          ck_assert_msg(nan ? isnan(h[0]) : h[0] == 0, "%g", (double)h[0]);
          ck_assert(h[1] > 0.1f && h[1] < 1);
        }
        clear(&r);
      }
    }
}
END_TEST

/* One row waits for its weights: the narrowest that are allowed are taken. */
START_TEST(test_sequence_takes_narrow_weights_for_one_row) {
  bool stable[TARN_CASE_MAX_INPUTS];
  for (int i = 0; i < TARN_CASE_MAX_INPUTS; i++) stable[i] = i > 0;
  if (!tarn__cpu()->avx512_vnni && !tarn__cpu()->avx_vnni) return;
  for (int p = 0; p < TARN_PRECISIONS; p++)
    for (int c = 0; c < COUNT(narrow_cases); c += 5) {
      tarn_machine machine;
      tarn_kernel_ref chosen;
      result r;
      tarn__machine_guess(1, &machine);
      make(narrow_cases[c].op, narrow_cases[c].text, &r);
      r.made.problem.stable = stable;
      r.made.problem.precision = (tarn_precision)p;
      ck_assert_int_eq(tarn__kernel_select(&r.made.problem, &machine, TARN_TARGETS, &chosen),
                       TARN_OK);
      /* the CPU has no tf32 */
      ck_assert_int_eq(chosen.kernel->precision, p == TARN_PRECISION_TF32 ? TARN_PRECISION_F32 : p);
      clear(&r);
    }
}
END_TEST

static void check_refused(const char *op, const char *text, const char *why) {
  tarn_case made;
  const tarn_status status =
      tarn__case_make(tarn__allocator_default(), tarn__op_find(op), text, TARN_F32, 1, &made);
  if (status == TARN_OK) tarn__case_clear(&made);
  ck_assert_msg(status != TARN_OK, "taken: %s", text);
  ck_assert_msg(strstr(tarn_error(), why) != NULL, "%s: %s", text, tarn_error());
}

START_TEST(test_sequence_refuses_what_does_not_fit) {
#define LSTM "x=f32[2x1x3] h0=f32[1x5] c0=f32[1x5] "
  check_refused("_LSTMSequence", LSTM "w=f32[7x20] b=f32[20]", "expected [8,20], got [7,20]");
  check_refused("_LSTMSequence", LSTM "w=f32[8x20] b=f32[19]", "expected [20], got [19]");
  check_refused("_LSTMSequence", LSTM "w=f32[8x20] lengths=i64{1,2}", "expected [1], got [2]");
  check_refused("_LSTMSequence", LSTM "w=f32[8x20] gates=iifo", "letters 'ijfo'");
  check_refused("_LSTMSequence", LSTM "w=f32[8x20] gates=ijf", "letters 'ijfo'");
  check_refused("_LSTMSequence", LSTM "w=f32[8x20] peephole=f32[5]", "num_peephole is 1");
  check_refused("_LSTMSequence", LSTM "w=f32[8x20] activation=swish", "activation");
  check_refused("_LSTMSequence", "x=f32[2x1x3] h0=f32[1x4] c0=f32[1x5] w=f32[7x20]",
                "there is no projection");
  check_refused("_GRUSequence", "x=f32[2x1x3] h0=f32[1x5] w=f32[8x15]", "two matrices");
  check_refused("_GRUSequence", "x=f32[2x1x3] h0=f32[1x5] w=f32[8x10] w=f32[8x5] reset_after=true",
                "CANDIDATE_APART");
  check_refused("_GRUSequence",
                "x=f32[2x1x3] h0=f32[1x5] w=f32[3x15] w=f32[5x15] b=f32[15] form=KERNELS "
                "reset_after=true",
                "expected [2,15], got [15]");
}
END_TEST

START_TEST(test_sequence_refuses_lengths_that_reverse_beyond_the_ends) {
  static const char *const ops[] = {"_LSTMSequence", "_GRUSequence"};
  static const char *const layers[] = {"w=f32[8x20] c0=f32[2x5]", "w=f32[8x10] w=f32[8x5]"};
  for (int op = 0; op < 2; op++) {
    size_t count;
    const tarn_kernel_ref *k = tarn__kernels_of(ops[op], &count);
    for (size_t i = 0; i < count; i++)
      for (int length = -1; length <= 3; length++) {
        char text[200];
        result r;
        (void)snprintf(text, sizeof text,
                       "x=f32[2x2x3] h0=f32[2x5] %s lengths=i32{1,%d} reverse=true", layers[op],
                       length);
        make(ops[op], text, &r);
        r.made.problem.precision = k[i].kernel->precision;
        if (!tarn__kernel_refusal(k[i], &r.made.problem)) {
          const bool fits = length >= 0 && length <= 2;
          ck_assert_int_eq(tarn__case_run(&r.made, k[i], NULL, r.out),
                           fits ? TARN_OK : TARN_INVALID);
          if (!fits) ck_assert_ptr_nonnull(strstr(tarn_error(), "expected 0 to 2 steps"));
        }
        clear(&r);
      }
  }
}
END_TEST

SUITE_MAIN("sequence", test_sequence_of_lstm_is_blocklstm, test_sequence_of_gru_is_grublockcell,
           test_sequence_of_gru_resets_after_the_product,
           test_sequence_kernels_of_lstm_are_the_reference,
           test_sequence_kernels_of_gru_are_the_reference,
           test_sequence_is_the_same_for_any_number_of_threads,
           test_sequence_with_narrow_weights_is_near,
           test_sequence_keeps_weights_that_are_not_finite,
           test_sequence_takes_narrow_weights_for_one_row,
           test_sequence_refuses_what_does_not_fit,
           test_sequence_refuses_lengths_that_reverse_beyond_the_ends)
