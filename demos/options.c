#include "demos/options.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demos/demo.h"

static void help(const tarn_demo_options *options) {
  printf("usage: %s\n\n%s\n\noptions:\n", options->usage, options->about);
  for (const tarn_demo_option *row = options->rows; row->name; row++) {
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", row->name, row->value ? " " : "",
             row->value ? row->value : "");
    printf("  %-24s %s\n", left, row->help);
  }
  printf("  %-24s %s\n\nexample:\n  %s\n", "--help", "this text", options->example);
}

static int mistake(const tarn_demo_options *options, const char *what, const char *word) {
  fprintf(stderr, "tarn: %s '%s'\nusage: %s\n", what, word, options->usage);
  return TARN_DEMO_USAGE;
}

/* Stores the text of one value; false when it is not of the option's kind. */
static bool store(const tarn_demo_option *row, const char *text) {
  char *end = NULL;
  errno = 0;
  if (row->kind == TARN_OPTION_TEXT) {
    *(const char **)row->target = text;
    return true;
  }
  if (text[0] < '0' || text[0] > '9') return false;
  if (row->kind == TARN_OPTION_REAL) {
    const double value = strtod(text, &end);
    if (*end || !isfinite(value)) return false;
    *(double *)row->target = value;
    return true;
  }
  const unsigned long long value = strtoull(text, &end, 10);
  if (*end || errno || (row->kind == TARN_OPTION_INT && value > INT32_MAX)) return false;
  if (row->kind == TARN_OPTION_INT)
    *(int *)row->target = (int)value;
  else
    *(uint64_t *)row->target = value;
  return true;
}

int tarn__demo_options(const tarn_demo_options *options, int argc, char **argv, int *words) {
  int plain = 0;
  for (int i = 1; i < argc; i++) {
    char *word = argv[i];
    if (word[0] != '-' || word[1] == '\0') {
      if (!words) return mistake(options, "unexpected argument", word);
      argv[1 + plain++] = word;
      continue;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
      help(options);
      return TARN_DEMO_OK;
    }
    const size_t length = strcspn(word, "=");
    const tarn_demo_option *row = options->rows;
    while (row->name && (strlen(row->name) != length || memcmp(row->name, word, length) != 0))
      row++;
    if (!row->name) return mistake(options, "unknown option", word);
    const char *attached = word[length] == '=' ? word + length + 1 : NULL;
    if (row->kind == TARN_OPTION_FLAG || row->kind == TARN_OPTION_PAIR) {
      if (attached) return mistake(options, "no '=' belongs in", word);
      if (row->kind == TARN_OPTION_FLAG) {
        *(bool *)row->target = true;
        continue;
      }
    }
    const int wanted = row->kind == TARN_OPTION_PAIR ? 2 : attached ? 0 : 1;
    if (argc - 1 - i < wanted)
      return mistake(options, wanted == 2 ? "two values should follow" : "a value should follow",
                     word);
    if (row->kind == TARN_OPTION_PAIR) {
      ((const char **)row->target)[0] = argv[++i];
      ((const char **)row->target)[1] = argv[++i];
      continue;
    }
    const char *value = attached ? attached : argv[++i];
    if (!store(row, value)) {
      fprintf(stderr, "tarn: %s expects %s, got '%s'\n", row->name, row->value, value);
      return TARN_DEMO_USAGE;
    }
  }
  if (words) *words = plain;
  return -1;
}
