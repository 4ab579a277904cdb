/* Attribute values of nodes, as TensorFlow's AttrValue has them. They live in the graph's arena. */
#ifndef TARN_GRAPH_SIGNATURE_ATTR_H
#define TARN_GRAPH_SIGNATURE_ATTR_H

#include "core/tensor/tensor.h"

typedef enum tarn_attr_kind {
  TARN_ATTR_NONE,
  TARN_ATTR_INT,      /* i */
  TARN_ATTR_FLOAT,    /* f */
  TARN_ATTR_BOOL,     /* b */
  TARN_ATTR_STRING,   /* s */
  TARN_ATTR_TYPE,     /* type */
  TARN_ATTR_SHAPE,    /* shape: rank -1 or dims -1 where unknown */
  TARN_ATTR_TENSOR,   /* tensor */
  TARN_ATTR_FUNC,     /* func */
  TARN_ATTR_LIST      /* list of `element` */
} tarn_attr_kind;

typedef struct tarn_attrs tarn_attrs;
typedef struct tarn_attr tarn_attr;

typedef struct tarn_func {
  const char *name;           /* a function of the library */
  const tarn_attrs *attrs;
} tarn_func;

struct tarn_attr {
  tarn_attr_kind kind,
      element; /* element: of a list; TARN_ATTR_NONE for an empty list of unknown kind */
  union {
    int64_t i;
    float f;
    bool b;
    tarn_string s;
    struct { tarn_dtype dtype; bool is_ref; } type;
    const tarn_shape *shape;
    const tarn_tensor *tensor;    /* owned by the graph */
    tarn_func func;
    struct {
      size_t count;
      union {
        const int64_t *i;
        const float *f;
        const bool *b;
        const tarn_string *s;
        const tarn_dtype *type;
        const tarn_shape *shape;
        const tarn_func *func;
      };
    } list;
  };
};

/* A node's attributes: few, in the order they came; a name occurs once. */
struct tarn_attrs {
  size_t count, capacity;
  struct tarn_attr_row { const char *name; tarn_attr value; } *rows;
};

/* NULL when absent. */
const tarn_attr *tarn__attr_find(const tarn_attrs *attrs, const char *name);
/* Sets or replaces; the name and what the value points to must live as long as the arena. */
tarn_status tarn__attr_set(tarn_arena *arena, tarn_attrs *attrs, const char *name,
                           const tarn_attr *value);

/* For an op's `parse` and `infer`: the attribute is there and of the declared kind
 * (tarn__node_resolve has filled defaults in and checked kinds), so these cannot fail; asking for
 * an undeclared name is our own bug (assert). */
int64_t tarn__attr_int(const tarn_attrs *attrs, const char *name);
float tarn__attr_float(const tarn_attrs *attrs, const char *name);
bool tarn__attr_bool(const tarn_attrs *attrs, const char *name);
tarn_string tarn__attr_string(const tarn_attrs *attrs, const char *name);
bool tarn__attr_is(const tarn_attrs *attrs, const char *name,
                   const char *text); /* a string attr equals text */
tarn_dtype tarn__attr_type(const tarn_attrs *attrs, const char *name);
const tarn_shape *tarn__attr_shape(const tarn_attrs *attrs, const char *name);
const tarn_tensor *tarn__attr_tensor(const tarn_attrs *attrs, const char *name);
tarn_func tarn__attr_func(const tarn_attrs *attrs, const char *name);
const tarn_attr *tarn__attr_list(const tarn_attrs *attrs, const char *name);      /* value->list */

#endif
