/* A session's variables from outside its runs: restores and programs set them by their nodes. */
#include "graph/session.h"
#include "kernels/state/resources.h"
#include "kernels/state/variable.h"

#include <stdio.h>
#include <string.h>

static bool makes_variable(const tarn_node *node) {
  static const char *const ops[] = {"VariableV2", "Variable", "VarHandleOp", "AutoReloadVariable"};
  for (size_t i = 0; node->op && !node->problem && i < sizeof ops / sizeof *ops; i++)
    if (!strcmp(node->op->name, ops[i])) return true;
  return false;
}

/* The session's variable of a node; retained. */
static tarn_status variable_of(tarn_session *s, const tarn_node *node, tarn_dtype dtype,
                               const tarn_shape *declared, tarn_variable **v) {
  const tarn_allocator *a = tarn__session_allocator(s);
  char stack[512];
  const tarn_string name = tarn__node_variable_name(node);
  const size_t need = name.size + 1;
  char *key = need <= sizeof stack ? stack : tarn__alloc(a, need);
  if (!key) return TARN_NO_MEMORY;
  memcpy(key, name.data, name.size);
  key[name.size] = 0;
  const tarn_status status = tarn__variable_get(tarn__session_resources(s), key, dtype, declared,
                                                strcmp(node->op->name, "VarHandleOp") != 0, v);
  if (key != stack) tarn__free(a, key, need);
  return status;
}

tarn_status tarn__session_variable_set(tarn_session *s, const tarn_node *node,
                                       const tarn_tensor *value) {
  const tarn_attr *dtype = tarn__attr_find(&node->attrs, "dtype"),
                  *shape = tarn__attr_find(&node->attrs, "shape");
  if (!makes_variable(node) || !dtype || dtype->kind != TARN_ATTR_TYPE)
    return tarn_fail(TARN_INVALID, "node '%s' (%s) is no variable", node->name, node->op_name);
  tarn_shape declared = {.rank = -1};
  if (shape && shape->kind == TARN_ATTR_SHAPE) declared = *shape->shape;
  if (value->dtype != dtype->type.dtype)
    return tarn_fail(TARN_DTYPE, "variable '%s' is %s, the value %s", node->name,
                     tarn_dtype_name(dtype->type.dtype), tarn_dtype_name(value->dtype));
  if (declared.rank >= 0 && !tarn__shape_compatible(&declared, &value->shape)) {
    char want[TARN_SHAPE_TEXT], got[TARN_SHAPE_TEXT];
    return tarn_fail(TARN_SHAPE, "variable '%s' has shape %s, the value %s", node->name,
                     tarn__shape_print(&declared, want), tarn__shape_print(&value->shape, got));
  }
  tarn_variable *v;
  TARN_TRY(variable_of(s, node, value->dtype, &declared, &v));
  const tarn_status status = tarn__variable_assign(v, value, false);
  tarn__object_release(v);
  return status;
}

tarn_status tarn__session_variable_missing(tarn_session *s, const tarn_node *node,
                                           const char *why) {
  const tarn_attr *dtype = tarn__attr_find(&node->attrs, "dtype"),
                  *shape = tarn__attr_find(&node->attrs, "shape");
  const tarn_shape unknown = {.rank = -1};
  tarn_variable *v;
  if (!makes_variable(node) || !dtype || dtype->kind != TARN_ATTR_TYPE) return TARN_OK;
  TARN_TRY(variable_of(s, node, dtype->type.dtype,
                       shape && shape->kind == TARN_ATTR_SHAPE ? shape->shape : &unknown, &v));
  pthread_mutex_lock(&v->lock);
  snprintf(v->missing, sizeof v->missing, "%s", why);
  pthread_mutex_unlock(&v->lock);
  tarn__object_release(v);
  return TARN_OK;
}

/* The session's variable of any node; TARN_INVALID when it makes none. Retained. */
static tarn_status find(tarn_session *s, const tarn_node *node, tarn_variable **v) {
  const tarn_attr *dtype = tarn__attr_find(&node->attrs, "dtype"),
                  *shape = tarn__attr_find(&node->attrs, "shape");
  const tarn_shape unknown = {.rank = -1};
  if (!makes_variable(node) || !dtype || dtype->kind != TARN_ATTR_TYPE)
    return tarn_fail(TARN_INVALID, "node '%s' (%s) is no variable", node->name, node->op_name);
  return variable_of(s, node, dtype->type.dtype,
                     shape && shape->kind == TARN_ATTR_SHAPE ? shape->shape : &unknown, v);
}

tarn_status tarn__session_variable_get(tarn_session *s, const tarn_node *node, tarn_tensor *value) {
  tarn_variable *v;
  TARN_TRY(find(s, node, &v));
  const tarn_status status = tarn__variable_read(v, value);
  tarn__object_release(v);
  return status;
}

bool tarn__session_variable_is_set(tarn_session *s, const tarn_node *node) {
  tarn_variable *v;
  if (!makes_variable(node) || find(s, node, &v) != TARN_OK) return false;
  pthread_mutex_lock(&v->lock);
  const bool set = v->value.dtype != TARN_NO_DTYPE;
  pthread_mutex_unlock(&v->lock);
  tarn__object_release(v);
  return set;
}
