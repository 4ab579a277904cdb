/* What the verbs of the command share: their table, option parsing, messages and exit statuses.
 *
 * Each verb is one file, tools/cmd_<verb>.c, with its options in a table from which help, the man
 * page and the shell completions are made. Data goes to standard output, everything else to
 * standard error. */
#ifndef TARN_TOOLS_CLI_H
#define TARN_TOOLS_CLI_H

#include "core/status.h"

typedef enum tarn_exit {
  TARN_EXIT_OK = 0,
  TARN_EXIT_FAILED = 1,        /* failed, or a mismatch */
  TARN_EXIT_USAGE = 2,
  TARN_EXIT_UNSUPPORTED = 3,   /* an op: a line each on standard error */
  TARN_EXIT_CORRUPT = 4,       /* an unreadable or corrupt file */
  TARN_EXIT_LIMIT = 5          /* out of memory, or a limit */
} tarn_exit;

typedef struct tarn_option {
  const char *name;            /* "--feed" */
  const char *argument; /* "TENSOR=FILE"; NULL: a flag; "[=low]": a value is given with = or not at
                           all (then NULL) */
  const char *help;            /* one line */
} tarn_option;

typedef struct tarn_verb {
  const char *name;
  const char *arguments;       /* "MODEL" */
  const char *help;            /* one line */
  const char *text;            /* paragraphs for --help and the man page; may be NULL */
  const char *example;
  const tarn_option *options;  /* ended by an empty row; may be NULL. --help is every verb's. */
  int (*run)(int argc, char **argv);   /* argv[0] is the verb's name */
} tarn_verb;

/* In the order they are shown, ended by an empty row. */
extern const tarn_verb *const tarn__verbs[];

/* Walks over argv: options by name with their values ("--name value" or "--name=value"), and
 * operands. "--" ends options. */
typedef struct tarn_cli {
  const tarn_verb *verb;
  int argc, at;
  char **argv;
  bool ended;
} tarn_cli;
enum { TARN_CLI_END = -1, TARN_CLI_OPERAND = -2, TARN_CLI_ERROR = -3, TARN_CLI_HELP = -4 };
void tarn__cli_init(tarn_cli *cli, const tarn_verb *verb, int argc, char **argv);
/* The row of the option found (its value in *value), TARN_CLI_OPERAND (the word in *value),
 * TARN_CLI_END, or after a message TARN_CLI_ERROR (leave with TARN_EXIT_USAGE) and after printing
 * the help TARN_CLI_HELP (leave with TARN_EXIT_OK). */
int tarn__cli_next(tarn_cli *cli, const char **value);
/* Options by name, for a verb whose loop goes by it. */
bool tarn__cli_is(const tarn_cli *cli, int option, const char *name);

/* "tarn: <message>" with the verb's usage line; gives TARN_EXIT_USAGE. */
int tarn__cli_usage(const tarn_verb *verb, const char *format, ...) TARN_PRINTF(2, 3);
/* Prints tarn_error() for a failed status, no raw control bytes, and gives its exit status. */
int tarn__cli_fail(tarn_status status);
/* The exit status of a status. */
int tarn__cli_exit(tarn_status status);
/* Numbers as options: false after a message. */
bool tarn__cli_int(const tarn_verb *verb, const char *option, const char *text, long low, long high,
                   long *value);
bool tarn__cli_real(const tarn_verb *verb, const char *option, const char *text, double low,
                    double high, double *value);
/* "1024", "64K", "512M", "2G" (powers of 1024). */
bool tarn__cli_bytes(const tarn_verb *verb, const char *option, const char *text, size_t *value);

void tarn__cli_help(const tarn_verb *verb);

#endif
