/* `tarn demo`: finds a bundled demo by its name and hands it the rest of the command line. Each has
 * options of its own. */
#include <stdio.h>
#include <string.h>

#include "core/map.h"
#include "demos/demo.h"
#include "tools/cli.h"

extern const tarn_verb tarn__verb_demo;

static void list(FILE *to) {
  for (const tarn_demo *d = tarn__demos; d->name; d++)
    fprintf(to, "  %-10s %s\n", d->name, d->help);
}

static int run(int argc, char **argv) {
  if (argc < 2) {
    const int status = tarn__cli_usage(&tarn__verb_demo, "which demo?");
    list(stderr);
    return status;
  }
  const char *word = argv[1];
  if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
    tarn__cli_help(&tarn__verb_demo);
    printf("\nDemos:\n");
    list(stdout);
    return TARN_EXIT_OK;
  }
  const char *names[16];
  size_t n = 0;
  for (const tarn_demo *d = tarn__demos; d->name; d++) {
    if (!strcmp(d->name, word)) return d->main(argc - 1, argv + 1);
    if (n < 16) names[n++] = d->name;
  }
  char nearest[256];
  tarn__nearest(word, names, n, nearest, sizeof nearest);
  return tarn__cli_usage(&tarn__verb_demo, "unknown demo '%s'%s", word, nearest);
}

const tarn_verb tarn__verb_demo = {
    .name = "demo",
    .arguments = "NAME ...",
    .help = "the bundled demos: read digits, write text, time ResNet-50",
    .text =
        "Each demo has options of its own: tarn demo NAME --help. Their data is found under "
        "$TARN_DATA where that\n"
        "is set, else where tarn is installed, else in the source tree.",
    .example = "tarn demo lstm --prompt 'ROMEO:'",
    .run = run,
};
