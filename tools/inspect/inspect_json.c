/* `tarn inspect --json`: everything, for programs. */
#include <string.h>

#include "loader/compiled/compiled.h"
#include "tools/inspect/inspect_print.h"

/* Unknown ranks are null, unknown dims -1. */
static json_t *shape_json(const tarn_shape *shape) {
  if (shape->rank < 0) return json_null();
  json_t *dims = json_array();
  for (int i = 0; i < shape->rank; i++) json_array_append_new(dims, json_integer(shape->dim[i]));
  return dims;
}

static json_t *dtype_json(tarn_dtype dtype) {
  return dtype == TARN_NO_DTYPE ? json_null() : json_string(tarn_dtype_name(dtype));
}

static json_t *text_json(const char *text) { return text ? json_string(text) : json_null(); }

static json_t *tensors_json(const inspect_tensor *t, size_t n) {
  json_t *list = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(list,
                          json_pack("{s:o, s:o, s:o, s:o, s:b}", "name", text_json(t[i].name), "op",
                                    text_json(t[i].op), "dtype", dtype_json(t[i].dtype), "shape",
                                    shape_json(&t[i].shape), "optional", t[i].optional));
  return list;
}

static json_t *infos_json(const tarn_tensor_info *t, size_t n) {
  json_t *map = json_object();
  for (size_t i = 0; i < n; i++)
    json_object_set_new(
        map, t[i].key,
        json_pack("{s:o, s:o, s:o, s:s}", "name", text_json(t[i].name), "dtype",
                  dtype_json(t[i].dtype), "shape", shape_json(&t[i].shape), "kind", t[i].kind));
  return map;
}

static json_t *signatures_json(const tarn_metagraph *meta) {
  json_t *map = json_object();
  for (size_t i = 0; i < meta->n_signatures; i++) {
    const tarn_signature *s = &meta->signatures[i];
    json_object_set_new(map, s->key,
                        json_pack("{s:o, s:o, s:o}", "method", text_json(s->method), "inputs",
                                  infos_json(s->inputs, s->n_inputs), "outputs",
                                  infos_json(s->outputs, s->n_outputs)));
  }
  return map;
}

static json_t *variables_json(const inspect_facts *f) {
  json_t *list = json_array();
  for (size_t i = 0; i < f->n_variables; i++) {
    const tarn_variable_entry *v = &f->variables[i];
    tarn_shape shape = inspect_variable_shape(v->node);
    json_array_append_new(
        list, json_pack("{s:o, s:o, s:o, s:o, s:b}", "name", text_json(v->node->name), "key",
                        text_json(v->key), "dtype", dtype_json(inspect_variable_dtype(v->node)),
                        "shape", shape_json(&shape), "part", v->sliced));
  }
  return list;
}

static json_t *ops_json(const inspect_facts *f) {
  json_t *list = json_array();
  for (size_t i = 0; i < f->n_ops; i++)
    json_array_append_new(list,
                          json_pack("{s:o, s:I, s:b}", "op", text_json(f->ops[i].name), "count",
                                    (json_int_t)f->ops[i].count, "known", f->ops[i].known));
  return list;
}

static json_t *assets_json(const tarn_metagraph *meta) {
  json_t *list = json_array();
  for (size_t i = 0; i < meta->n_assets; i++)
    json_array_append_new(list, json_pack("{s:o, s:o}", "file", text_json(meta->assets[i].filename),
                                          "tensor", text_json(meta->assets[i].tensor)));
  return list;
}

json_t *inspect_json(const inspect_facts *f) {
  const tarn_model *m = f->model;
  json_t *tags = json_array();
  for (size_t i = 0; i < m->meta.n_tags; i++)
    json_array_append_new(tags, text_json(m->meta.tags[i]));
  char path[1024];
  json_t *o = json_object();
  json_object_set_new(o, "path",
                      text_json(tarn__printable(f->path, strlen(f->path), path, sizeof path)));
  json_object_set_new(o, "format", text_json(m->format));
  json_object_set_new(o, "text", json_boolean(m->text));
  json_object_set_new(
      o, "tensorflow_version",
      *m->meta.tensorflow_version ? text_json(m->meta.tensorflow_version) : json_null());
  json_object_set_new(o, "tags", tags);
  json_object_set_new(o, "checkpoint",
                      text_json(m->variables_prefix ? m->variables_prefix : m->checkpoint_prefix));
  json_object_set_new(o, "nodes", json_integer((json_int_t)f->nodes));
  json_object_set_new(o, "functions", json_integer((json_int_t)f->functions));
  json_object_set_new(o, "signatures", signatures_json(&m->meta));
  json_object_set_new(o, "inputs", tensors_json(f->inputs, f->n_inputs));
  json_object_set_new(o, "outputs", tensors_json(f->outputs, f->n_outputs));
  json_object_set_new(o, "variables", variables_json(f));
  json_object_set_new(o, "ops", ops_json(f));
  json_object_set_new(o, "assets", assets_json(&m->meta));
  json_object_set_new(o, "init", text_json(f->init));
  json_object_set_new(o, "command", text_json(f->command));
  if (m->compiled) {
    const tarn_compiled_facts c = tarn__compiled_facts(m->compiled);
    json_object_set_new(
        o, "compiled",
        json_pack("{s:o, s:o, s:b, s:I, s:I, s:I, s:I}", "tarn", text_json(c.tarn), "machine",
                  text_json(c.machine), "usable", c.usable, "weights", (json_int_t)c.weights,
                  "weight_bytes", (json_int_t)c.weight_bytes, "forms", (json_int_t)c.forms,
                  "form_bytes", (json_int_t)c.form_bytes));
  }
  return o;
}
