/* The options of a demo: one table, from which parsing and --help both come. */
#ifndef TARN_DEMOS_OPTIONS_H
#define TARN_DEMOS_OPTIONS_H

typedef enum tarn_demo_option_kind {
  TARN_OPTION_FLAG, /* bool * */
  TARN_OPTION_INT,  /* int *, at least 0 */
  TARN_OPTION_SEED, /* uint64_t * */
  TARN_OPTION_REAL, /* double *, finite and at least 0 */
  TARN_OPTION_TEXT, /* const char ** */
  TARN_OPTION_PAIR  /* const char *[2]: two values */
} tarn_demo_option_kind;

typedef struct tarn_demo_option {
  const char *name;  /* "--seed" */
  const char *value; /* "N"; NULL for a flag */
  tarn_demo_option_kind kind;
  void *target; /* keeps its value where the option is not given */
  const char *help;
} tarn_demo_option;

typedef struct tarn_demo_options {
  const char *usage;            /* "tarn demo lstm [OPTIONS]" */
  const char *about;            /* a line or two */
  const char *example;          /* a command line */
  const tarn_demo_option *rows; /* ended by a row without a name */
} tarn_demo_options;

/* Reads argv[1..]; "--name value" and "--name=value". Plain words are moved to the front of
 * argv[1..] and counted in *words; NULL: there may be none. Returns -1 to go on, else the exit
 * status to leave with: 0 after --help, 2 after a mistake (explained on standard error). */
int tarn__demo_options(const tarn_demo_options *options, int argc, char **argv, int *words);

#endif
