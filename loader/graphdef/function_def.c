/* FunctionDefLibrary: each FunctionDef becomes a body in the graph's library. See import.h.
 *
 * A body's argument of one tensor is a node of its name. An argument that is a list (number_attr,
 * type_list_attr) of n tensors becomes n of them, NAME_0 to NAME_<n-1>, and "NAME" or "NAME:i" in
 * the body is rewritten to those; results that are lists are spread likewise. Types and counts that
 * the signature leaves to attributes are taken from their defaults and the FunctionDef's own
 * attributes; where those say nothing, the argument carries the reason and only a call fails. */
#include <inttypes.h>

#include "loader/graphdef/import.h"

#define LIST_MAX 65536 /* tensors in one argument */

/* OpDef.ArgDef. */
typedef struct arg {
  const char *name, *type_attr, *number_attr, *list_attr;
  int64_t type;
} arg;

/* An argument with its attributes put in. */
typedef struct expanded {
  size_t count;
  bool is_list;
  tarn_dtype one;            /* of each, unless */
  const tarn_dtype *each;    /* they differ */
  const char *problem;
} expanded;

typedef struct signature {
  const char *name;
  arg *in, *out;
  size_t inputs, outputs;
  tarn_attrs attrs;          /* what the function's attributes are bound to */
} signature;

static tarn_status read_arg(tarn_import *im, tarn_wire w, arg *a) {
  *a = (arg){"", "", "", "", 0};
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    switch (f.number) {
      case 0: return TARN_OK;
      case 1: TARN_TRY(tarn__import_text(im, &f, &a->name)); break;
      case 3: TARN_TRY(tarn__wire_int64(&f, &a->type)); break;
      case 4: TARN_TRY(tarn__import_text(im, &f, &a->type_attr)); break;
      case 5: TARN_TRY(tarn__import_text(im, &f, &a->number_attr)); break;
      case 6: TARN_TRY(tarn__import_text(im, &f, &a->list_attr)); break;
    }
  }
}

/* "int", "list(type)" and so on. */
static bool is_attr_type(const char *text) {
  static const char *const types[] = {"string", "int",   "float",  "bool",
                                      "type",   "shape", "tensor", "func"};
  bool list = strncmp(text, "list(", 5) == 0;
  size_t bytes = strlen(text);
  if (list) {
    if (bytes < 6 || text[bytes - 1] != ')') return false;
    text += 5;
    bytes -= 6;
  }
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (strlen(types[i]) == bytes && memcmp(types[i], text, bytes) == 0) return true;
  return false;
}

/* OpDef.AttrDef: checks it, and binds its default. */
static tarn_status read_attr_def(tarn_import *im, tarn_wire w, signature *s, tarn_map *seen) {
  const char *name = "", *type = "";
  tarn_attr value = {.kind = TARN_ATTR_NONE};
  uint64_t offset = w.offset;
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &name));
    if (f.number == 2) TARN_TRY(tarn__import_text(im, &f, &type));
    if (f.number == 3) {
      TARN_TRY(tarn__wire_message(&f, "AttrValue", &inner));
      TARN_TRY(tarn__attr_value_read(im, inner, &value));
    }
  }
  char shown[60];
  if (!is_attr_type(type))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64
                     ": an attribute of kind '%s', expected int, type, list(int) or kin",
                     offset, tarn__printable(type, strlen(type), shown, sizeof shown));
  if (tarn__map_get(seen, name, strlen(name)))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": the attribute '%s' is there twice", offset,
                     tarn__printable(name, strlen(name), shown, sizeof shown));
  TARN_TRY(tarn__map_put(seen, name, strlen(name), im));
  if (value.kind == TARN_ATTR_NONE) return TARN_OK;
  return tarn__attr_set(im->graph->arena, &s->attrs, name, &value);
}

/* The signature of a FunctionDef: an OpDef. Arguments are counted, then read. */
static tarn_status read_op_def(tarn_import *im, tarn_wire message, signature *s, tarn_map *seen) {
  tarn_wire_field f;
  tarn_wire inner;
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, &s->name));
    s->inputs += f.number == 2;
    s->outputs += f.number == 3;
  }
  s->in = tarn__arena_array(im->graph->arena, s->inputs, sizeof *s->in);
  s->out = tarn__arena_array(im->graph->arena, s->outputs, sizeof *s->out);
  if (!s->in || !s->out) return TARN_NO_MEMORY;
  size_t in = 0, out = 0;
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 2 || f.number == 3) {
      TARN_TRY(tarn__wire_message(&f, "OpDef.ArgDef", &inner));
      TARN_TRY(read_arg(im, inner, f.number == 2 ? &s->in[in++] : &s->out[out++]));
    } else if (f.number == 4) {
      TARN_TRY(tarn__wire_message(&f, "OpDef.AttrDef", &inner));
      TARN_TRY(read_attr_def(im, inner, s, seen));
    }
  }
}

static const tarn_attr *bound(const signature *s, const char *name, tarn_attr_kind kind) {
  const tarn_attr *value = *name ? tarn__attr_find(&s->attrs, name) : NULL;
  return value && value->kind == kind ? value : NULL;
}

static tarn_status expand(tarn_import *im, const signature *s, const arg *a, expanded *e) {
  *e = (expanded){.count = 1};
  const char *missing = NULL;
  bool is_ref;
  if (*a->list_attr) {
    const tarn_attr *list = bound(s, a->list_attr, TARN_ATTR_LIST);
    e->is_list = true;
    if (!list || (list->list.count && list->element != TARN_ATTR_TYPE))
      missing = a->list_attr;
    else
      e->count = list->list.count, e->each = list->list.type;
  } else if (a->type != 0) {
    e->one = tarn__dtype_from_number(a->type, &is_ref);
  } else {
    const tarn_attr *type = bound(s, a->type_attr, TARN_ATTR_TYPE);
    if (type)
      e->one = type->type.dtype;
    else
      missing = a->type_attr;
  }
  if (*a->number_attr && !missing) {
    const tarn_attr *number = bound(s, a->number_attr, TARN_ATTR_INT);
    e->is_list = true;
    if (!number || number->i < 0 || number->i > LIST_MAX)
      missing = a->number_attr;
    else
      e->count = (size_t)number->i;
  }
  if (e->count > LIST_MAX)
    return tarn_fail(TARN_LIMIT, "argument '%s' has %zu tensors, expected at most %d", a->name,
                     e->count, LIST_MAX);
  if (!missing) return TARN_OK;
  *e = (expanded){.count = 1};
  e->problem = tarn__arena_printf(
      im->graph->arena,
      "the attribute '%s' of function '%s', which its argument '%s' needs, has no value", missing,
      s->name, a->name);
  return e->problem ? TARN_OK : TARN_NO_MEMORY;
}

static tarn_status add_args(tarn_import *im, const signature *s, tarn_map *lists) {
  for (size_t i = 0; i < s->inputs; i++) {
    const arg *a = &s->in[i];
    expanded *e = tarn__arena_alloc(im->graph->arena, sizeof *e);
    if (!e) return TARN_NO_MEMORY;
    TARN_TRY(expand(im, s, a, e));
    if (e->is_list) TARN_TRY(tarn__map_put(lists, a->name, strlen(a->name), e));
    for (size_t k = 0; k < e->count; k++) {
      const char *name =
          e->is_list ? tarn__arena_printf(im->graph->arena, "%s_%zu", a->name, k) : a->name;
      if (!name) return TARN_NO_MEMORY;
      tarn_node *node;
      TARN_TRY(tarn__graph_add_arg(im->graph, name, e->each ? e->each[k] : e->one, &node));
      if (e->problem) {
        node->problem = e->problem;
        node->problem_status = TARN_UNSUPPORTED;
      }
    }
  }
  return TARN_OK;
}

/* Bodies have a notation of their own: a plain name, or one with a number, is an argument; a node's
 * output is "node:out_arg" or "node:out_arg:k". The arguments are there before any node is. */
static tarn_status check_notation(const tarn_import *im, const char *text) {
  const char *colon = strchr(text, ':');
  size_t bytes = colon ? (size_t)(colon - text) : strlen(text);
  if (!im->lists || *text == '^' || (colon && (colon[1] < '0' || colon[1] > '9'))) return TARN_OK;
  const tarn_node *node = tarn__map_get(&im->graph->by_name, text, bytes);
  if (node && strcmp(node->op_name, "_Arg") == 0) return TARN_OK;
  char shown[100];
  return tarn_fail(TARN_CORRUPT,
                   "'%s' is no argument of the function, expected one, or node:output:number",
                   tarn__printable(text, strlen(text), shown, sizeof shown));
}

/* "NAME" or "NAME:i" of a list argument as its elements' names; anything else unchanged. Calls add
 * for each. */
static tarn_status spread(tarn_import *im, const char *text,
                          tarn_status (*add)(void *to, const char *text), void *to) {
  const char *colon = strchr(text, ':');
  size_t bytes = colon ? (size_t)(colon - text) : strlen(text);
  const expanded *e = im->lists ? tarn__map_get(im->lists, text, bytes) : NULL;
  if (!e) {
    TARN_TRY(check_notation(im, text));
    return add(to, text);
  }
  if (colon) {
    const char *name = tarn__arena_printf(im->graph->arena, "%.*s_%s", (int)bytes, text, colon + 1);
    return name ? add(to, name) : TARN_NO_MEMORY;
  }
  for (size_t i = 0; i < e->count; i++) {
    const char *name = tarn__arena_printf(im->graph->arena, "%s_%zu", text, i);
    if (!name) return TARN_NO_MEMORY;
    TARN_TRY(add(to, name));
  }
  return TARN_OK;
}

typedef struct target {
  tarn_graph *graph;
  tarn_node *node;           /* of an input */
  const char *result;        /* or the name of a result */
} target;

static tarn_status add_input(void *to, const char *text) {
  const target *t = to;
  return tarn__node_add_input(t->graph, t->node, text);
}

static tarn_status add_result(void *to, const char *text) {
  const target *t = to;
  return tarn__graph_add_ret(t->graph, t->result, text);
}

tarn_status tarn__import_input(tarn_import *im, tarn_node *node, const char *text) {
  target to = {.graph = im->graph, .node = node};
  return spread(im, text, add_input, &to);
}

/* An entry of a map from strings to strings. */
static tarn_status read_pair(tarn_import *im, tarn_wire w, const char **key, const char **value) {
  *key = *value = "";
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number == 1) TARN_TRY(tarn__import_text(im, &f, key));
    if (f.number == 2) TARN_TRY(tarn__import_text(im, &f, value));
  }
}

/* Results in the order of the signature; `rets` maps their names to texts. */
static tarn_status add_rets(tarn_import *im, const signature *s, const tarn_map *rets) {
  for (size_t i = 0; i < s->outputs; i++) {
    const arg *a = &s->out[i];
    const char *text = tarn__map_get(rets, a->name, strlen(a->name));
    char shown[100];
    if (!text)
      return tarn_fail(TARN_CORRUPT, "nothing says where the result '%s' comes from",
                       tarn__printable(a->name, strlen(a->name), shown, sizeof shown));
    expanded e;
    TARN_TRY(expand(im, s, a, &e));
    target to = {.graph = im->graph, .result = a->name};
    /* "node:out_arg" of a result that is a list stands for all of its tensors. */
    const char *colon = strchr(text, ':');
    bool whole = e.is_list && colon && !strchr(colon + 1, ':') &&
                 !tarn__map_get(im->lists, text, (size_t)(colon - text));
    if (!whole) {
      TARN_TRY(spread(im, text, add_result, &to));
      continue;
    }
    for (size_t k = 0; k < e.count; k++) {
      const char *one = tarn__arena_printf(im->graph->arena, "%s:%zu", text, k);
      if (!one) return TARN_NO_MEMORY;
      TARN_TRY(add_result(&to, one));
    }
  }
  return TARN_OK;
}

/* What one function needs while it is read. */
typedef struct maps {
  tarn_map attrs, lists, rets;
} maps;

static tarn_status fill_body(tarn_import *im, tarn_wire message, signature *s, maps *m) {
  tarn_wire_field f;
  tarn_wire inner;
  im->bound = &s->attrs;
  im->lists = &m->lists;
  TARN_TRY(add_args(im, s, &m->lists));
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == 3) {
      TARN_TRY(tarn__wire_message(&f, "NodeDef", &inner));
      TARN_TRY(tarn__node_def_read(im, inner));
    } else if (f.number == 4 || f.number == 6) {
      const char *key, *value;
      TARN_TRY(tarn__wire_message(&f, "FunctionDef.ret entry", &inner));
      TARN_TRY(read_pair(im, inner, &key, &value));
      if (f.number == 4)
        TARN_TRY(tarn__map_put(&m->rets, key, strlen(key), (void *)(uintptr_t)value));
      else
        TARN_TRY(tarn__graph_add_control_ret(im->graph, value));
    }
  }
  return add_rets(im, s, &m->rets);
}

/* The signature and the attributes first: the rest depends on them, and fields may come in any
 * order. The strings live in the main graph's arena, since the body is made once its name is
 * known. */
static tarn_status read_signature(tarn_import *im, tarn_wire message, signature *s,
                                  tarn_map *seen) {
  tarn_wire_field f;
  tarn_wire inner;
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 1) continue;
    TARN_TRY(tarn__wire_message(&f, "OpDef", &inner));
    TARN_TRY(read_op_def(im, inner, s, seen));
  }
  for (tarn_wire w = message;;) {
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    if (f.number != 5) continue;
    TARN_TRY(tarn__wire_message(&f, "attr entry", &inner));
    TARN_TRY(tarn__attr_entry_read(im, inner, &s->attrs));
  }
}

static tarn_status read_function(tarn_import *im, tarn_wire message, const signature *given,
                                 maps *m) {
  signature s = *given;
  tarn_import inside = {.source = im->source, .expanded = im->expanded};
  TARN_TRY(tarn__graph_add_function(im->graph, s.name, &inside.graph));
  tarn_status status = fill_body(&inside, message, &s, m);
  im->expanded = inside.expanded;
  return status;
}

/* The bytes of a function that was read, to tell a repetition from a contradiction. */
typedef struct known {
  const unsigned char *data;
  size_t size;
} known;

static tarn_status read_named(tarn_import *im, tarn_wire message, tarn_map *known_functions,
                              maps *m) {
  signature s = {.name = ""};
  size_t bytes = (size_t)(message.end - message.start);
  TARN_TRY(read_signature(im, message, &s, &m->attrs));
  char shown[100];
  tarn__printable(s.name, strlen(s.name), shown, sizeof shown);
  known *k = tarn__map_get(known_functions, s.name, strlen(s.name));
  if (k) {
    if (k->size == bytes && memcmp(k->data, message.start, bytes) == 0) return TARN_OK;
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64
                     ": a second function called '%s', and it differs from the first",
                     message.offset, shown);
  }
  k = tarn__arena_alloc(im->graph->arena, sizeof *k);
  if (!k) return TARN_NO_MEMORY;
  *k = (known){message.start, bytes};
  TARN_TRY(tarn__map_put(known_functions, s.name, strlen(s.name), k));
  TARN_TRY_IN(read_function(im, message, &s, m), "reading function '%s' at offset %" PRIu64, shown,
              message.offset);
  return TARN_OK;
}

tarn_status tarn__library_def_read(tarn_import *im, tarn_wire message) {
  const tarn_allocator *a = im->graph->allocator;
  tarn_map known_functions;
  tarn_status status = TARN_OK;
  tarn__map_init(&known_functions, a);
  for (tarn_wire w = message;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_GOTO(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != 1)
      continue; /* gradients are named, never looked up: training graphs hold their gradients as
                   nodes */
    TARN_GOTO(tarn__wire_message(&f, "FunctionDef", &inner));
    maps m;
    tarn__map_init(&m.attrs, a);
    tarn__map_init(&m.lists, a);
    tarn__map_init(&m.rets, a);
    status = read_named(im, inner, &known_functions, &m);
    tarn__map_clear(&m.attrs);
    tarn__map_clear(&m.lists);
    tarn__map_clear(&m.rets);
    if (status != TARN_OK) break;
  }
done:
  tarn__map_clear(&known_functions);
  return status;
}
