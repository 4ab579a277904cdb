/* `tarn demo resnet`: digits drawn by us, read by the ResNet-20 that train.py trained.
 *
 * Three ways in: no argument draws digits, shows a few, counts how many of many are read right, and
 * repeats that on each back end; PNG files are read and shown; --mnist counts over idx files,
 * beside TensorFlow's count. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/status.h"
#include "demos/demo.h"
#include "demos/options.h"
#include "demos/resnet/digits.h"
#include "demos/resnet/pictures.h"
#include "demos/terminal.h"

enum { CLASSES = 10, BATCH = 50, TOP = 3, ACROSS = 3, MARGIN = 1 };
static const int shown_cols = TARN_DIGIT_SIDE - 2 * MARGIN; /* three pictures fit in 80 columns */

typedef struct flags {
  uint64_t seed;
  int count, show, threads;
  const char *backend, *mnist[2];
  bool check;
} flags;

/* ---- reading ------------------------------------------------------------------------------- */

static tarn_status open_session(const char *backend, int threads, tarn_session **session) {
  char path[4096];
  const tarn_session_options options = {.backend = backend, .threads = threads};
  return tarn__demo_session(tarn__demo_path("resnet/checkpoint/resnet", path, sizeof path),
                            &options, session);
}

/* ink [n, 28, 28] -> p [n, 10] */
static tarn_status classify(tarn_session *session, const float *ink, int n, float *p) {
  tarn_tensor *input = NULL, *output = NULL;
  tarn_status status;
  const int64_t dims[] = {n, TARN_DIGIT_SIDE, TARN_DIGIT_SIDE, 1};
  TARN_GOTO(tarn_tensor_create(TARN_F32, 4, dims, &input));
  memcpy(tarn_tensor_data(input), ink, tarn_tensor_bytes(input));
  const tarn_feed feed = {"input:0", input};
  TARN_GOTO(tarn_session_run(session, &feed, 1, (const char *[]){"probabilities:0"}, 1, NULL, 0,
                             &output));
  if (tarn_tensor_dtype(output) != TARN_F32 ||
      tarn_tensor_elements(output) != (int64_t)n * CLASSES) {
    status = tarn_fail(TARN_CORRUPT, "probabilities:0: expected %d x %d floats", n, CLASSES);
    goto done;
  }
  memcpy(p, tarn_tensor_data_const(output), tarn_tensor_bytes(output));
done:
  tarn_tensor_release(output);
  tarn_tensor_release(input);
  return status;
}

/* The likeliest class; the first of equals, as TensorFlow's argmax. */
static int best_of(const float *p) {
  int best = 0;
  for (int k = 1; k < CLASSES; k++)
    if (p[k] > p[best]) best = k;
  return best;
}

/* ---- showing ------------------------------------------------------------------------------- */

/* Up to ACROSS pictures side by side, each over its captions and the bars of its top classes. */
static void show_row(const float *ink, const float *p, const char *const *captions, int n,
                     bool shades) {
  for (int r = MARGIN; r < TARN_DIGIT_SIDE - MARGIN; r += 2) {
    for (int i = 0; i < n; i++) {
      const float *upper = ink + i * TARN_DIGIT_PIXELS + r * TARN_DIGIT_SIDE + MARGIN;
      tarn__terminal_half_blocks(upper, upper + TARN_DIGIT_SIDE, shown_cols, shades);
      putchar(i + 1 < n ? ' ' : '\n');
    }
  }
  for (int i = 0; i < n; i++)
    printf("%-*.*s%c", shown_cols, shown_cols, captions[i], i + 1 < n ? ' ' : '\n');
  bool taken[ACROSS][CLASSES] = {{false}};
  for (int rank = 0; rank < TOP; rank++)
    for (int i = 0; i < n; i++) {
      int best = -1;
      for (int k = 0; k < CLASSES; k++)
        if (!taken[i][k] && (best < 0 || p[i * CLASSES + k] > p[i * CLASSES + best])) best = k;
      taken[i][best] = true;
      const double share = (double)p[i * CLASSES + best];
      printf("%d ", best);
      tarn__terminal_bar(share, shown_cols - 10);
      printf(" %5.1f %%%c", 100 * share, i + 1 < n ? ' ' : '\n');
    }
  putchar('\n');
}

/* n pictures, ACROSS a row; captions NULL: "drawn as <label>". */
static tarn_status show(tarn_session *session, const float *ink, const int *labels,
                        const char *const *captions, int n) {
  const bool shades = tarn__terminal_shades();
  for (int i = 0; i < n; i += ACROSS) {
    const int here = n - i < ACROSS ? n - i : ACROSS;
    float p[ACROSS * CLASSES];
    char text[ACROSS][32];
    const char *words[ACROSS];
    for (int k = 0; k < here; k++) {
      if (!captions) snprintf(text[k], sizeof text[k], "drawn as %d", labels[i + k]);
      words[k] = captions ? captions[i + k] : text[k];
    }
    TARN_TRY(classify(session, ink + i * TARN_DIGIT_PIXELS, here, p));
    show_row(ink + i * TARN_DIGIT_PIXELS, p, words, here, shades);
  }
  return TARN_OK;
}

/* ---- counting ------------------------------------------------------------------------------ */

typedef struct tally {
  int read, right;
  double ms_batched,
      ms_alone; /* an image, in batches of BATCH and one at a time; 0: not measured */
} tally;

/* Reads pictures until all n are read or `seconds` have passed. classes [n] gets what each was read
 * as. */
static tarn_status count_right(tarn_session *session, const float *ink, const int *labels, int n,
                               double seconds, int *classes, tally *t) {
  float p[BATCH * CLASSES];
  *t = (tally){0};
  TARN_TRY(classify(session, ink, n < BATCH ? n : BATCH, p)); /* makes the plan */
  const double start = tarn__demo_seconds();
  double now = start;
  while (t->read < n && now - start < seconds) {
    const int here = n - t->read < BATCH ? n - t->read : BATCH;
    TARN_TRY(classify(session, ink + (size_t)t->read * TARN_DIGIT_PIXELS, here, p));
    for (int i = 0; i < here; i++) {
      classes[t->read + i] = best_of(p + i * CLASSES);
      t->right += classes[t->read + i] == labels[t->read + i];
    }
    t->read += here;
    now = tarn__demo_seconds();
  }
  t->ms_batched = t->read ? 1e3 * (now - start) / t->read : 0;
  return TARN_OK;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median time of a picture alone. */
static tarn_status time_alone(tarn_session *session, const float *ink, int n, double *ms) {
  enum { RUNS = 51 };
  double times[RUNS];
  float p[CLASSES];
  int runs = 0;
  TARN_TRY(classify(session, ink, 1, p)); /* makes the plan */
  const double start = tarn__demo_seconds();
  while (runs < RUNS && (runs < 3 || tarn__demo_seconds() - start < 1.0)) {
    const double begin = tarn__demo_seconds();
    TARN_TRY(classify(session, ink + (size_t)(runs % n) * TARN_DIGIT_PIXELS, 1, p));
    times[runs++] = 1e3 * (tarn__demo_seconds() - begin);
  }
  qsort(times, (size_t)runs, sizeof *times, by_size);
  *ms = times[runs / 2];
  return TARN_OK;
}

/* One line of the table; a back end that this machine or build lacks says so and is no failure. */
static tarn_status compare(const char *backend, const flags *f, const float *ink, const int *labels,
                           const int *expected, int *classes) {
  tarn_session *session = NULL;
  tally t = {0};
  tarn_status status = open_session(backend, f->threads, &session);
  if (status == TARN_OK) status = count_right(session, ink, labels, f->count, 5.0, classes, &t);
  if (status == TARN_OK) status = time_alone(session, ink, f->count, &t.ms_alone);
  tarn_session_destroy(session);
  if (status == TARN_NO_MEMORY || status == TARN_CORRUPT || status == TARN_IO) return status;
  if (status != TARN_OK) {
    const char *why = tarn_error();
    printf("%-10s  not here: %.*s\n", backend, (int)strcspn(why, "\n"), why);
    return TARN_OK;
  }
  int same = 0;
  for (int i = 0; i < t.read; i++) same += classes[i] == expected[i];
  printf("%-10s %8d %9.1f %% %11d %14.3f %14.3f\n", backend, t.read, 100.0 * t.right / t.read, same,
         t.ms_alone, t.ms_batched);
  return TARN_OK;
}

/* ---- the three ways in --------------------------------------------------------------------- */

static tarn_status own_digits(tarn_session *session, const flags *f, bool *good) {
  const size_t n = (size_t)(f->count > f->show ? f->count : f->show);
  float *ink = malloc(n * TARN_DIGIT_PIXELS * sizeof *ink);
  int *labels = malloc(3 * n * sizeof *labels), *classes = labels + n, *others = labels + 2 * n;
  tarn_status status = TARN_OK;
  if (!ink || !labels) {
    status = tarn_fail(TARN_NO_MEMORY, "%zu pictures", n);
    goto done;
  }
  for (size_t i = 0; i < n; i++) {
    tarn_digit digit;
    tarn__digit_draw(f->seed, i, &digit);
    labels[i] = digit.label;
    memcpy(ink + i * TARN_DIGIT_PIXELS, digit.ink, sizeof digit.ink);
  }
  TARN_GOTO(show(session, ink, labels, NULL, f->show));
  if (f->count == 0) goto done;
  tally t;
  TARN_GOTO(count_right(session, ink, labels, f->count, HUGE_VAL, classes, &t));
  TARN_GOTO(time_alone(session, ink, f->count, &t.ms_alone));
  printf("%d of %d digits drawn by the demo are read right: %.1f %%\n", t.right, t.read,
         100.0 * t.right / t.read);
  printf("%.3f ms an image alone, %.3f ms in batches of %d\n\n", t.ms_alone, t.ms_batched, BATCH);
  *good = t.right * 100 >= t.read * 95;
  if (f->backend) goto done;
  printf("%-10s %8s %11s %11s %14s %14s\n", "back end", "digits", "right", "as default", "ms alone",
         "ms in batches");
  printf("%-10s %8d %9.1f %% %11d %14.3f %14.3f\n", "default", t.read, 100.0 * t.right / t.read,
         t.read, t.ms_alone, t.ms_batched);
  static const char *const backends[] = {"avx512", "avx2", "openblas", "reference"};
  for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
    TARN_GOTO(compare(backends[i], f, ink, labels, classes, others));
done:
  free(labels);
  free(ink);
  return status;
}

static tarn_status own_pictures(tarn_session *session, char **paths, int n) {
  for (int i = 0; i < n; i++) {
    float ink[TARN_DIGIT_PIXELS], p[CLASSES];
    TARN_TRY(tarn__picture_read_png(paths[i], ink));
    const char *slash = strrchr(paths[i], '/'), *caption = slash ? slash + 1 : paths[i];
    TARN_TRY(show(session, ink, NULL, &caption, 1));
    TARN_TRY(classify(session, ink, 1, p));
    printf("%s: %d\n\n", paths[i], best_of(p));
  }
  return TARN_OK;
}

/* Counts over idx files; for the files that train.py recorded, TensorFlow's count beside it. */
static tarn_status handwriting(tarn_session *session, const flags *f, bool *good) {
  tarn_idx images = {0}, labels = {0};
  float *ink = NULL;
  int *truth = NULL;
  tarn_status status;
  TARN_GOTO(tarn__idx_read(f->mnist[0], 3, &images));
  TARN_GOTO(tarn__idx_read(f->mnist[1], 1, &labels));
  if (images.dims[0] < 1 || images.dims[0] != labels.dims[0] || images.dims[1] != TARN_DIGIT_SIDE ||
      images.dims[2] != TARN_DIGIT_SIDE) {
    status = tarn_fail(
        TARN_SHAPE, "expected N images of 28 x 28 and N labels, got [%lld, %lld, %lld] and [%lld]",
        (long long)images.dims[0], (long long)images.dims[1], (long long)images.dims[2],
        (long long)labels.dims[0]);
    goto done;
  }
  const size_t n = (size_t)images.dims[0];
  ink = malloc(images.bytes * sizeof *ink);
  truth = malloc(2 * n * sizeof *truth);
  if (!ink || !truth) {
    status = tarn_fail(TARN_NO_MEMORY, "%zu images", n);
    goto done;
  }
  for (size_t i = 0; i < images.bytes; i++) ink[i] = (float)images.data[i] / 255.0f;
  for (size_t i = 0; i < n; i++) truth[i] = labels.data[i];
  tally t;
  TARN_GOTO(count_right(session, ink, truth, (int)n, HUGE_VAL, truth + n, &t));
  printf("%d of %d images are read right: %.2f %%, %.3f ms an image in batches of %d\n", t.right,
         t.read, 100.0 * t.right / t.read, t.ms_batched, BATCH);
  double recorded_right, recorded_sum, held_out, held_out_right;
  const char *record = "resnet/recorded.json";
  if (tarn__demo_recorded(record, "whole_file.crc32", &recorded_sum) &&
      (double)crc32(0, images.data, (uInt)images.bytes) == recorded_sum &&
      tarn__demo_recorded(record, "whole_file.right", &recorded_right) &&
      tarn__demo_recorded(record, "held_out.images", &held_out) &&
      tarn__demo_recorded(record, "held_out.right", &held_out_right)) {
    int right = 0;
    for (size_t i = n - (size_t)held_out; i < n; i++) right += truth[n + i] == truth[i];
    *good = t.right == (int)recorded_right && right == (int)held_out_right;
    printf("TensorFlow, same checkpoint and images: %.0f (%s)\n", recorded_right,
           *good ? "equal to the last image" : "they differ");
    printf("of the last %.0f, held out from training: %d, TensorFlow's %.0f\n", held_out, right,
           held_out_right);
  }
done:
  free(truth);
  free(ink);
  free(labels.data);
  free(images.data);
  return status;
}

int tarn__demo_resnet(int argc, char **argv) {
  flags f = {.seed = 1, .count = 1000, .show = 6};
  const tarn_demo_option rows[] = {
      {"--seed", "N", TARN_OPTION_SEED, &f.seed, "of the drawn digits; default 1"},
      {"--count", "N", TARN_OPTION_INT, &f.count, "digits to draw and read; default 1000"},
      {"--show", "N", TARN_OPTION_INT, &f.show, "digits to show; default 6"},
      {"--mnist", "IMAGES LABELS", TARN_OPTION_PAIR, f.mnist,
       "count over idx files (gzipped or not) instead"},
      {"--threads", "N", TARN_OPTION_INT, &f.threads, "0: as many as the machine has"},
      {"--backend", "NAME", TARN_OPTION_TEXT, &f.backend,
       "this one only: reference, avx2 or openblas"},
      {"--check", NULL, TARN_OPTION_FLAG, &f.check,
       "exit 1 unless 95 % are right; with --mnist, as TensorFlow"},
      {0},
  };
  const tarn_demo_options options = {
      "tarn demo resnet [OPTIONS] [PICTURE.png...]",
      "Reads digits with a ResNet-20 that TensorFlow trained on handwriting: digits that the demo "
      "draws, your own\n"
      "pictures (any size, dark on light or light on dark), or idx files.",
      "tarn demo resnet --seed 7 --show 9", rows};
  int words;
  const int exit_now = tarn__demo_options(&options, argc, argv, &words);
  if (exit_now >= 0) return exit_now;
  if (f.count > 1000000 || f.show > 1000) {
    fprintf(stderr, "tarn: demo resnet: --count goes to 1000000 and --show to 1000\n");
    return TARN_DEMO_USAGE;
  }

  tarn_session *session = NULL;
  bool good = words > 0; /* pictures have no figure to check */
  tarn_status status = open_session(f.backend, f.threads, &session);
  if (status == TARN_OK)
    status = words > 0    ? own_pictures(session, argv + 1, words)
             : f.mnist[0] ? handwriting(session, &f, &good)
                          : own_digits(session, &f, &good);
  tarn_session_destroy(session);
  if (status != TARN_OK) return tarn__demo_error("resnet", status);
  return f.check && !good ? TARN_DEMO_FAILED : TARN_DEMO_OK;
}
