/* `tarn demo resnet50`: the ImageNet ResNet-50, built here, with a checkpoint of the user's or with
 * seeded random weights, timed on a seeded picture. The time does not depend on the weights; the
 * classes mean something only with a checkpoint. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "demos/demo.h"
#include "demos/options.h"
#include "demos/resnet50/network.h"
#include "graph/session.h"

enum { MAX_RUNS = 10000, TOP = 5 };

/* ---- weights ------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

/* n numbers of N(0, width), the stream-th sequence of a seed. */
static void draw(uint64_t seed, uint64_t stream, float width, int64_t n, float *x) {
  tarn_philox philox;
  tarn__philox_init(&philox, seed, stream);
  for (int64_t i = 0; i < n; i += 4) {
    uint32_t words[4];
    float normal[4];
    tarn__philox_next(&philox, words);
    tarn__box_muller_float(words[0], words[1], &normal[0], &normal[1]);
    tarn__box_muller_float(words[2], words[3], &normal[2], &normal[3]);
    for (int64_t k = 0; k < 4 && i + k < n; k++) x[i + k] = width * normal[k];
  }
}

/* A variable without a checkpoint. Convolutions get the width sqrt(2 / fan in) (He et al. 2015,
 * "Delving deep", eq. 10), the last of each unit a quarter of it so that sixteen sums do not blow
 * up, the logits less, so that no class takes all; batch norm starts as the identity. */
static void fill(const char *name, uint64_t seed, uint64_t stream, const tarn_shape *shape,
                 float *x) {
  const int64_t n = tarn__shape_elements(shape);
  if (shape->rank == 4) {
    const float fan_in = (float)(shape->dim[0] * shape->dim[1] * shape->dim[2]);
    const float share = ends_in(name, "conv3/weights")    ? 0.25f
                        : ends_in(name, "logits/weights") ? 0.02f
                                                          : 1.0f;
    draw(seed, stream, share * sqrtf(2.0f / fan_in), n, x);
    return;
  }
  const float value = ends_in(name, "gamma") || ends_in(name, "moving_variance") ? 1.0f : 0.0f;
  for (int64_t i = 0; i < n; i++) x[i] = value;
}

/* Gives every variable of the graph its value: of the checkpoint's entry of its name, or drawn
 * where there is none open. */
static tarn_status set_weights(tarn_session *session, const tarn_graph *graph,
                               const tarn_checkpoint *checkpoint, uint64_t seed) {
  for (size_t i = 0; i < graph->count; i++) {
    const tarn_node *node = graph->nodes[i];
    if (strcmp(node->op_name, "VariableV2") != 0) continue;
    const tarn_shape *shape = tarn__attr_shape(&node->attrs, "shape");
    tarn_tensor *value = NULL;
    if (checkpoint) {
      TARN_TRY_IN(tarn_checkpoint_read(checkpoint, node->name, &value), "loading the variable '%s'",
                  node->name);
    } else {
      TARN_TRY(tarn_tensor_create(TARN_F32, shape->rank, shape->dim, &value));
      fill(node->name, seed, i, shape, tarn_tensor_data(value));
    }
    const tarn_status status = tarn__session_variable_set(session, node, value);
    tarn_tensor_release(value);
    TARN_TRY_IN(status, "setting the variable '%s'", node->name);
  }
  return TARN_OK;
}

/* ---- timing -------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_top(const float *p) {
  bool taken[TARN_RESNET50_CLASSES] = {false};
  printf("top classes:");
  for (int rank = 0; rank < TOP; rank++) {
    int best = -1;
    for (int k = 0; k < TARN_RESNET50_CLASSES; k++)
      if (!taken[k] && (best < 0 || p[k] > p[best])) best = k;
    taken[best] = true;
    printf("%s %d (%.1f %%)", rank ? "," : "", best, 100 * (double)p[best]);
  }
  putchar('\n');
}

/* Runs until `seconds` have passed, after one run that makes the plan. */
static tarn_status time_runs(tarn_session *session, int batch, uint64_t seed, double seconds,
                             const tarn_resnet50_size *size) {
  tarn_tensor *input = NULL, *output = NULL;
  tarn_status status = TARN_OK;
  double *ms = malloc(MAX_RUNS * sizeof *ms);
  if (!ms) return tarn_fail(TARN_NO_MEMORY, "%d times", MAX_RUNS);
  const int64_t dims[] = {batch, TARN_RESNET50_SIDE, TARN_RESNET50_SIDE, 3};
  TARN_GOTO(tarn_tensor_create(TARN_F32, 4, dims, &input));
  /* Noise of about the range of a picture less its mean colour, as slim feeds it. */
  draw(seed, UINT64_MAX, 50.0f, tarn_tensor_elements(input), tarn_tensor_data(input));
  const tarn_feed feed = {TARN_RESNET50_INPUT, input};
  const char *fetch = TARN_RESNET50_OUTPUT;
  double begin = tarn__demo_seconds();
  TARN_GOTO(tarn_session_run(session, &feed, 1, &fetch, 1, NULL, 0, &output));
  const double start = tarn__demo_seconds(), first = 1e3 * (start - begin);
  print_top(tarn_tensor_data_const(output));
  int runs = 0;
  while (runs < MAX_RUNS && (runs < 3 || tarn__demo_seconds() - start < seconds)) {
    tarn_tensor_release(output);
    output = NULL;
    begin = tarn__demo_seconds();
    TARN_GOTO(tarn_session_run(session, &feed, 1, &fetch, 1, NULL, 0, &output));
    ms[runs++] = 1e3 * (tarn__demo_seconds() - begin);
  }
  qsort(ms, (size_t)runs, sizeof *ms, by_size);
  const double median = ms[runs / 2];
  printf("first run (makes the plan): %.1f ms\n", first);
  printf("%d runs of batch %d: median %.2f ms, fastest %.2f, 90th percentile %.2f\n", runs, batch,
         median, ms[0], ms[(runs - 1) * 9 / 10]);
  printf("%.1f images/s, %.1f GFLOP/s\n", 1e3 * batch / median,
         2e-6 * (double)size->multiply_adds * batch / median);
done:
  tarn_tensor_release(output);
  tarn_tensor_release(input);
  free(ms);
  return status;
}

int tarn__demo_resnet50(int argc, char **argv) {
  const char *prefix = NULL;
  int batch = 1;
  uint64_t seed = 1;
  double seconds = 5;
  tarn_session_options session_options = {0};
  const tarn_demo_option rows[] = {
      {"--checkpoint", "PREFIX", TARN_OPTION_TEXT, &prefix,
       "weights under slim's names (resnet_v1_50/...)"},
      {"--batch", "N", TARN_OPTION_INT, &batch, "images a run; default 1"},
      {"--seconds", "S", TARN_OPTION_REAL, &seconds, "how long to time; default 5"},
      {"--seed", "N", TARN_OPTION_SEED, &seed,
       "of the picture, and of the weights where there is no checkpoint"},
      {"--threads", "N", TARN_OPTION_INT, &session_options.threads,
       "0: as many as the machine has"},
      {"--backend", "NAME", TARN_OPTION_TEXT, &session_options.backend,
       "reference, avx2 or openblas"},
      {0},
  };
  const tarn_demo_options options = {
      "tarn demo resnet50 [OPTIONS]",
      "Builds the ImageNet ResNet-50 v1 with the variable names of TF-Slim, loads a checkpoint "
      "where one is given,\n"
      "otherwise seeded random weights, and times it on 224 x 224 pictures.",
      "tarn demo resnet50 --checkpoint resnet_v1_50.ckpt --threads 2", rows};
  const int exit_now = tarn__demo_options(&options, argc, argv, NULL);
  if (exit_now >= 0) return exit_now;
  if (batch < 1 || batch > 1024) {
    fprintf(stderr, "tarn: demo resnet50: --batch goes from 1 to 1024\n");
    return TARN_DEMO_USAGE;
  }

  tarn_graph *graph = NULL;
  tarn_session *session = NULL;
  tarn_checkpoint *checkpoint = NULL;
  tarn_resnet50_size size;
  tarn_status status;
  TARN_GOTO(tarn__resnet50_build(tarn__allocator_default(), &graph, &size));
  TARN_GOTO(tarn__session_create(graph, NULL, &session_options, NULL, &session));
  printf("ResNet-50 v1: %zu nodes, %.1f million parameters, %.2f GFLOP an image\n", graph->count,
         1e-6 * (double)size.parameters, 2e-9 * (double)size.multiply_adds);
  if (prefix) TARN_GOTO(tarn_checkpoint_open(prefix, &checkpoint));
  TARN_GOTO(set_weights(session, graph, checkpoint, seed));
  if (prefix)
    printf("weights: %s\n", prefix);
  else
    printf("weights: random (seed %llu); the classes mean nothing, the times do\n",
           (unsigned long long)seed);
  TARN_GOTO(time_runs(session, batch, seed, seconds, &size));
done:
  tarn_checkpoint_close(checkpoint);
  tarn_session_destroy(session);
  tarn__graph_destroy(graph);
  return status == TARN_OK ? TARN_DEMO_OK : tarn__demo_error("resnet50", status);
}
