/* tarn: the command. Finds the verb and runs it; everything else is in cmd_<verb>.c. */
#include "tools/cli.h"

#include "core/bytes.h"
#include "core/map.h"

#include <stdio.h>
#include <string.h>

extern const tarn_verb tarn__verb_compile, tarn__verb_explain, tarn__verb_export, tarn__verb_ops;
extern const tarn_verb tarn__verb_profile, tarn__verb_tune, tarn__verb_verify;
extern const tarn_verb tarn__verb_run, tarn__verb_bench, tarn__verb_ckpt, tarn__verb_demo,
    tarn__verb_inspect;

int tarn__complete(int argc, char **argv);   /* cmd_complete.c */

const tarn_verb *const tarn__verbs[] = {
  &tarn__verb_run,
  &tarn__verb_verify,
  &tarn__verb_bench,
  &tarn__verb_explain,
  &tarn__verb_compile,
  &tarn__verb_profile,
  &tarn__verb_tune,
  &tarn__verb_export,
  &tarn__verb_ops,
  &tarn__verb_inspect,
  &tarn__verb_ckpt,
  &tarn__verb_demo,
  NULL,
};

static void overview(FILE *to) {
  fprintf(to,
          "tarn %s: run TensorFlow graphs and checkpoints\n\nUsage: tarn VERB [options] ...\n\n",
          tarn_version());
  for (const tarn_verb *const *v = tarn__verbs; *v; v++)
    fprintf(to, "  %-10s %s\n", (*v)->name, (*v)->help);
  fprintf(to, "\ntarn VERB --help tells more, with an example.\n");
}

static int unknown(const char *word) {
  const char *names[32];
  size_t n = 0;
  for (const tarn_verb *const *v = tarn__verbs; *v && n < 32; v++) names[n++] = (*v)->name;
  char nearest[256], printable[256];
  fprintf(stderr, "tarn: unknown verb '%s'%s (see tarn --help)\n",
          tarn__printable(word, strlen(word), printable, sizeof printable),
          tarn__nearest(word, names, n, nearest, sizeof nearest));
  return TARN_EXIT_USAGE;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "tarn: a verb is needed\n");
    overview(stderr);
    return TARN_EXIT_USAGE;
  }
  const char *word = argv[1];
  if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
    overview(stdout);
    return TARN_EXIT_OK;
  }
  if (!strcmp(word, "--version")) {
    printf("tarn %s\n", tarn_version());
    return TARN_EXIT_OK;
  }
  for (const tarn_verb *const *v = tarn__verbs; *v; v++)
    if (!strcmp((*v)->name, word)) return (*v)->run(argc - 1, argv + 1);
  if (!strcmp(word, "__complete")) return tarn__complete(argc - 1, argv + 1);
  return unknown(word);
}
