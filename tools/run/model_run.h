/* A model made ready to run, from the options that the verbs on models share: loaded, restored,
 * initialised, with the feeds and fetches of each step found. */
#ifndef TARN_TOOLS_RUN_MODEL_RUN_H
#define TARN_TOOLS_RUN_MODEL_RUN_H

#include "graph/session.h"
#include "loader/model/model.h"
#include "tools/cli.h"

/* Rows for a verb's table of options: all of them, or without what says what is run. */
#define TARN_MODEL_OPTIONS TARN_RUN_OPTIONS, TARN_SESSION_OPTIONS
#define TARN_RUN_OPTIONS                                                                          \
  {"--feed", "TENSOR=FILE",                                                                       \
   "feed a tensor from .npy or .json, or random:float32[1,28,28,1]; may be repeated"},            \
      {"--fetch", "TENSOR[=FILE]", "fetch a tensor, into a .npy or .json file; may be repeated"}, \
      {"--target", "OP", "run an op without a result; may be repeated"}, {                        \
    "--steps", "FILE.json",                                                                       \
        "run these steps in one session: [{\"feeds\": {}, \"fetches\": {}, \"targets\": []}]"     \
  }
#define TARN_SESSION_OPTIONS                                                                     \
  {"--checkpoint", "PREFIX", "restore variables from this checkpoint first"},                    \
      {"--init", "OP", "run this op after restoring; may be repeated"},                          \
      {"--signature", "NAME", "take inputs and outputs of this signature (serving_default)"},    \
      {"--tag", "NAME", "the meta graph of a SavedModel with this tag (serve)"},                 \
      {"--threads", "N", "threads, the caller included; 0: as many as the process may use"},     \
      {"--backend", "reference|openblas|avx2|avx512|cuda",                                       \
       "use this back end wherever it has a kernel"},                                            \
      {"--gpu-mem", "BYTES", "what may be taken of a GPU's memory; without it what is needed"},  \
      {"--log-placement", NULL, "with a GPU: where each node runs, and why, on standard error"}, \
      {"--time-limit", "S", "stop a run after so many seconds"},                                 \
      {"--memory-limit", "BYTES", "for tensors and plans; 512M and 2G are understood"},          \
      {"--memory", "[=low]",                                                                     \
       "=low: weights in no larger form than their own; explain alone: only the memory plan"},   \
      {"--precision", "f32|tf32|fp16|bf16|int8",                                                 \
       "let products round their factors, where that is faster (f32)"},                          \
      {"--tuning", "FILE",                                                                       \
       "measured kernel choices (tarn tune); none: only estimates. Default: the user's own"},    \
      {"--disable-pass", "NAME",                                                                 \
       "leave a pass of the optimiser out; all: every pass; may be repeated"},                   \
      {"--allow-files", NULL, "let ops of the graph read and write files"}, {                    \
    "--no-queue-runners", NULL,                                                                  \
        "start no threads that fill queues, even where a fetch waits for them"                   \
  }

typedef struct tarn_named {
  const char *name, *file;       /* file NULL: to the terminal */
} tarn_named;

/* One run: names as the user gave them, tensors of the feeds. */
typedef struct tarn_run_step {
  tarn_feed *feeds; size_t n_feeds;
  tarn_named *fetches; size_t n_fetches;
  const char **fetch_names;      /* the graph's names, by fetch */
  const char **targets; size_t n_targets;
} tarn_run_step;

typedef struct tarn_model_run {
  tarn_arena *arena;             /* everything below */
  const tarn_verb *verb;
  const char *path, *checkpoint, *signature, *tag, *steps_file;
  const char **init; size_t inits;
  tarn_named *feeds; size_t n_feeds;
  tarn_named *fetches; size_t n_fetches;
  const char **targets; size_t n_targets;
  const char **disabled; size_t n_disabled;   /* passes */
  tarn_session_options options;
  tarn_model *model;
  tarn_session *session;
  tarn_run_step *steps; size_t n_steps;
  bool no_queue_runners;
  const char *tuning;            /* a file; NULL: where it lies by default */
  bool log_placement;
  bool untuned;                  /* by estimate alone */
  tarn_trace *trace;             /* gets spans for loading and restoring; NULL: none. Borrowed. */
  tarn_queue_runners *queue_runners;   /* NULL: none are at work */
} tarn_model_run;

/* Loads the model and makes the session; Print ops go to standard error. */
tarn_status tarn__model_run_open(tarn_model_run *r);
/* Makes r->session for the model that is loaded, as the options say. */
tarn_status tarn__model_run_session(tarn_model_run *r);
/* Restores variables (--checkpoint, the prefix given as MODEL, a SavedModel's own) and runs the
 * --init ops. */
tarn_status tarn__model_run_restore(tarn_model_run *r);
/* Reads the feeds of all steps. Without --steps, --fetch and --target: the outputs of the
 * signature, or what nobody consumes. */
tarn_status tarn__model_run_steps(tarn_model_run *r);
/* Starts the model's queue runners when a step reaches a queue that they fill. Without them, a step
 * that waits at a queue for ever is told so (TARN_FAILED). */
tarn_status tarn__model_run_fill_queues(tarn_model_run *r);
/* Stops them. `status` is how the steps ended: where it is TARN_END or TARN_CANCELLED because a
 * thread that fills a queue failed, that failure is the result, with its message; where the steps
 * went well, it is printed. */
tarn_status tarn__model_run_end_queues(tarn_model_run *r, tarn_status status);

/* A step as the session takes it. `feeds`: the step's own, or those that stand in for more
 * (stand_in.h). */
static inline tarn_run_request tarn__run_step_request(const tarn_run_step *step, tarn_feed *feeds,
                                                      size_t n_feeds) {
  return (tarn_run_request){.feeds = feeds,
                            .n_feeds = n_feeds,
                            .fetches = step->fetch_names,
                            .n_fetches = step->n_fetches,
                            .targets = step->targets,
                            .n_targets = step->n_targets};
}

/* What a verb on a model has beyond the shared options. */
typedef struct tarn_model_work {
  /* Every option and operand comes by; one that is the verb's own is kept in `own`. false after a
   * message. NULL: there are none. */
  bool (*take)(void *own, const tarn_cli *cli, int option, const char *value);
  /* What the command line lacks, or NULL. The function NULL: a model is all that is wanted. */
  const char *(*lacks)(const void *own, const tarn_model_run *r);
  tarn_status (*work)(tarn_model_run *r, void *own);
  const char **second;           /* gets a second operand; NULL: MODEL is the only one */
} tarn_model_work;
/* The whole of such a verb: reads argv, works, and gives the exit status. */
int tarn__model_run_main(const tarn_verb *verb, int argc, char **argv, const tarn_model_work *how,
                         void *own);

#endif
