/* Small graphs written down in C, and sessions on them. Everything asserts: a test says only what
 * it is about.
 *
 *   tarn_graph *g = new_graph();
 *   node(g, "x", "Placeholder", "", "dtype=float; shape=[2,3]");
 *   node(g, "y", "AddV2", "x x ^init", "T=float");
 *   floats(g, "w", 2, (int64_t[]){2, 3}, (float[]){...});
 *
 * Inputs are separated by blanks; attributes are written as in signatures, functions by their
 * name. */
#ifndef TARN_TESTS_UNIT_GRAPH_BUILD_GRAPH_H
#define TARN_TESTS_UNIT_GRAPH_BUILD_GRAPH_H

#include "graph/session.h"
#include "graph/signature/signature.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK(call)                                                                    \
  do {                                                                              \
    const tarn_status ok_ = (call);                                                 \
    ck_assert_msg(ok_ == TARN_OK, "%s: %s", tarn_status_text(ok_), tarn_error());   \
  } while (0)
/* The call fails with `status`, and the message holds `text`. */
#define FAILS(call, status, text)                                                            \
  do {                                                                                       \
    const tarn_status got_ = (call);                                                         \
    ck_assert_msg(got_ == (status), "expected '%s', got '%s': %s", tarn_status_text(status), \
                  tarn_status_text(got_), tarn_error());                                     \
    ck_assert_msg(strstr(tarn_error(), (text)) != NULL, "expected '%s' in: %s", (text),      \
                  tarn_error());                                                             \
  } while (0)

static inline tarn_graph *new_graph(void) {
  tarn_graph *g;
  OK(tarn__graph_create(tarn__allocator_default(), &g));
  return g;
}

/* The next piece up to one of `ends`, without blanks around it; false at the end of the text. */
static inline bool piece(const char **text, const char *ends, char *out, size_t bytes) {
  while (**text == ' ' || (**text && strchr(ends, **text))) (*text)++;
  if (!**text) return false;
  size_t n = strcspn(*text, ends);
  ck_assert_uint_lt(n, bytes);
  memcpy(out, *text, n);
  out[n] = 0;
  *text += n;
  return true;
}

static inline void set_attr(tarn_graph *g, tarn_node *n, const tarn_op *op, char *text) {
  char *equals = strchr(text, '=');
  ck_assert_ptr_nonnull(equals);
  *equals = 0;
  char *name = tarn__arena_strndup(g->arena, text, strlen(text));
  char *value = tarn__arena_strndup(g->arena, equals + 1, strlen(equals + 1));
  const tarn_signature *signature;
  OK(tarn__signature_of(op, &signature));
  const tarn_attr_def *def = tarn__signature_attr(signature, name);
  ck_assert_msg(def != NULL, "%s has no attribute %s", op->name, name);
  tarn_attr a = {.kind = def->kind, .element = def->element};
  static const tarn_attrs none;
  if (def->kind == TARN_ATTR_FUNC) {
    a.func = (tarn_func){value, &none};
  } else if (def->kind == TARN_ATTR_LIST && def->element == TARN_ATTR_FUNC) {   /* "f,g" */
    tarn_func *list = tarn__arena_array(g->arena, 8, sizeof *list);
    char one[64];
    const char *rest = value;
    while (piece(&rest, ",", one, sizeof one))
      list[a.list.count++] = (tarn_func){tarn__arena_strndup(g->arena, one, strlen(one)), &none};
    a.list.func = list;
  } else {
    OK(tarn__attr_read(g->arena, def->kind, def->element, value, &a));
  }
  OK(tarn__attr_set(g->arena, &n->attrs, name, &a));
}

static inline tarn_node *node(tarn_graph *g, const char *name, const char *op, const char *inputs,
                              const char *attrs) {
  tarn_node *n;
  char one[256];
  OK(tarn__graph_add(g, name, op, "", &n));
  while (piece(&inputs, " ", one, sizeof one)) OK(tarn__node_add_input(g, n, one));
  while (piece(&attrs, ";", one, sizeof one)) set_attr(g, n, tarn__op_find(op), one);
  return n;
}

static inline tarn_tensor tensor_value(tarn_dtype dtype, int rank, const int64_t *dims,
                                       const void *elements) {
  tarn_shape shape = {.rank = rank};
  for (int i = 0; i < rank; i++) shape.dim[i] = dims[i];
  tarn_tensor t = {0};
  OK(tarn__tensor_new(tarn__allocator_default(), dtype, &shape, &t));
  if (elements) memcpy(t.data, elements, tarn__tensor_bytes(&t));
  return t;
}

static inline tarn_node *constant(tarn_graph *g, const char *name, const char *inputs,
                                  tarn_dtype dtype, int rank, const int64_t *dims,
                                  const void *elements) {
  tarn_node *n = node(g, name, "Const", inputs, "");
  tarn_tensor t = tensor_value(dtype, rank, dims, elements);
  const tarn_tensor *kept;
  OK(tarn__graph_keep_tensor(g, &t, &kept));
  const tarn_attr value = {.kind = TARN_ATTR_TENSOR, .tensor = kept},
                  type = {.kind = TARN_ATTR_TYPE, .type = {dtype, false}};
  OK(tarn__attr_set(g->arena, &n->attrs, "value", &value));
  OK(tarn__attr_set(g->arena, &n->attrs, "dtype", &type));
  return n;
}
static inline void floats(tarn_graph *g, const char *name, int rank, const int64_t *dims,
                          const float *x) {
  constant(g, name, "", TARN_F32, rank, dims, x);
}
static inline void number(tarn_graph *g, const char *name, float x) {
  floats(g, name, 0, NULL, &x);
}
static inline void integer(tarn_graph *g, const char *name, int32_t x) {
  constant(g, name, "", TARN_I32, 0, NULL, &x);
}

static inline tarn_tensor *tensor(tarn_dtype dtype, int rank, const int64_t *dims,
                                  const void *elements) {
  tarn_tensor *t;
  OK(tarn_tensor_create(dtype, rank, dims, &t));
  if (elements) memcpy(tarn_tensor_data(t), elements, tarn_tensor_bytes(t));
  return t;
}
static inline tarn_tensor *scalar_f(float x) { return tensor(TARN_F32, 0, NULL, &x); }
static inline tarn_tensor *scalar_i(int32_t x) { return tensor(TARN_I32, 0, NULL, &x); }
static inline tarn_tensor *scalar_b(bool x) { return tensor(TARN_BOOL, 0, NULL, &x); }
static inline tarn_tensor *vector_f(int64_t n, const float *x) {
  return tensor(TARN_F32, 1, &n, x);
}

/* Finishes the graph and makes a session of so many threads. */
static inline tarn_session *session_with(tarn_graph *g, const tarn_session_options *options) {
  tarn_session *s;
  OK(tarn__graph_finish(g));
  OK(tarn__session_create(g, NULL, options, NULL, &s));
  return s;
}
static inline tarn_session *session_on(tarn_graph *g) {
  return session_with(g, &(tarn_session_options){.threads = 1});
}

/* One fetch, one feed (name NULL: none). */
static inline tarn_status run_one(tarn_session *s, const char *feed, tarn_tensor *x,
                                  const char *fetch, tarn_tensor **y) {
  const tarn_feed f = {feed, x};
  return tarn_session_run(s, &f, feed ? 1 : 0, &fetch, 1, NULL, 0, y);
}
static inline tarn_status run_target(tarn_session *s, const char *target) {
  return tarn_session_run(s, NULL, 0, NULL, 0, &target, 1, NULL);
}
/* The first element of a fetch, as a double; feeds are released. */
static inline double first(tarn_session *s, const char *feed, tarn_tensor *x, const char *fetch) {
  tarn_tensor *y = NULL;
  OK(run_one(s, feed, x, fetch, &y));
  tarn_tensor_release(x);
  double v = 0;
  const void *data = tarn_tensor_data_const(y);
  switch ((int)tarn_tensor_dtype(y)) {
    case TARN_F32: v = *(const float *)data; break;
    case TARN_I32: v = *(const int32_t *)data; break;
    case TARN_BOOL: v = *(const bool *)data; break;
    default: ck_abort_msg("dtype %s", tarn_dtype_name(tarn_tensor_dtype(y)));
  }
  tarn_tensor_release(y);
  return v;
}

/* ---- pieces of graphs that several tests want ----------------------------------------------- */

/* A variable of a V1 loop, whose condition is "cond": NAME in its rounds, NAME_sw behind the
 * condition (:1 goes on, :0 leaves). It starts as `start`, and `next` is what it becomes. */
static inline void carried(tarn_graph *g, const char *frame, const char *type, const char *name,
                           const char *start, const char *next) {
  char names[3][64], inputs[2][160], attrs[3][96];
  static const char *const ends[] = {"_in", "_sw", "_next"};
  for (int i = 0; i < 3; i++) snprintf(names[i], sizeof names[i], "%s%s", name, ends[i]);
  snprintf(inputs[0], sizeof inputs[0], "%s %s", names[0], names[2]);
  snprintf(inputs[1], sizeof inputs[1], "%s cond", name);
  snprintf(attrs[0], sizeof attrs[0], "T=%s; frame_name=%s", type, frame);
  snprintf(attrs[1], sizeof attrs[1], "T=%s; N=2", type);
  snprintf(attrs[2], sizeof attrs[2], "T=%s", type);
  node(g, names[0], "Enter", start, attrs[0]);
  node(g, name, "Merge", inputs[0], attrs[1]);
  node(g, names[1], "Switch", inputs[1], attrs[2]);
  node(g, names[2], "NextIteration", next, attrs[2]);
}
/* What does not change in the loop: VALUE_in. */
static inline void invariant(tarn_graph *g, const char *frame, const char *type,
                             const char *value) {
  char name[64], attrs[96];
  snprintf(name, sizeof name, "%s_in", value);
  snprintf(attrs, sizeof attrs, "T=%s; frame_name=%s; is_constant=true", type, frame);
  node(g, name, "Enter", value, attrs);
}

/* while i < limit: i += 1, x = x * 2, as TensorFlow 1 writes it. Feeds: "limit" (int32). Results:
 * "i_out", "x_out". */
static inline void add_loop(tarn_graph *g, const char *x) {
  integer(g, "zero", 0);
  integer(g, "one", 1);
  number(g, "two", 2);
  node(g, "x_in", "Enter", x, "T=float; frame_name=loop");
  invariant(g, "loop", "int32", "limit");
  carried(g, "loop", "int32", "i", "zero", "i_add");
  node(g, "x_m", "Merge", "x_in x_next", "T=float; N=2");
  node(g, "less", "Less", "i limit_in", "T=int32");
  node(g, "cond", "LoopCond", "less", "");
  node(g, "x_sw", "Switch", "x_m cond", "T=float");
  invariant(g, "loop", "int32", "one");
  invariant(g, "loop", "float", "two");
  node(g, "i_add", "AddV2", "i_sw:1 one_in", "T=int32");
  node(g, "x_mul", "Mul", "x_sw:1 two_in", "T=float");
  node(g, "x_next", "NextIteration", "x_mul", "T=float");
  node(g, "i_out", "Exit", "i_sw", "T=int32");
  node(g, "x_out", "Exit", "x_sw", "T=float");
}

#endif
