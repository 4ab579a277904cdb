#include "hostile.h"

#include "graph/case/case_input.h"
#include "graph/signature/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static bool only_tame;

void hostile_seed(uint64_t seed) {
  state = seed * 0x5851f42d4c957f2du + 1;
}
void draw_tame(bool tame) {
  only_tame = tame;
}

uint64_t draw(uint64_t below) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (z ^ z >> 31) % below;
}

void must(tarn_status status) {
  if (status == TARN_OK) return;
  fprintf(stderr, "%s\n", tarn_error());
  exit(1);
}

int64_t draw_int(void) {
  static const int64_t ends[] = {INT64_MIN, INT64_MAX,  INT32_MIN, INT32_MAX,
                                 1 << 30,   -(1 << 30), 65536};
  if (draw(12) == 0 && !only_tame) return ends[draw(sizeof ends / sizeof *ends)];
  return (int64_t)draw(10) - 3;
}

int64_t draw_dim(void) {
  static const int64_t dims[] = {
      0,        1, 1, 2, 3, 3, 4, 5, 7, 8, 16, 1 << 16, 1 << 20, (int64_t)1 << 31, (int64_t)1 << 40,
      INT64_MAX};
  return dims[draw(draw(3) ? 11 : sizeof dims / sizeof *dims)];
}

tarn_shape draw_shape(tarn_dtype dtype, int64_t most) {
  for (int tries = 0; tries < 20; tries++) {
    int64_t dims[TARN_MAX_RANK], elements;
    size_t bytes;
    int rank = (int)draw(draw(8) ? 5 : 7);
    if (draw(40) == 0) rank = TARN_MAX_RANK;
    for (int i = 0; i < rank; i++) dims[i] = draw_dim();
    tarn_shape shape;
    if (tarn__shape_make(rank, dims, &shape) == TARN_OK &&
        tarn__shape_bytes(&shape, tarn_dtype_bytes(dtype), &elements, &bytes) == TARN_OK &&
        elements <= most)
      return shape;
  }
  return tarn__shape_scalar();
}

static tarn_dtype draw_dtype(tarn_dtypes allowed) {
  for (;;) {
    tarn_dtype dtype = (tarn_dtype)(1 + draw(23));
    if (tarn__dtype_in(dtype, allowed)) return dtype;
  }
}

/* ---- attributes ---------------------------------------------------------------------------- */

static tarn_string draw_string(const tarn_attr_def *def) {
  if (def->allowed_count) return def->allowed[draw(def->allowed_count)];
  static const char *const texts[] = {"", "x", "ij,jk->ik", "10 300 0,4:-", "%s"};
  const char *text = texts[draw(sizeof texts / sizeof *texts)];
  return (tarn_string){text, strlen(text)};
}

static tarn_attr draw_list(tarn_graph *g, const tarn_attr_def *def) {
  size_t count = (size_t)draw(7);
  if (def->has_minimum && count < (size_t)def->minimum) count = (size_t)def->minimum;
  tarn_attr list = {.kind = TARN_ATTR_LIST, .element = def->element, .list = {.count = count}};
  /* The largest element is a shape. */
  tarn_shape *storage = tarn__arena_array(g->arena, count + 1, sizeof *storage);
  if (!storage) exit(1);
  for (size_t i = 0; i < count; i++) switch (def->element) {
      case TARN_ATTR_INT:
        ((int64_t *)storage)[i] = draw_int();
        break;
      case TARN_ATTR_FLOAT:
        ((float *)storage)[i] = (float)draw_int();
        break;
      case TARN_ATTR_BOOL:
        ((bool *)storage)[i] = draw(2);
        break;
      case TARN_ATTR_STRING:
        ((tarn_string *)storage)[i] = draw_string(def);
        break;
      case TARN_ATTR_TYPE:
        ((tarn_dtype *)storage)[i] = draw_dtype(def->types);
        break;
      case TARN_ATTR_SHAPE:
        storage[i] = draw_shape(TARN_F32, INT64_MAX);
        break;
      case TARN_ATTR_FUNC:
        ((tarn_func *)storage)[i] = (tarn_func){"f", NULL};
        break;
      case TARN_ATTR_NONE:
      case TARN_ATTR_TENSOR:
      case TARN_ATTR_LIST:
        break;
    }
  list.list.shape = storage;
  return list;
}

static tarn_attr draw_attr(tarn_graph *g, const tarn_attr_def *def) {
  tarn_attr a = {.kind = def->kind};
  static const tarn_attrs none;
  switch (def->kind) {
    case TARN_ATTR_INT:
      a.i = draw_int();
      if (def->has_minimum && a.i < def->minimum) a.i = def->minimum;
      break;
    case TARN_ATTR_FLOAT:
      a.f = (float)draw_int() / 2;
      break;
    case TARN_ATTR_BOOL:
      a.b = draw(2);
      break;
    case TARN_ATTR_STRING:
      a.s = draw_string(def);
      break;
    case TARN_ATTR_TYPE:
      a.type.dtype = draw_dtype(def->types);
      break;
    case TARN_ATTR_SHAPE: {
      tarn_shape *shape = tarn__arena_alloc(g->arena, sizeof *shape);
      if (!shape) exit(1);
      *shape = draw_shape(TARN_F32, INT64_MAX);
      if (draw(4) == 0) shape->rank = -1;
      for (int i = 0; i < shape->rank; i++)
        if (draw(4) == 0) shape->dim[i] = -1;
      a.shape = shape;
      break;
    }
    case TARN_ATTR_TENSOR: {
      tarn_tensor t;
      tarn_shape shape = tarn__shape_vector((int64_t)draw(4));
      must(tarn__tensor_new(g->allocator, TARN_F32, &shape, &t));
      must(tarn__graph_keep_tensor(g, &t, &a.tensor));
      break;
    }
    case TARN_ATTR_FUNC:
      a.func = (tarn_func){"f", &none};
      break;
    case TARN_ATTR_LIST:
      return draw_list(g, def);
    case TARN_ATTR_NONE:
      break;
  }
  return a;
}

/* Defaults half of the time; numbers of tensors small, or building the inputs takes for ever. */
static void draw_attrs(tarn_graph *g, tarn_node *n, const tarn_signature *s) {
  for (size_t i = 0; i < s->attrs; i++) {
    const tarn_attr_def *def = &s->attr[i];
    if (def->has_default && draw(2)) continue;
    tarn_attr a = draw_attr(g, def);
    bool is_number = false;
    for (size_t k = 0; k < s->inputs; k++)
      is_number =
          is_number || (s->input[k].number_attr && strcmp(s->input[k].number_attr, def->name) == 0);
    if (is_number) a.i = (int64_t)draw(3) + (def->has_minimum ? def->minimum : 0);
    must(tarn__attr_set(g->arena, &n->attrs, def->name, &a));
  }
}

/* ---- one node ------------------------------------------------------------------------------ */

/* A producer of the dtype the argument wants: a placeholder, or a variable where a reference is
 * wanted. */
static void add_producer(tarn_graph *g, tarn_node *n, tarn_dtype dtype, bool is_ref, int i) {
  char name[24];
  tarn_node *p;
  snprintf(name, sizeof name, "in%d", i);
  bool variable = is_ref && tarn__op_find("VariableV2");
  must(tarn__graph_add(g, name, variable ? "VariableV2" : "Placeholder", "", &p));
  tarn_attr type = {.kind = TARN_ATTR_TYPE, .type = {dtype, false}};
  static const tarn_shape unknown = {.rank = -1};
  tarn_attr shape = {.kind = TARN_ATTR_SHAPE, .shape = &unknown};
  must(tarn__attr_set(g->arena, &p->attrs, "dtype", &type));
  must(tarn__attr_set(g->arena, &p->attrs, "shape", &shape));
  must(tarn__node_add_input(g, n, name));
}

static void draw_string_element(tarn_tensor *t, int64_t i) {
  static const char *const texts[] = {
      "", "a", "7", "-1e400", "x,y;\"z", "\xff\xfe", "{\"a\": [1]}", "(a*)*b\\1", "%d {} %s"};
  const char *text = texts[draw(sizeof texts / sizeof *texts)];
  must(tarn__string_set(t, i, text, strlen(text)));
}

void draw_tensor(tarn_tensor *t, const tarn_allocator *a, tarn_dtype dtype,
                 const tarn_shape *shape) {
  const int64_t elements = tarn__shape_elements(shape);
  must(tarn__tensor_new(a, dtype, shape, t));
  for (int64_t i = 0; i < elements; i++) {
    if (dtype == TARN_I64)
      ((int64_t *)t->data)[i] = draw_int();
    else if (dtype == TARN_STRING)
      draw_string_element(t, i);
    else if (tarn__dtype_in(dtype, TARN_PLAIN))
      tarn__element_put(t, i, (double)draw_int(), (double)draw_int());
  }
}

tarn_graph *draw_node(const tarn_allocator *a, const tarn_op *op, tarn_node **node) {
  const tarn_signature *s;
  tarn_graph *g;
  tarn_node *n;
  must(tarn__signature_of(op, &s));
  must(tarn__graph_create(a, &g));
  must(tarn__graph_add(g, "node", op->name, "", &n));
  draw_attrs(g, n, s);
  int inputs = 0;
  for (size_t i = 0; i < s->inputs; i++) {
    tarn_attrs complete =
        n->attrs; /* number and list attributes are never defaulted by ops with such inputs */
    int64_t count = tarn__arg_count(&s->input[i], &complete);
    for (int64_t k = 0; k < count && inputs < 60; k++) {
      tarn_dtype dtype = tarn__arg_dtype(&s->input[i], &complete, k);
      if (dtype == TARN_NO_DTYPE && s->input[i].type_attr)
        dtype = tarn__signature_attr(s, s->input[i].type_attr)->initial.type.dtype;
      add_producer(g, n, dtype, s->input[i].is_ref, inputs++);
    }
  }
  must(tarn__graph_finish(g));
  *node = n;
  return g;
}
