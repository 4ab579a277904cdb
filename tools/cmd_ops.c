/* tarn ops: every op with its signature and its kernels per back end, from the tables. */
#include "core/map.h"
#include "graph/op.h"
#include "kernels/kernel.h"
#include "tools/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const tarn_option options[] = {
    {"--json", NULL, "one JSON array"},
    {"--markdown", NULL, "docs/ops.md"},
    {"--summary", NULL,
     "how many ops of each family have kernels of each back end, as the table of README.md"},
    {0},
};

static int run(int argc, char **argv);

const tarn_verb tarn__verb_ops = {
    .name = "ops",
    .arguments = "[FILTER]",
    .help = "every op, its signature, its kernels",
    .options = options,
    .run = run,
    .text =
        "FILTER keeps the ops whose name contains it. Ops without a kernel are run by the session "
        "itself (control flow, constants).",
    .example = "tarn ops Conv2D",
};

/* "reference openblas avx2": the targets that have a kernel of the op. */
static const char *targets_of(const tarn_op *op, char *text, size_t bytes) {
  size_t count, used = 0;
  bool has[TARN_TARGETS] = {false};
  const tarn_kernel_ref *k = tarn__kernels_of(op->name, &count);
  for (size_t i = 0; i < count; i++) has[k[i].file->target] = true;
  text[0] = 0;
  for (int t = 0; t < TARN_TARGETS && used < bytes; t++)
    if (has[t])
      used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? " " : "",
                               tarn__target_name((tarn_target)t));
  if (!used)
    snprintf(text, bytes, "%s",
             op->flags & TARN_OP_VIEW      ? "(view)"
             : op->flags & TARN_OP_CONTROL ? "(session)"
                                           : "(none)");
  return text;
}

/* A cell of a Markdown table: bars would end it. */
static void cell(const char *text) {
  fputs("| ", stdout);
  for (; text && *text; text++)
    fputs(*text == '|' ? "\\|" : *text == '_' ? "\\_" : (char[]){*text, 0}, stdout);
  putchar(' ');
}

static void markdown_head(void) {
  printf(
      "# Ops\n\nPrinted by `tarn ops --markdown` from the tables of ops and kernels; "
      "`tools/ops-docs` writes it anew. Ops with\n"
      "`(session)` are run by the session itself, `(view)` costs nothing; `tarn ops NAME` tells "
      "more of each.\n\n"
      "| op | inputs | outputs | kernels |\n|---|---|---|---|\n");
}

/* "nn" of graph/ops/nn/conv.c; "base" of graph/ops/base.c. */
static void family_of(const char *path, char *text, size_t bytes) {
  const char *start = strncmp(path, "graph/ops/", 10) ? path : path + 10;
  snprintf(text, bytes, "%.*s", (int)strcspn(start, "/."), start);
}

/* Families are neighbours in the table of files. */
static void summary(void) {
  printf("| family | ops | reference | OpenBLAS | AVX2 | AVX-512 |\n|---|---|---|---|---|---|\n");
  char name[64] = "", next[64];
  long ops = 0, with[TARN_TARGETS] = {0}, all = 0, all_with[TARN_TARGETS] = {0};
  for (const tarn_op_file *f = tarn__op_files;; f++) {
    if (f->ops) family_of(f->path, next, sizeof next);
    if (*name && (!f->ops || strcmp(name, next))) {
      printf("| %s | %ld | %ld | %ld | %ld | %ld |\n", name, ops, with[TARN_TARGET_REFERENCE],
             with[TARN_TARGET_OPENBLAS], with[TARN_TARGET_AVX2], with[TARN_TARGET_AVX512]);
      all += ops;
      for (int t = 0; t < TARN_TARGETS; t++) {
        all_with[t] += with[t];
        with[t] = 0;
      }
      ops = 0;
    }
    if (!f->ops) break;
    snprintf(name, sizeof name, "%s", next);
    for (const tarn_op *op = f->ops; op->name; op++) {
      size_t count;
      bool has[TARN_TARGETS] = {false};
      const tarn_kernel_ref *k = tarn__kernels_of(op->name, &count);
      for (size_t i = 0; i < count; i++) has[k[i].file->target] = true;
      for (int t = 0; t < TARN_TARGETS; t++) with[t] += has[t];
      ops++;
    }
  }
  printf("| **all** | %ld | %ld | %ld | %ld | %ld |\n", all, all_with[TARN_TARGET_REFERENCE],
         all_with[TARN_TARGET_OPENBLAS], all_with[TARN_TARGET_AVX2], all_with[TARN_TARGET_AVX512]);
}

static void print(const tarn_op *op) {
  char targets[128], name[160];
  size_t count;
  printf("%s(%s) -> (%s)\n", op->name, op->inputs ? op->inputs : "",
         op->outputs ? op->outputs : "");
  if (op->attrs) printf("  attributes: %s\n", op->attrs);
  if (op->formula) printf("  %s\n", op->formula);
  const tarn_kernel_ref *k = tarn__kernels_of(op->name, &count);
  printf("  kernels: %s\n", targets_of(op, targets, sizeof targets));
  for (size_t i = 0; i < count; i++)
    printf("    %s (%s)\n", tarn__kernel_full_name(k[i], name, sizeof name), k[i].file->path);
}

static json_t *json_of(const tarn_op *op) {
  size_t count;
  char name[160];
  const tarn_kernel_ref *k = tarn__kernels_of(op->name, &count);
  json_t *kernels = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(
        kernels, json_pack("{s:s, s:s}", "name", tarn__kernel_full_name(k[i], name, sizeof name),
                           "file", k[i].file->path));
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "op", op->name, "inputs",
                   op->inputs ? op->inputs : "", "outputs", op->outputs ? op->outputs : "",
                   "attributes", op->attrs ? op->attrs : "", "formula",
                   op->formula ? op->formula : "", "kernels", kernels);
}

static int run(int argc, char **argv) {
  tarn_cli cli;
  const char *value, *filter = "";
  bool json = false, markdown = false;
  int option;
  tarn__cli_init(&cli, &tarn__verb_ops, argc, argv);
  while ((option = tarn__cli_next(&cli, &value)) != TARN_CLI_END) {
    if (option == TARN_CLI_ERROR) return TARN_EXIT_USAGE;
    if (option == TARN_CLI_HELP) return TARN_EXIT_OK;
    if (option == TARN_CLI_OPERAND) filter = value;
    else if (tarn__cli_is(&cli, option, "--json")) json = true;
    else if (tarn__cli_is(&cli, option, "--markdown")) markdown = true;
    else {
      summary();
      return TARN_EXIT_OK;
    }
  }
  size_t count, found = 0;
  const tarn_op *const *ops = tarn__ops(&count);
  json_t *all = json ? json_array() : NULL;
  char targets[128];
  if (markdown) markdown_head();
  for (size_t i = 0; i < count; i++) {
    if (!strstr(ops[i]->name, filter)) continue;
    found++;
    if (json) json_array_append_new(all, json_of(ops[i]));
    else if (markdown) {
      cell(ops[i]->name);
      cell(ops[i]->inputs);
      cell(ops[i]->outputs);
      cell(targets_of(ops[i], targets, sizeof targets));
      puts("|");
    }
    else if (*filter) print(ops[i]);
    else printf("%-44s %s\n", ops[i]->name, targets_of(ops[i], targets, sizeof targets));
  }
  if (json) {
    json_dumpf(all, stdout, JSON_INDENT(1));
    putchar('\n');
    json_decref(all);
  }
  if (!found) {
    const char *names[4096];
    char nearest[256];
    size_t n = 0;
    for (; n < count && n < 4096; n++) names[n] = ops[n]->name;
    tarn__nearest(filter, names, n, nearest, sizeof nearest);
    return tarn__cli_fail(
        tarn_fail(TARN_NOT_FOUND, "no op has '%s' in its name%s", filter, nearest));
  }
  return TARN_EXIT_OK;
}
