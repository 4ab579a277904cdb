/* tarn: run TensorFlow graphs and checkpoints from C.
 *
 * The one public header. A program loads a model, makes a session and runs it:
 *
 *   tarn_model *model;  tarn_session *session;  tarn_tensor *y;
 *   tarn_model_load("model.meta", NULL, &model);
 *   tarn_session_create(model, NULL, &session);
 *   tarn_session_restore(session, "model.ckpt");
 *   tarn_session_run(session, &(tarn_feed){"x:0", x}, 1, (const char *[]){"y:0"}, 1, NULL, 0, &y);
 *
 * Rules that hold for every function:
 *  - A function that can fail returns a tarn_status; the text of the last failure on this thread is
 *    tarn_error(). Outputs are written only on success. The library never prints, aborts or exits.
 *  - Arguments are borrowed for the call. What `create` or `load` gave is ended by `destroy`;
 *    tensors are reference counted: `create` gives one reference, `retain` adds, `release` drops.
 *    `destroy` and `release` accept NULL.
 *  - Models are immutable once loaded and may be shared by threads. tarn_session_run may be called
 *    from many threads at once. Tensors handed out by a run are the caller's alone.
 *  - Strings are UTF-8; a name "node" means "node:0". */
#ifndef TARN_H
#define TARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TARN_API __attribute__((visibility("default")))
#define TARN_MUST_CHECK __attribute__((warn_unused_result))
#define TARN_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define TARN_API
#define TARN_MUST_CHECK
#define TARN_PRINTF(f, a)
#endif

#define TARN_VERSION_MAJOR 0
#define TARN_VERSION_MINOR 1
#define TARN_VERSION_PATCH 0
/* "0.1.0": the version of the library that is loaded. */
TARN_API const char *tarn_version(void);

/* ---- status ------------------------------------------------------------------------------- */

/* X(name, text): one row a code. */
#define TARN_STATUS_MAP(X)                               \
  X(TARN_OK, "ok")                                       \
  X(TARN_INVALID, "invalid argument")                    \
  X(TARN_SHAPE, "shapes do not fit")                     \
  X(TARN_DTYPE, "types do not fit")                      \
  X(TARN_NOT_FOUND, "not found")                         \
  X(TARN_UNSUPPORTED, "unsupported")                     \
  X(TARN_CORRUPT, "corrupt or unreadable file")          \
  X(TARN_IO, "input or output failed")                   \
  X(TARN_NO_MEMORY, "out of memory")                     \
  X(TARN_LIMIT, "a limit was reached")                   \
  X(TARN_FAILED, "the computation failed")               \
  X(TARN_REFUSED, "not allowed by the session's options")\
  X(TARN_CANCELLED, "cancelled")                         \
  X(TARN_END, "end of data")

typedef enum tarn_status {
#define X(name, text) name,
  TARN_STATUS_MAP(X)
#undef X
} tarn_status;

/* The fixed text of a code, such as "shapes do not fit". */
TARN_API const char *tarn_status_text(tarn_status status);
/* The text of this thread's last failure: what, where, and what was expected, one line and then an
 * indented line for each context. Valid until the next failure on this thread. Never NULL. */
TARN_API const char *tarn_error(void);

/* ---- memory ------------------------------------------------------------------------------- */

/* Where memory comes from. alloc returns NULL when there is none; `align` is a power of two, at
 * least 16. free gets the size that alloc was asked for. Both are called from many threads. */
typedef struct tarn_allocator {
  void *(*alloc)(void *context, size_t bytes, size_t align);
  void (*free)(void *context, void *memory, size_t bytes);
  void *context;
} tarn_allocator;

/* ---- dtypes and tensors ------------------------------------------------------------------- */

/* X(name, TensorFlow's number, bytes an element in memory, TensorFlow's name). Strings are
 * tarn_string elements; resources and variants are counted references. */
#define TARN_DTYPE_MAP(X)             \
  X(TARN_F32, 1, 4, "float")          \
  X(TARN_F64, 2, 8, "double")         \
  X(TARN_I32, 3, 4, "int32")          \
  X(TARN_U8, 4, 1, "uint8")           \
  X(TARN_I16, 5, 2, "int16")          \
  X(TARN_I8, 6, 1, "int8")            \
  X(TARN_STRING, 7, 16, "string")     \
  X(TARN_C64, 8, 8, "complex64")      \
  X(TARN_I64, 9, 8, "int64")          \
  X(TARN_BOOL, 10, 1, "bool")         \
  X(TARN_QI8, 11, 1, "qint8")         \
  X(TARN_QU8, 12, 1, "quint8")        \
  X(TARN_QI32, 13, 4, "qint32")       \
  X(TARN_BF16, 14, 2, "bfloat16")     \
  X(TARN_QI16, 15, 2, "qint16")       \
  X(TARN_QU16, 16, 2, "quint16")      \
  X(TARN_U16, 17, 2, "uint16")        \
  X(TARN_C128, 18, 16, "complex128")  \
  X(TARN_F16, 19, 2, "half")          \
  X(TARN_RESOURCE, 20, 8, "resource") \
  X(TARN_VARIANT, 21, 8, "variant")   \
  X(TARN_U32, 22, 4, "uint32")        \
  X(TARN_U64, 23, 8, "uint64")

typedef enum tarn_dtype {
  TARN_NO_DTYPE = 0,
#define X(name, number, bytes, text) name = number,
  TARN_DTYPE_MAP(X)
#undef X
} tarn_dtype;

TARN_API const char *tarn_dtype_name(tarn_dtype dtype);   /* "float"; "?" for no dtype */
TARN_API size_t tarn_dtype_bytes(tarn_dtype dtype);       /* 4; 0 for no dtype */

/* An element of a string tensor: `size` bytes at `data`, not zero-terminated. Owned by the
 * tensor. */
typedef struct tarn_string {
  const char *data;
  size_t size;
} tarn_string;

#define TARN_MAX_RANK 12

typedef struct tarn_tensor tarn_tensor;

/* A new tensor of zeros (empty strings), row-major, 64-byte aligned. rank 0..TARN_MAX_RANK; dims
 * may be NULL for rank 0. Errors: TARN_INVALID (a negative dim, a bad dtype), TARN_LIMIT (the
 * product overflows), TARN_NO_MEMORY. */
TARN_API TARN_MUST_CHECK tarn_status tarn_tensor_create(tarn_dtype dtype, int rank,
                                                        const int64_t *dims, tarn_tensor **tensor);
TARN_API tarn_tensor *tarn_tensor_retain(tarn_tensor *tensor);
TARN_API void tarn_tensor_release(tarn_tensor *tensor);
TARN_API tarn_dtype tarn_tensor_dtype(const tarn_tensor *tensor);
TARN_API int tarn_tensor_rank(const tarn_tensor *tensor);
TARN_API int64_t tarn_tensor_dim(const tarn_tensor *tensor, int axis);
TARN_API int64_t tarn_tensor_elements(const tarn_tensor *tensor);
TARN_API size_t tarn_tensor_bytes(const tarn_tensor *tensor);
/* The elements, row-major. Write only while nobody else holds the tensor. */
TARN_API void *tarn_tensor_data(tarn_tensor *tensor);
TARN_API const void *tarn_tensor_data_const(const tarn_tensor *tensor);
/* Sets element i of a string tensor to a copy of the bytes. */
TARN_API TARN_MUST_CHECK tarn_status tarn_tensor_set_string(tarn_tensor *tensor, int64_t i,
                                                            const char *data, size_t bytes);
/* .npy files; what numpy.load and numpy.save read and write. bfloat16 has no .npy form: TARN_DTYPE.
 * Strings are NumPy's fixed-width bytes ("S<n>"); one that ends in a zero byte cannot be kept so:
 * TARN_DTYPE. */
TARN_API TARN_MUST_CHECK tarn_status tarn_tensor_load_npy(const char *path, tarn_tensor **tensor);
TARN_API TARN_MUST_CHECK tarn_status tarn_tensor_save_npy(const tarn_tensor *tensor,
                                                          const char *path);

/* ---- models ------------------------------------------------------------------------------- */

typedef struct tarn_model tarn_model;

typedef struct tarn_model_options {
  const char *tag;                 /* SavedModel: the meta graph with this tag; NULL: "serve" */
  const tarn_allocator *allocator; /* NULL: the C library's */
} tarn_model_options;

/* Reads a GraphDef (.pb, .pbtxt), a MetaGraph (.meta), a checkpoint prefix with a .meta beside it,
 * a SavedModel folder, or what tarn_session_compile wrote. `options` may be NULL. Unknown ops are
 * kept: only a run that reaches one fails. Errors: TARN_IO (missing, unreadable), TARN_CORRUPT
 * (with the byte offset), TARN_NO_MEMORY. */
TARN_API TARN_MUST_CHECK tarn_status tarn_model_load(const char *path,
                                                     const tarn_model_options *options,
                                                     tarn_model **model);
/* Sessions keep what they need of the model: it may be destroyed before them. */
TARN_API void tarn_model_destroy(tarn_model *model);

/* ---- sessions ----------------------------------------------------------------------------- */

typedef struct tarn_session tarn_session;

typedef struct tarn_session_options {
  int threads;          /* 0: as many as the process may use */
  /* NULL: the cheapest kernel per node; else "reference", "avx2", "openblas", ...; "cuda": on a GPU
   * what has a kernel there, the rest on the CPU. TARN_UNSUPPORTED when there is none, saying what
   * is missing. */
  const char *backend;
  /* NULL or "f32" (recurrent weights that do not fit L2 are kept to 2^-24 of their column's
   * largest); "tf32" lets convolutions and matrix products of a GPU round their factors to 11
   * bits, "fp16" has a GPU compute them and what stands between them in half (sums are float32;
   * above 65504 values are infinite); on a CPU neither changes anything. "bf16" is the same in
   * bfloat16 on a GPU, and lets products round their factors to it on a CPU (relative error of a
   * result about 0.4 %), "int8" lets them quantize to 8 bits (about 1 %), where a kernel of this
   * machine is faster so. */
  const char *precision;
  bool allow_files;     /* ops such as ReadFile and SaveV2 may reach files */
  double time_limit_s;  /* per run; 0: none */
  size_t memory_limit; /* bytes for tensors and plans; 0: none. Weights that lie in a mapped file do
                          not count */
  const tarn_allocator *allocator; /* NULL: the C library's */
  /* A file of measured kernel choices that `tarn tune` wrote on this machine: TARN_NOT_FOUND when
   * it was another, or another build of the library. NULL: only estimates; "": the user's own file,
   * where the command keeps it, if there is one that fits. */
  const char *tuning;
  bool low_memory; /* weights are kept once, in a form that is no larger than they are, though
                      another were faster */
  size_t device_memory_limit; /* bytes of a GPU's memory for tensors, weights and scratch; 0: what
                                 there is */
} tarn_session_options;

TARN_API TARN_MUST_CHECK tarn_status tarn_session_create(tarn_model *model,
                                                         const tarn_session_options *options,
                                                         tarn_session **session);
/* No run may be under way. */
TARN_API void tarn_session_destroy(tarn_session *session);

/* Loads variables from the checkpoint `prefix` (V1 or V2). Where the model has a saver (a .meta or
 * a SavedModel) its restore op decides which keys go where; otherwise every variable takes the
 * entry of its own name. prefix NULL: the SavedModel's own variables, and its initialisation op is
 * run. The files stay mapped while the model or a session uses them: replace a checkpoint that is
 * in use by renaming another one over it, as every saver does, and do not write into its files.
 * Errors: TARN_NOT_FOUND (a variable without an entry, with the nearest names), TARN_SHAPE, and the
 * reader's. */
TARN_API TARN_MUST_CHECK tarn_status tarn_session_restore(tarn_session *session,
                                                          const char *prefix);

/* Writes every initialised variable to a V2 checkpoint that TensorFlow's Saver restores. The files
 * appear whole or not at all. */
TARN_API TARN_MUST_CHECK tarn_status tarn_session_save(tarn_session *session, const char *prefix);

typedef struct tarn_feed {
  const char *name;      /* "x:0", or "x" */
  tarn_tensor *tensor;
} tarn_feed;

/* One step: feeds any tensors, runs the target ops, and gives the fetched tensors, one reference
 * each, in `outputs[n_fetches]`. The first run with new feed shapes makes a plan; later ones reuse
 * it. Errors: TARN_NOT_FOUND (with the nearest names), TARN_UNSUPPORTED (every missing op is named,
 * a line each), TARN_SHAPE, TARN_DTYPE, TARN_FAILED, TARN_LIMIT, TARN_CANCELLED, TARN_NO_MEMORY. */
TARN_API TARN_MUST_CHECK tarn_status tarn_session_run(tarn_session *session,
                                                      const tarn_feed *feeds, size_t n_feeds,
                                                      const char *const *fetches, size_t n_fetches,
                                                      const char *const *targets, size_t n_targets,
                                                      tarn_tensor **outputs);
/* What the first such run would do before it computes: makes the plan and packs the weights, on all
 * threads of the session. Feeds count by dtype and shape alone. Optional; errors are those of a
 * run. */
TARN_API TARN_MUST_CHECK tarn_status tarn_session_prepare(
    tarn_session *session, const tarn_feed *feeds, size_t n_feeds, const char *const *fetches,
    size_t n_fetches, const char *const *targets, size_t n_targets);

/* Writes the file `path`, from which tarn_model_load and tarn_session_restore(session, NULL) start
 * quickly: the part of the model that such runs need, with its signatures, the variables as they
 * are now, and their packed forms for this machine and these feeds' shapes, which are mapped and
 * not read. Answers are the same bit for bit. On another machine, with other shapes or another
 * version of tarn the file works all the same, and weights are packed when they are needed. The
 * file appears whole or not at all. Errors: those of tarn_session_prepare, TARN_IO,
 * TARN_UNSUPPORTED (the model needs files beside it). */
TARN_API TARN_MUST_CHECK tarn_status tarn_session_compile(
    tarn_session *session, const tarn_feed *feeds, size_t n_feeds, const char *const *fetches,
    size_t n_fetches, const char *const *targets, size_t n_targets, const char *path);

/* Makes runs under way end with TARN_CANCELLED; safe from a signal handler and from any thread. */
TARN_API void tarn_session_cancel(tarn_session *session);

/* ---- queue runners ------------------------------------------------------------------------ */

/* Threads that fill the queues of a TensorFlow 1 input pipeline, while runs of the session take
 * from them: what tf.train.start_queue_runners and its Coordinator do. Each enqueue op of the
 * model's collection "queue_runners" is run again and again by a thread of its own, until the data
 * end; the last thread of a queue then closes it, and runs that find it empty end with TARN_END.
 * When a thread fails in another way, all stop and all queues are closed. The threads' runs have no
 * time limit. */
typedef struct tarn_queue_runners tarn_queue_runners;

/* Starts the threads. Local variables without a value (a pipeline counts its epochs in one) are
 * initialised first; other variables are the caller's to restore or initialise before. A model
 * without queue runners has no threads, and nothing is wrong with that: *runners is to be stopped
 * all the same. Errors: TARN_NOT_FOUND (a runner names an op that is not in the graph),
 * TARN_NO_MEMORY, those of tarn_session_run. */
TARN_API TARN_MUST_CHECK tarn_status tarn_queue_runners_start(tarn_session *session,
                                                              tarn_queue_runners **runners);
/* Stops the threads, closes the queues and waits; before the session is destroyed. Takes the
 * runners. The status is that of the thread that failed first; TARN_OK when none did, whether its
 * data had ended or not. NULL: TARN_OK. */
TARN_API TARN_MUST_CHECK tarn_status tarn_queue_runners_stop(tarn_queue_runners *runners);

/* ---- checkpoints -------------------------------------------------------------------------- */

typedef struct tarn_checkpoint tarn_checkpoint;

typedef struct tarn_checkpoint_entry {
  const char *name;                /* valid while the checkpoint is open */
  tarn_dtype dtype;
  int rank;
  int64_t dims[TARN_MAX_RANK];
} tarn_checkpoint_entry;

/* Opens a V2 or V1 checkpoint by its prefix; the index is read and checked at once, data on
 * demand. */
TARN_API TARN_MUST_CHECK tarn_status tarn_checkpoint_open(const char *prefix,
                                                          tarn_checkpoint **checkpoint);
TARN_API void tarn_checkpoint_close(tarn_checkpoint *checkpoint);
TARN_API size_t tarn_checkpoint_count(const tarn_checkpoint *checkpoint);
/* Entry i, in name order. */
TARN_API TARN_MUST_CHECK tarn_status tarn_checkpoint_at(const tarn_checkpoint *checkpoint, size_t i,
                                                        tarn_checkpoint_entry *entry);
/* Reads a whole tensor, CRC checked; partitioned variables are put together. Thread-safe. */
TARN_API TARN_MUST_CHECK tarn_status tarn_checkpoint_read(const tarn_checkpoint *checkpoint,
                                                          const char *name, tarn_tensor **tensor);
/* Writes a V2 checkpoint of n tensors that TensorFlow restores; whole or not at all. */
TARN_API TARN_MUST_CHECK tarn_status tarn_checkpoint_write(const char *prefix, size_t n,
                                                           const char *const *names,
                                                           tarn_tensor *const *tensors);

#ifdef __cplusplus
}
#endif
#endif
