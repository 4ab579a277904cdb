/* `tarn demo lstm`: text, character by character, from the two-layer LSTM that train.py trained.
 *
 * The state goes in and out of every run: what a run gives as new_c0, new_h0, new_c1, new_h1 is fed
 * to the next as state_c0 ... state_h1. The prompt is one run of [1, T]; then each character is a
 * run of [1, 1]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "core/status.h"
#include "demos/demo.h"
#include "demos/options.h"

enum { STATES = 4, CHUNK = 512 }; /* CHUNK: characters a run when a text is measured */

static const char *const state_names[STATES] = {"state_c0:0", "state_h0:0", "state_c1:0",
                                                "state_h1:0"};

typedef struct vocabulary {
  int classes;
  unsigned char code[256]; /* of a class */
  int class_of[256];       /* of a code; -1: none */
} vocabulary;

/* A session and the state that the next run starts from; state[0] NULL: zeros. */
typedef struct writer {
  tarn_session *session;
  vocabulary vocabulary;
  tarn_tensor *state[STATES];
} writer;

static tarn_status vocabulary_load(vocabulary *v) {
  char path[4096], *text = NULL;
  size_t bytes;
  TARN_TRY(
      tarn__demo_read(tarn__demo_path("lstm/vocabulary.txt", path, sizeof path), &text, &bytes));
  v->classes = 0;
  for (int i = 0; i < 256; i++) v->class_of[i] = -1;
  tarn_status status = TARN_OK;
  for (char *at = text, *end; status == TARN_OK; at = end) {
    const long code = strtol(at, &end, 10);
    if (end == at) break;
    if (code < 0 || code > 255 || v->class_of[code] >= 0) {
      status =
          tarn_fail(TARN_CORRUPT, "%s: expected distinct codes from 0 to 255, got %ld", path, code);
      break;
    }
    v->class_of[code] = v->classes;
    v->code[v->classes++] = (unsigned char)code;
  }
  if (status == TARN_OK && v->classes == 0)
    status = tarn_fail(TARN_CORRUPT, "%s: no character codes", path);
  free(text);
  return status;
}

static void forget(writer *w) {
  for (int i = 0; i < STATES; i++) {
    tarn_tensor_release(w->state[i]);
    w->state[i] = NULL;
  }
}

/* Every character must be one that the network knows. */
static tarn_status check_text(const vocabulary *v, const char *what, const char *text,
                              size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    if (v->class_of[(unsigned char)text[i]] < 0)
      return tarn_fail(
          TARN_INVALID,
          "%s: byte %zu (0x%02x) is not among the %d characters that the network knows", what, i,
          (unsigned)(unsigned char)text[i], v->classes);
  return TARN_OK;
}

/* Feeds `count` characters, carries the state on, and gives `fetch` ("logits:0" or
 * "probabilities:0"), [1, count, V]. */
static tarn_status feed(writer *w, const char *text, size_t count, const char *fetch,
                        tarn_tensor **fetched) {
  tarn_tensor *input = NULL, *out[1 + STATES] = {NULL};
  tarn_status status;
  TARN_GOTO(tarn_tensor_create(TARN_I32, 2, (const int64_t[]){1, (int64_t)count}, &input));
  int32_t *classes = tarn_tensor_data(input);
  for (size_t i = 0; i < count; i++) classes[i] = w->vocabulary.class_of[(unsigned char)text[i]];
  tarn_feed feeds[1 + STATES] = {{"input:0", input}};
  size_t fed = 1;
  for (int i = 0; i < STATES && w->state[0]; i++)
    feeds[fed++] = (tarn_feed){state_names[i], w->state[i]};
  const char *fetches[1 + STATES] = {fetch, "new_c0:0", "new_h0:0", "new_c1:0", "new_h1:0"};
  TARN_GOTO(tarn_session_run(w->session, feeds, fed, fetches, 1 + STATES, NULL, 0, out));
  if (tarn_tensor_dtype(out[0]) != TARN_F32 ||
      tarn_tensor_elements(out[0]) != (int64_t)count * w->vocabulary.classes) {
    status = tarn_fail(
        TARN_CORRUPT, "%s: expected %d float classes for each of %zu characters, got %lld elements",
        fetch, w->vocabulary.classes, count, (long long)tarn_tensor_elements(out[0]));
    goto done;
  }
  forget(w);
  for (int i = 0; i < STATES; i++) w->state[i] = tarn_tensor_retain(out[1 + i]);
  *fetched = tarn_tensor_retain(out[0]);
done:
  for (int i = 0; i < 1 + STATES; i++) tarn_tensor_release(out[i]);
  tarn_tensor_release(input);
  return status;
}

/* exp of the mean of -log p(next character), the first character given, the state carried from run
 * to run; the same arithmetic as train.py: the log-softmax in double from the float logits. */
static tarn_status perplexity(writer *w, const char *text, size_t bytes, double *result) {
  double total = 0;
  const int classes = w->vocabulary.classes;
  forget(w);
  for (size_t at = 0; at + 1 < bytes;) {
    const size_t left = bytes - 1 - at, count = left < CHUNK ? left : CHUNK;
    tarn_tensor *logits;
    TARN_TRY(feed(w, text + at, count, "logits:0", &logits));
    const float *z = tarn_tensor_data_const(logits);
    for (size_t i = 0; i < count; i++, z += classes) {
      double max = z[0], sum = 0;
      for (int k = 1; k < classes; k++) max = z[k] > max ? (double)z[k] : max;
      for (int k = 0; k < classes; k++) sum += exp((double)z[k] - max);
      total += log(sum) + max - (double)z[w->vocabulary.class_of[(unsigned char)text[at + i + 1]]];
    }
    tarn_tensor_release(logits);
    at += count;
  }
  *result = exp(total / (double)(bytes - 1));
  return TARN_OK;
}

/* A class drawn from p^(1/temperature), `uniform` in [0, 1); temperature 0 takes the likeliest. */
static int draw(const float *p, int classes, double temperature, double uniform) {
  int best = 0;
  for (int k = 1; k < classes; k++)
    if (p[k] > p[best]) best = k;
  if (temperature <= 0) return best;
  double sum = 0, weight[256];
  for (int k = 0; k < classes; k++) /* relative to the best: no overflow however cold */
    sum += weight[k] = pow((double)p[k] / (double)p[best], 1 / temperature);
  double left = uniform * sum;
  for (int k = 0; k < classes; k++)
    if ((left -= weight[k]) < 0) return k;
  return best;
}

static tarn_status stream(writer *w, const char *prompt, int length, double temperature,
                          uint64_t seed) {
  const int classes = w->vocabulary.classes;
  tarn_philox philox;
  tarn__philox_init(&philox, seed, 0);
  tarn_tensor *p;
  fputs(prompt, stdout);
  fflush(stdout);
  forget(w);
  TARN_TRY(feed(w, prompt, strlen(prompt), "probabilities:0", &p));
  double start = tarn__demo_seconds();
  for (int i = 0; i < length; i++) {
    uint32_t words[4];
    tarn__philox_next(&philox, words);
    const float *last =
        (const float *)tarn_tensor_data_const(p) + tarn_tensor_elements(p) - classes;
    const int next = draw(last, classes, temperature, tarn__uint64_to_double(words[0], words[1]));
    const char c = (char)w->vocabulary.code[next];
    tarn_tensor_release(p);
    putchar(c);
    fflush(stdout);
    if (i == 0)
      start = tarn__demo_seconds(); /* the first run with one character also makes its plan */
    TARN_TRY(feed(w, &c, 1, "probabilities:0", &p));
  }
  const double seconds = tarn__demo_seconds() - start;
  tarn_tensor_release(p);
  if (length > 1) printf("\n\n%d characters, %.0f characters/s\n", length, length / seconds);
  return TARN_OK;
}

/* The perplexity of `path`; beside TensorFlow's for the page that ships. *close: whether three
 * digits agree. */
static tarn_status measure(writer *w, const char *path, bool is_page, bool *close) {
  char *text = NULL;
  size_t bytes;
  double ours, theirs;
  TARN_TRY(tarn__demo_read(path, &text, &bytes));
  tarn_status status = bytes < 2
                           ? tarn_fail(TARN_INVALID, "%s: expected at least two characters", path)
                           : check_text(&w->vocabulary, path, text, bytes);
  if (status == TARN_OK) status = perplexity(w, text, bytes, &ours);
  free(text);
  TARN_TRY(status);
  printf("perplexity of %s (%zu characters): %.6f\n", is_page ? "page.txt" : path, bytes, ours);
  if (is_page && tarn__demo_recorded("lstm/recorded.json", "page.perplexity", &theirs)) {
    /* Half a unit of the third digit is at least 0.0005 of the value. */
    *close = fabs(ours - theirs) <= 5e-4 * theirs;
    printf("TensorFlow's, same checkpoint and page:       %.6f  (%s)\n", theirs,
           *close ? "equal to three digits" : "they differ");
  }
  return TARN_OK;
}

int tarn__demo_lstm(int argc, char **argv) {
  const char *prompt = "MIRABEL:\n", *file = NULL;
  double temperature = 0.7;
  uint64_t seed = 1;
  int length = 600;
  bool check = false;
  tarn_session_options session_options = {0};
  const tarn_demo_option rows[] = {
      {"--prompt", "TEXT", TARN_OPTION_TEXT, &prompt, "what the text begins with"},
      {"--temperature", "T", TARN_OPTION_REAL, &temperature,
       "0 takes the likeliest character; default 0.7"},
      {"--seed", "N", TARN_OPTION_SEED, &seed,
       "of the choices; the same seed writes the same text"},
      {"--length", "N", TARN_OPTION_INT, &length, "characters to write; default 600"},
      {"--text", "FILE", TARN_OPTION_TEXT, &file,
       "write nothing; print the perplexity of this text"},
      {"--threads", "N", TARN_OPTION_INT, &session_options.threads,
       "0: as many as the machine has"},
      {"--backend", "NAME", TARN_OPTION_TEXT, &session_options.backend,
       "reference, avx2 or openblas"},
      {"--check", NULL, TARN_OPTION_FLAG, &check,
       "exit 1 unless the perplexity equals TensorFlow's to three digits"},
      {0},
  };
  const tarn_demo_options options = {
      "tarn demo lstm [OPTIONS]",
      "Writes text with a 2 x 192 LSTM that TensorFlow trained on Shakespeare, a character a run, "
      "the state\n"
      "carried from run to run; then its speed and the perplexity of a page beside TensorFlow's.",
      "tarn demo lstm --prompt 'ROMEO:' --temperature 0.5 --seed 7", rows};
  const int exit_now = tarn__demo_options(&options, argc, argv, NULL);
  if (exit_now >= 0) return exit_now;

  writer w = {0};
  bool close = file != NULL; /* a text of the user has no figure to equal */
  char path[4096];
  tarn_status status = vocabulary_load(&w.vocabulary);
  if (status == TARN_OK)
    status = prompt[0] ? check_text(&w.vocabulary, "--prompt", prompt, strlen(prompt))
                       : tarn_fail(TARN_INVALID, "--prompt: expected at least one character");
  if (status == TARN_OK)
    status = tarn__demo_session(tarn__demo_path("lstm/checkpoint/lstm", path, sizeof path),
                                &session_options, &w.session);
  if (status == TARN_OK && !file) status = stream(&w, prompt, length, temperature, seed);
  if (status == TARN_OK)
    status = measure(&w, file ? file : tarn__demo_path("lstm/page.txt", path, sizeof path), !file,
                     &close);
  forget(&w);
  tarn_session_destroy(w.session);
  if (status != TARN_OK) return tarn__demo_error("lstm", status);
  return check && !close ? TARN_DEMO_FAILED : TARN_DEMO_OK;
}
