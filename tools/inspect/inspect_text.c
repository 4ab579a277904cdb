/* `tarn inspect` for people. Names come from the file, so none is printed raw. */
#include <stdio.h>
#include <string.h>

#include "loader/compiled/compiled.h"
#include "tools/inspect/inspect_print.h"

#define ROWS 20   /* of a long list; --json has all of it */
#define NAME_TEXT 512

typedef struct line {
  char name[NAME_TEXT], shape[TARN_SHAPE_TEXT];
} line;

static const char *show(const char *name, line *l) {
  return tarn__printable(name, strlen(name), l->name, sizeof l->name);
}

static const char *show_dtype(tarn_dtype dtype) {
  return dtype == TARN_NO_DTYPE ? "?" : tarn_dtype_name(dtype);
}

static void rest(size_t n) {
  if (n > ROWS) printf("  ... and %zu more (--json lists all)\n", n - ROWS);
}

static void print_head(const inspect_facts *f) {
  line l;
  const tarn_model *m = f->model;
  printf("%s: %s%s", show(f->path, &l), m->format, m->text ? " as text" : "");
  if (*m->meta.tensorflow_version)
    printf(", written by TensorFlow %s", show(m->meta.tensorflow_version, &l));
  for (size_t i = 0; i < m->meta.n_tags; i++)
    printf("%s%s", i ? "," : ", tags ", show(m->meta.tags[i], &l));
  printf("\n%zu nodes", f->nodes);
  if (f->functions) printf(", %zu functions of %zu nodes", f->functions, f->function_nodes);
  printf(", %zu variables", f->n_variables);
  if (m->variables_prefix || m->checkpoint_prefix)
    printf(" (values in %s)",
           show(m->variables_prefix ? m->variables_prefix : m->checkpoint_prefix, &l));
  printf("\n");
  if (!m->compiled) return;
  const tarn_compiled_facts c = tarn__compiled_facts(m->compiled);
  printf("%zu weights of %.1f MiB and %zu packed forms of %.1f MiB", c.weights,
         (double)c.weight_bytes / 1048576, c.forms, (double)c.form_bytes / 1048576);
  printf(", made by tarn %s on %s%s\n", show(c.tarn, &l),
         tarn__printable(c.machine, strlen(c.machine), l.shape, sizeof l.shape),
         c.usable ? "" : "; another version's kernels: weights are packed anew");
}

static void print_tensors(const char *title, const inspect_tensor *t, size_t n) {
  line l, op;
  if (n == 0) return;
  printf("\n%s\n", title);
  for (size_t i = 0; i < n && i < ROWS; i++)
    printf("  %-40s %-10s %-16s %s%s\n", show(t[i].name, &l), show_dtype(t[i].dtype),
           t[i].shape.rank < 0 ? "" : tarn__shape_print(&t[i].shape, l.shape), show(t[i].op, &op),
           t[i].optional ? " (may be left out)" : "");
  rest(n);
}

static void print_infos(const char *word, const tarn_tensor_info *t, size_t n) {
  line key, name;
  for (size_t i = 0; i < n; i++)
    printf("    %-6s %-24s %-40s %-10s %s%s\n", word, show(t[i].key, &key), show(t[i].name, &name),
           show_dtype(t[i].dtype), tarn__shape_print(&t[i].shape, name.shape),
           strcmp(t[i].kind, "dense") == 0 ? "" : " (not dense)");
}

static void print_signatures(const tarn_metagraph *meta) {
  line l;
  if (meta->n_signatures == 0) return;
  printf("\nSignatures\n");
  for (size_t i = 0; i < meta->n_signatures; i++) {
    const tarn_signature *s = &meta->signatures[i];
    printf("  %s", show(s->key, &l));
    printf("%s%s\n", *s->method ? "  " : "", show(s->method, &l));
    print_infos("input", s->inputs, s->n_inputs);
    print_infos("output", s->outputs, s->n_outputs);
  }
}

static void print_variables(const inspect_facts *f) {
  line name, key;
  if (f->n_variables == 0) return;
  printf("\nVariables\n");
  for (size_t i = 0; i < f->n_variables && i < ROWS; i++) {
    const tarn_variable_entry *v = &f->variables[i];
    tarn_shape shape = inspect_variable_shape(v->node);
    printf("  %-40s %-10s %s", show(v->node->name, &name),
           show_dtype(inspect_variable_dtype(v->node)), tarn__shape_print(&shape, name.shape));
    if (strcmp(v->key, v->node->name) != 0) printf("  stored as %s", show(v->key, &key));
    printf("\n");
  }
  rest(f->n_variables);
}

static void print_ops(const inspect_facts *f) {
  line l;
  printf("\nOps\n");
  for (size_t i = 0; i < f->n_ops; i++)
    printf("  %7zu  %s%s\n", f->ops[i].count, show(f->ops[i].name, &l),
           f->ops[i].known ? "" : "  (not in tarn)");
}

void inspect_text(const inspect_facts *f) {
  line l;
  print_head(f);
  print_signatures(&f->model->meta);
  print_tensors("Likely inputs", f->inputs, f->n_inputs);
  print_tensors("Likely outputs", f->outputs, f->n_outputs);
  print_variables(f);
  print_ops(f);
  for (size_t i = 0; i < f->model->meta.n_assets; i++)
    printf("%s  %s\n", i ? "" : "\nAssets\n", show(f->model->meta.assets[i].filename, &l));
  char command[4096];
  printf("\nTo run it\n  %s\n",
         tarn__printable(f->command, strlen(f->command), command, sizeof command));
  if (f->unknown)
    printf("  %zu of its ops are not in tarn: what depends on them cannot run\n", f->unknown);
}
