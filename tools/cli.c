#include "tools/cli.h"

#include "core/bytes.h"
#include "core/map.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tarn__cli_init(tarn_cli *cli, const tarn_verb *verb, int argc, char **argv) {
  *cli = (tarn_cli){.verb = verb, .argc = argc, .at = 1, .argv = argv};
}

bool tarn__cli_is(const tarn_cli *cli, int option, const char *name) {
  return option >= 0 && !strcmp(cli->verb->options[option].name, name);
}

static int unknown(const tarn_cli *cli, const char *word) {
  const char *names[64];
  size_t n = 0;
  for (const tarn_option *o = cli->verb->options; o && o->name && n < 64; o++) names[n++] = o->name;
  char nearest[256], printable[256];
  tarn__nearest(word, names, n, nearest, sizeof nearest);
  tarn__cli_usage(cli->verb, "unknown option '%s'%s",
                  tarn__printable(word, strlen(word), printable, sizeof printable), nearest);
  return TARN_CLI_ERROR;
}

int tarn__cli_next(tarn_cli *cli, const char **value) {
  if (cli->at >= cli->argc) return TARN_CLI_END;
  const char *word = cli->argv[cli->at++];
  *value = word;
  if (cli->ended || word[0] != '-' || !word[1]) return TARN_CLI_OPERAND;
  if (!strcmp(word, "--")) {
    cli->ended = true;
    return tarn__cli_next(cli, value);
  }
  if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
    tarn__cli_help(cli->verb);
    return TARN_CLI_HELP;
  }
  const char *equals = strchr(word, '=');
  const size_t length = equals ? (size_t)(equals - word) : strlen(word);
  for (int i = 0; cli->verb->options && cli->verb->options[i].name; i++) {
    const tarn_option *o = &cli->verb->options[i];
    if (strlen(o->name) != length || memcmp(o->name, word, length)) continue;
    if (!o->argument) {
      if (!equals) return i;
      tarn__cli_usage(cli->verb, "option %s takes no value", o->name);
      return TARN_CLI_ERROR;
    }
    if (equals) {
      *value = equals + 1;
      return i;
    }
    if (o->argument[0] == '[') {
      *value = NULL;
      return i;
    }
    if (cli->at >= cli->argc) {
      tarn__cli_usage(cli->verb, "option %s needs %s", o->name, o->argument);
      return TARN_CLI_ERROR;
    }
    *value = cli->argv[cli->at++];
    return i;
  }
  return unknown(cli, word);
}

int tarn__cli_usage(const tarn_verb *verb, const char *format, ...) {
  char text[1024], printable[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "tarn: %s\n", tarn__printable(text, strlen(text), printable, sizeof printable));
  if (verb)
    fprintf(stderr, "  usage: tarn %s%s %s (see tarn %s --help)\n", verb->name,
            verb->options ? " [options]" : "", verb->arguments, verb->name);
  return TARN_EXIT_USAGE;
}

int tarn__cli_exit(tarn_status status) {
  switch (status) {
    case TARN_OK: return TARN_EXIT_OK;
    case TARN_UNSUPPORTED: return TARN_EXIT_UNSUPPORTED;
    case TARN_CORRUPT:
    case TARN_IO: return TARN_EXIT_CORRUPT;
    case TARN_NO_MEMORY:
    case TARN_LIMIT: return TARN_EXIT_LIMIT;
    case TARN_INVALID:
    case TARN_SHAPE:
    case TARN_DTYPE:
    case TARN_NOT_FOUND:
    case TARN_FAILED:
    case TARN_REFUSED:
    case TARN_CANCELLED:
    case TARN_END: return TARN_EXIT_FAILED;
  }
  return TARN_EXIT_FAILED;
}

/* The first line of a message follows "tarn: "; lines that name unsupported ops each do; others are
 * indented context. */
int tarn__cli_fail(tarn_status status) {
  const char *line = tarn_error();
  char printable[TARN_ERROR_BYTES];
  for (bool first = true; *line; first = false) {
    const size_t bytes = strcspn(line, "\n");
    tarn__printable(line, bytes, printable, sizeof printable);
    const bool head = first || !strncmp(line, "unsupported op: ", 16);
    fprintf(stderr, "%s%s\n", head ? "tarn: " : line[0] == ' ' ? "" : "  ", printable);
    line += bytes + (line[bytes] == '\n');
  }
  return tarn__cli_exit(status);
}

bool tarn__cli_int(const tarn_verb *verb, const char *option, const char *text, long low, long high,
                   long *value) {
  char *end;
  errno = 0;
  const long n = strtol(text, &end, 10);
  if (!*text || *end || errno || n < low || n > high) {
    tarn__cli_usage(verb, "%s needs a whole number from %ld to %ld, got '%s'", option, low, high,
                    text);
    return false;
  }
  *value = n;
  return true;
}

bool tarn__cli_real(const tarn_verb *verb, const char *option, const char *text, double low,
                    double high, double *value) {
  char *end;
  const double x = strtod(text, &end);
  if (!*text || *end || !isfinite(x) || x < low || x > high) {
    tarn__cli_usage(verb, "%s needs a number from %g to %g, got '%s'", option, low, high, text);
    return false;
  }
  *value = x;
  return true;
}

bool tarn__cli_bytes(const tarn_verb *verb, const char *option, const char *text, size_t *value) {
  char *end;
  errno = 0;
  const unsigned long long n = strtoull(text, &end, 10);
  int shift = 0;
  if (*end == 'K' || *end == 'k') shift = 10;
  if (*end == 'M' || *end == 'm') shift = 20;
  if (*end == 'G' || *end == 'g') shift = 30;
  if (shift) end++;
  if (*text < '0' || *text > '9' || *end || errno || n > (SIZE_MAX >> shift)) {
    tarn__cli_usage(verb, "%s needs a number of bytes such as 512M, got '%s'", option, text);
    return false;
  }
  *value = (size_t)n << shift;
  return true;
}

void tarn__cli_help(const tarn_verb *verb) {
  printf("tarn %s%s %s\n  %s\n", verb->name, verb->options ? " [options]" : "", verb->arguments,
         verb->help);
  if (verb->text) printf("\n%s\n", verb->text);
  if (verb->options) {
    printf("\nOptions:\n");
    for (const tarn_option *o = verb->options; o->name; o++) {
      char left[64];
      snprintf(left, sizeof left, "%s%s%s", o->name, o->argument ? " " : "",
               o->argument ? o->argument : "");
      printf(strlen(left) > 28 ? "  %s\n%31s%s\n" : "  %-28s%s%s\n", left,
             strlen(left) > 28 ? "" : " ", o->help);
    }
  }
  printf("\nExample:\n  %s\n", verb->example);
}
