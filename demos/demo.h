/* The bundled demos: what `tarn demo` lists and runs, and what they share.
 *
 * A demo is a program of its own in all but main(): it parses its options (argv[0] is its name),
 * prints to standard output, says what went wrong on standard error, and returns the command's exit
 * status. Demos use the public interface, as any program would; only the digits' randomness and the
 * ResNet-50 builder look inside. */
#ifndef TARN_DEMOS_DEMO_H
#define TARN_DEMOS_DEMO_H

#include <stddef.h>

#include "tarn.h"

typedef struct tarn_demo {
  const char *name;
  const char *help;                   /* one line */
  int (*main)(int argc, char **argv); /* returns the exit status */
} tarn_demo;

/* Ended by a row without a name. */
extern const tarn_demo tarn__demos[];

int tarn__demo_resnet(int argc, char **argv);
int tarn__demo_resnet50(int argc, char **argv);
int tarn__demo_lstm(int argc, char **argv);

/* ---- shared by the demos (demos.c) --------------------------------------------------------- */

/* The command's exit statuses. */
enum {
  TARN_DEMO_OK = 0,
  TARN_DEMO_FAILED = 1,
  TARN_DEMO_USAGE = 2,
  TARN_DEMO_UNSUPPORTED = 3,
  TARN_DEMO_CORRUPT = 4,
  TARN_DEMO_LIMIT = 5
};
int tarn__demo_exit(tarn_status status);
/* Prints the library's last error under the demo's name and gives the exit status. */
int tarn__demo_error(const char *demo, tarn_status status);

/* The path of a demo's file, such as "lstm/page.txt": under $TARN_DATA where that is set, else
 * where the demos are installed, else in the source tree that this was built from. Writes it to
 * `path` [bytes] and returns it. */
const char *tarn__demo_path(const char *file, char *path, size_t bytes);

/* A whole file, zero-terminated, up to 1 GiB; the caller frees it. TARN_IO when it cannot be read.
 */
TARN_MUST_CHECK tarn_status tarn__demo_read(const char *path, char **text, size_t *bytes);

/* A number of recorded.json, by a path such as "page.perplexity". false when it is not there. */
bool tarn__demo_recorded(const char *file, const char *key, double *value);

/* Loads the model at `prefix` (its .meta) and makes a session with its checkpoint restored. */
TARN_MUST_CHECK tarn_status tarn__demo_session(const char *prefix,
                                               const tarn_session_options *options,
                                               tarn_session **session);

/* Seconds of a clock that only goes forward. */
double tarn__demo_seconds(void);

#endif
