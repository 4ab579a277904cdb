/* Compiled files: the same answers bit for bit, forms that are used where they fit and not where
 * they do not, pruning, and files that were cut or changed. */
#include "core/crc32c.h"
#include "loader/compiled/format.h"
#include "loader/compiled/reader.h"
#include "loader/model/model.h"
#include "tests/unit/loader/files.h"

enum { C = 16, HW = 8, X = HW * HW * C, OUT = 32 };

static tarn_model *model;
static tarn_session *session;

static void close_model(void) {
  tarn_session_destroy(session);
  tarn_model_destroy(model);
  session = NULL;
  model = NULL;
}
static void teardown(void) {
  close_model();
  files_end();
}

static void floats(tarn_bytes *b, const char *name, const char *dims, int n, float from) {
  ck_assert_ok(tarn__bytes_printf(b,
                                  "node { name: '%s' op: 'Const' attr { key: 'dtype' value { type: "
                                  "DT_FLOAT } } attr { key: 'value' "
                                  "value { tensor { dtype: DT_FLOAT tensor_shape { %s } ",
                                  name, dims));
  for (int i = 0; i < n; i++)
    ck_assert_ok(tarn__bytes_printf(b, "float_val: %g ", (double)(from + (float)(i % 11) / 16)));
  ck_assert_ok(tarn__bytes_printf(b, "} } } }\n"));
}

#define T "attr { key: 'T' value { type: DT_FLOAT } }"
#define DTYPE "attr { key: 'dtype' value { type: DT_FLOAT } }"

/* Convolution of a variable with a batch norm, then a product with a constant, and nodes that
 * nobody needs. */
static void write_model(void) {
  tarn_bytes b;
  tarn__bytes_init(&b, plain());
  ck_assert_ok(
      tarn__bytes_printf(
          &b, "%s",
          "node { name: 'x' op: 'Placeholder' " DTYPE
          " attr { key: 'shape' value { shape { dim { size: -1 } dim { size: 8 } dim { size: 8 } "
          "dim { size: 16 } } } } }\n"
          "node { name: 'w' op: 'VariableV2' " DTYPE
          " attr { key: 'shape' value { shape { dim { size: 3 } dim { size: 3 } dim { size: 16 } "
          "dim { size: 16 } } } } }\n"
          "node { name: 'w/read' op: 'Identity' input: 'w' " T
          " attr { key: '_class' value { list { s: 'loc:@gone' } } } }\n"
          "node { name: 'gone' op: 'NoOp' }\n"
          "node { name: 'count' op: 'VariableV2' " DTYPE
          " attr { key: 'shape' value { shape { } } } }\n"
          "node { name: 'conv' op: 'Conv2D' input: ['x', 'w/read'] " T
          " attr { key: 'strides' value { list { i: [1, 1, 1, 1] } } } attr { "
          "key: 'padding' value { s: 'SAME' } } }\n"
          "node { name: 'scaled' op: 'Mul' input: ['conv', 'scale'] " T "}\n"
          "node { name: 'relu' op: 'Relu' input: 'scaled' " T "}\n"
          "node { name: 'flat' op: 'Reshape' input: ['relu', 'shape'] " T
          " attr { key: 'Tshape' value { type: DT_INT32 } } }\n"
          "node { name: 'shape' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 } } attr { "
          "key: 'value' value { tensor { dtype: DT_INT32 "
          "tensor_shape { dim { size: 2 } } int_val: [-1, 1024] } } } }\n"
          "node { name: 'y' op: 'MatMul' input: ['flat', 'm'] " T "}\n"
          "node { name: 'big' op: 'Exp' input: 'unused' " T "}\n"
          "node { name: 'set' op: 'Assign' input: ['w', 'other'] " T "}\n"));
  floats(&b, "scale", "dim { size: 16 }", C, 0.5f);
  floats(&b, "m", "dim { size: 1024 } dim { size: 32 }", X * OUT, -0.25f);
  floats(&b, "unused", "dim { size: 1000 }", 1000, 0);
  floats(&b, "other", "dim { size: 3 } dim { size: 3 } dim { size: 16 } dim { size: 16 }",
         9 * C * C, 0.1f);
  file_put("m.pbtxt", b.data, b.size);
  tarn__bytes_clear(&b);
  tarn_tensor *w, *count;
  ck_assert_ok(tarn_tensor_create(TARN_F32, 4, (int64_t[]){3, 3, C, C}, &w));
  ck_assert_ok(tarn_tensor_create(TARN_F32, 0, NULL, &count));
  for (int i = 0; i < 9 * C * C; i++) ((float *)tarn_tensor_data(w))[i] = (float)(i % 13 - 6) / 8;
  ck_assert_ok(tarn_checkpoint_write(file("c"), 2, (const char *[]){"w", "count"},
                                     (tarn_tensor *[]){w, count}));
  tarn_tensor_release(w);
  tarn_tensor_release(count);
}

static tarn_status load(const char *name, bool restore) {
  TARN_TRY(tarn_model_load(file(name), NULL, &model));
  TARN_TRY(tarn_session_create(model, &(tarn_session_options){.threads = 1}, &session));
  return restore ? tarn_session_restore(session, NULL) : TARN_OK;
}

static tarn_tensor *input(int64_t n) {
  tarn_tensor *x;
  ck_assert_ok(tarn_tensor_create(TARN_F32, 4, (int64_t[]){n, HW, HW, C}, &x));
  for (int64_t i = 0; i < n * X; i++) ((float *)tarn_tensor_data(x))[i] = (float)(i % 17 - 8) / 4;
  return x;
}

static tarn_status run(int64_t n, tarn_tensor **y) {
  const char *fetch = "y";
  tarn_tensor *x = input(n);
  const tarn_status status =
      tarn_session_run(session, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0, y);
  tarn_tensor_release(x);
  return status;
}

static void compile(const char *to) {
  const char *fetch = "y";
  tarn_tensor *x = input(1);
  ck_assert_ok(
      tarn_session_compile(session, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0, file(to)));
  tarn_tensor_release(x);
}

/* The answers of the model as it is, and the compiled file m.tarn. */
static tarn_tensor *make(void) {
  tarn_tensor *y;
  write_model();
  ck_assert_ok(load("m.pbtxt", false));
  ck_assert_ok(tarn_session_restore(session, file("c")));
  ck_assert_ok(run(1, &y));
  compile("m.tarn");
  close_model();
  return y;
}

/* How many packed forms of the model's store lie in the file, and how many were made. */
static void count_forms(int *mapped, int *made) {
  *mapped = *made = 0;
  for (const tarn_packed *p = model->packed->first; p; p = p->next) ++*(p->mapped ? mapped : made);
}

START_TEST(test_compiled_gives_the_same_answers) {
  tarn_tensor *y = make(), *again, *two, *two_again;
  int mapped, made;
  ck_assert_ok(load("m.tarn", true));
  ck_assert_str_eq(model->format, "compiled");
  ck_assert_ok(run(1, &again));
  ck_assert(same(y, again));
  count_forms(&mapped, &made);
  ck_assert_int_eq(made, 0);
  if (!strcmp(tarn__kernels_fingerprint, ""))
    ck_assert_int_ge(mapped, 0);
  else
    ck_assert_int_ge(mapped, 1);
  ck_assert_ok(run(2, &two)); /* other shapes work as well */
  close_model();
  ck_assert_ok(load("m.pbtxt", false));
  ck_assert_ok(tarn_session_restore(session, file("c")));
  ck_assert_ok(run(2, &two_again));
  ck_assert(same(two, two_again));
  tarn_tensor *all[] = {y, again, two, two_again};
  for (int i = 0; i < 4; i++) tarn_tensor_release(all[i]);
}
END_TEST

START_TEST(test_compiled_has_what_is_needed) {
  tarn_tensor_release(make());
  ck_assert_ok(load("m.tarn", true));
  const tarn_graph *g = model->meta.graph;
  static const char *const there[] = {"x", "w", "w/read", "conv", "scale", "m", "y", "shape"},
                           *const gone[] = {"big", "unused", "set", "other", "count", "gone"};
  for (size_t i = 0; i < sizeof there / sizeof *there; i++)
    ck_assert_ptr_nonnull(tarn__graph_node(g, there[i]));
  for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
    ck_assert_ptr_null(tarn__graph_node(g, gone[i]));
  const tarn_signature *s = tarn__metagraph_signature(&model->meta, "serving_default");
  ck_assert_ptr_nonnull(s);
  ck_assert_str_eq(s->outputs[0].name, "y");
  const tarn_compiled_facts facts = tarn__compiled_facts(model->compiled);
  ck_assert_uint_eq(facts.weights, 2); /* w and m */
  ck_assert(facts.usable);
}
END_TEST

/* A file of a compiled file is the same model again. */
START_TEST(test_compiled_can_be_compiled_again) {
  tarn_tensor *y = make(), *again;
  ck_assert_ok(load("m.tarn", true));
  compile("n.tarn");
  close_model();
  ck_assert_ok(load("n.tarn", true));
  ck_assert_ok(run(1, &again));
  ck_assert(same(y, again));
  size_t a, b;
  free(file_get("m.tarn", &a));
  free(file_get("n.tarn", &b));
  ck_assert_uint_eq(a, b);
  tarn_tensor_release(y);
  tarn_tensor_release(again);
}
END_TEST

/* Forms are for the weights that they were packed from. */
static bool near(const tarn_tensor *a, const tarn_tensor *b) {
  for (int64_t i = 0; i < tarn_tensor_elements(a); i++) {
    const float x = ((const float *)tarn_tensor_data_const(a))[i],
                y = ((const float *)tarn_tensor_data_const(b))[i];
    if (!(x - y < 1e-2f && y - x < 1e-2f)) return false;
  }
  return true;
}

START_TEST(test_compiled_follows_variables) {
  write_model();
  tarn_tensor *before, *after, *x, *y;
  const char *set = "set", *fetches[] = {"y"};
  ck_assert_ok(load("m.pbtxt", false));
  ck_assert_ok(tarn_session_restore(session, file("c")));
  ck_assert_ok(tarn_session_run(session, NULL, 0, NULL, 0, &set, 1, NULL));
  ck_assert_ok(run(1, &after));
  ck_assert_ok(tarn_session_restore(session, file("c")));
  ck_assert_ok(run(1, &before));
  x = input(1);
  ck_assert_ok(tarn__session_compile(
      session,
      (tarn_run_request[]){
          {.feeds = &(tarn_feed){"x", x}, .n_feeds = 1, .fetches = fetches, .n_fetches = 1},
          {.targets = &set, .n_targets = 1}},
      2, file("m.tarn")));
  tarn_tensor_release(x);
  close_model();
  ck_assert_ok(load("m.tarn", true));
  ck_assert_ok(run(1, &y));
  ck_assert(same(y, before));
  tarn_tensor_release(y);
  ck_assert_ok(tarn_session_run(session, NULL, 0, NULL, 0, &set, 1,
                                NULL)); /* the file itself stays as it is */
  ck_assert_ok(run(1, &y));
  ck_assert(near(y, after)); /* a variable that changes is not folded: other last digits */
  ck_assert(!near(before, after));
  tarn_tensor_release(y);
  ck_assert_ok(tarn_session_restore(session, NULL));
  ck_assert_ok(run(1, &y));
  ck_assert(near(y, before));
  tarn_tensor *all[] = {before, after, y};
  for (int i = 0; i < 3; i++) tarn_tensor_release(all[i]);
}
END_TEST

/* Another library's kernels: nothing of the forms is looked at. */
START_TEST(test_compiled_for_other_kernels_packs_anew) {
  tarn_tensor *y = make(), *again;
  size_t bytes;
  int mapped, made;
  unsigned char *data = file_get("m.tarn", &bytes), *foot = data + bytes - COMPILED_FOOT;
  const uint64_t at = tarn__le64(foot), size = tarn__le64(foot + 8);
  unsigned char *print =
      memmem(data + at, size, tarn__kernels_fingerprint, strlen(tarn__kernels_fingerprint));
  ck_assert_ptr_nonnull(print);
  print[3] ^= 1;
  tarn__put_le32(foot + 24, tarn__crc32c(0, data + at, size));
  tarn__put_le32(foot + 28, tarn__crc32c(0, foot, 28));
  file_put("m.tarn", data, bytes);
  free(data);
  ck_assert_ok(load("m.tarn", true));
  ck_assert(!tarn__compiled_facts(model->compiled).usable);
  ck_assert_ok(run(1, &again));
  ck_assert(same(y, again));
  count_forms(&mapped, &made);
  ck_assert_int_eq(mapped, 0);
  tarn_tensor_release(y);
  tarn_tensor_release(again);
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------
 */

static const tarn_tensor *expected;

/* Loads and runs: whatever passes must be right. */
static tarn_status whole(void) {
  tarn_tensor *y = NULL;
  tarn_status status = load("m.tarn", true);
  if (status == TARN_OK) status = run(1, &y);
  if (status == TARN_OK)
    ck_assert_msg(same(y, expected), "a damaged file gave other answers");
  else
    ck_assert_msg(status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_IO ||
                      status == TARN_NOT_FOUND || status == TARN_LIMIT,
                  "%s: %s", tarn_status_text(status), tarn_error());
  tarn_tensor_release(y);
  close_model();
  return status;
}

START_TEST(test_compiled_survives_every_cut) {
  tarn_tensor *y = make();
  size_t bytes;
  unsigned char *data = file_get("m.tarn", &bytes);
  expected = y;
  ck_assert_ok(whole());
  const size_t near_end = tarn__le64(data + bytes - COMPILED_FOOT);
  for (size_t n = 0; n < bytes; n += n < 64 || n >= near_end ? 1 : 509) {
    file_put("m.tarn", data, n);
    ck_assert_int_ne(whole(), TARN_OK);
  }
  file_put("m.tarn", data, bytes);
  ck_assert_ok(whole());
  free(data);
  tarn_tensor_release(y);
}
END_TEST

START_TEST(test_compiled_survives_flipped_bits) {
  tarn_tensor *y = make();
  size_t bytes;
  unsigned char *data = file_get("m.tarn", &bytes);
  const size_t description = tarn__le64(data + bytes - COMPILED_FOOT);
  expected = y;
  for (size_t i = 0; i < bytes; i += i < 32 || i >= description ? 1 : 211) {
    data[i] ^= (unsigned char)(1 << i % 8);
    file_put("m.tarn", data, bytes);
    const tarn_status status = whole();
    ck_assert_msg(status != TARN_OK || (i >= COMPILED_HEAD && i < description), "byte %zu", i);
    data[i] ^= (unsigned char)(1 << i % 8);
  }
  free(data);
  tarn_tensor_release(y);
}
END_TEST

/* Damage that has a right crc: offsets, sizes, counts and shapes of every kind. */
START_TEST(test_compiled_survives_hostile_descriptions) {
  tarn_tensor *y = make();
  size_t bytes;
  unsigned char *data = file_get("m.tarn", &bytes), *foot = data + bytes - COMPILED_FOOT;
  const size_t at = tarn__le64(foot), size = tarn__le64(foot + 8);
  uint32_t random = 1;
  for (int round = 0; round < 4000; round++) {
    random = random * 1664525u + 1013904223u;
    const size_t where = at + (round < (int)size ? (size_t)round : (random >> 8) % size);
    const unsigned char was = data[where];
    random = random * 1664525u + 1013904223u;
    data[where] = round % 3 == 0   ? 0xff
                  : round % 3 == 1 ? (unsigned char)(was ^ 1 << (random >> 8) % 8)
                                   : (unsigned char)(random >> 16);
    tarn__put_le32(foot + 24, tarn__crc32c(0, data + at, size));
    tarn__put_le32(foot + 28, tarn__crc32c(0, foot, 28));
    file_put("m.tarn", data, bytes);
    tarn_tensor *out = NULL; /* the answers may differ: it is another model */
    if (load("m.tarn", true) == TARN_OK && run(1, &out) == TARN_OK) tarn_tensor_release(out);
    close_model();
    data[where] = was;
  }
  free(data);
  tarn_tensor_release(y);
}
END_TEST

/* A folder that cannot be written, and what is left. */
START_TEST(test_compiled_leaves_nothing_after_a_failure) {
  const char *fetch = "y";
  char path[300];
  tarn_tensor *x = input(1);
  write_model();
  ck_assert_ok(load("m.pbtxt", false));
  ck_assert_ok(tarn_session_restore(session, file("c")));
  snprintf(path, sizeof path, "%s/nowhere/m.tarn", folder());
  ck_assert_int_eq(tarn_session_compile(session, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0, path),
                   TARN_IO);
  fetch = "nothing";
  ck_assert_int_eq(
      tarn_session_compile(session, &(tarn_feed){"x", x}, 1, &fetch, 1, NULL, 0, file("m.tarn")),
      TARN_NOT_FOUND);
  tarn_tensor_release(x);
  close_model();
  ck_assert_int_eq(files_clear(), 3); /* m.pbtxt and the checkpoint's two */
}
END_TEST

int main(void) {
  const TTest *const tests[] = {test_compiled_gives_the_same_answers,
                                test_compiled_has_what_is_needed,
                                test_compiled_can_be_compiled_again,
                                test_compiled_follows_variables,
                                test_compiled_for_other_kernels_packs_anew,
                                test_compiled_leaves_nothing_after_a_failure,
                                NULL};
  const TTest *const damage[] = {test_compiled_survives_every_cut,
                                 test_compiled_survives_flipped_bits,
                                 test_compiled_survives_hostile_descriptions, NULL};
  const int failed = suite_run("compiled", NULL, teardown, tests);
  return suite_run("compiled, damaged", NULL, teardown, damage) || failed;
}
