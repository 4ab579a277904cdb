/* The kernel contract: what a kernel is told, what it says of itself, and how it is run.
 *
 * A kernel is one file, kernels/cpu/<folder>/<method>.<target>.c, whose name registers it (see
 * cmake/TarnSources.cmake); it defines
 *
 *   const tarn_kernel tarn_kernels_<folder>_<method>_<target>[] = {
 *     {.op = "Softmax", .dtypes = TARN_BIT(TARN_F32), .supports = ..., .cost_us = ..., .run = run},
 *     {0},
 *   };
 *
 * A kernel sees a problem (dtypes, shapes, parsed attributes) and never a graph node. `reference`
 * is plain, obviously correct C for every op and dtype: the oracle of the tests and the fallback of
 * every back end.
 *
 * Kernels do not lock, log or ask the operating system, and get their memory through the call:
 * outputs of known shape are there already, scratch is as large as they said. Kernels of stateful
 * ops (variables, queues, readers) are the exception: they reach their state through call->run
 * (kernels/state/).
 *
 * Thread-safety: every function here may be called from many threads at once; a run gets its own
 * scratch. */
#ifndef TARN_KERNELS_KERNEL_H
#define TARN_KERNELS_KERNEL_H

#include "core/tensor/tensor.h"
#include "core/thread/threads.h"

/* X(name, text). The order is that of preference when costs are equal: later wins. */
#define TARN_TARGET_MAP(X)     \
  X(REFERENCE, "reference")    \
  X(OPENBLAS, "openblas")      \
  X(AVX2, "avx2")              \
  X(AVX512, "avx512")          \
  X(CUDA, "cuda")              \
  X(CUBLAS, "cublas")          \
  X(CUDNN, "cudnn")

typedef enum tarn_target {
#define X(name, text) TARN_TARGET_##name,
  TARN_TARGET_MAP(X)
#undef X
  TARN_TARGETS
} tarn_target;

/* How exact products of f32 inputs have to be. A session that allows one allows those before it
 * too; sums and everything else stay f32. */
typedef enum tarn_precision {
  TARN_PRECISION_F32,
  TARN_PRECISION_TF32, /* factors rounded to 11 bits, with the exponents of f32: tensor cores; no
                          kernel of the CPU does */
  TARN_PRECISION_BF16, /* factors rounded to bfloat16: 8 bits */
  TARN_PRECISION_INT8, /* factors quantized to 8 bits: weights by column, activations by what they
                          hold at that run */
  TARN_PRECISIONS
} tarn_precision;

/* One node's work with everything fixed. Shapes of inputs are fully known. out_shape[i].rank is -1
 * where only the kernel can tell the shape (Where, Unique): it allocates that output with
 * tarn__call_allocate. */
typedef struct tarn_problem {
  const char *op;              /* TensorFlow's op name */
  const char *node;            /* the node's name: for messages, and names of state */
  int inputs, outputs;
  const tarn_dtype *in_dtype, *out_dtype;
  const tarn_shape *in_shape, *out_shape;
  const bool *stable; /* input i holds the same elements from run to run: a constant, or a variable
                         that the plan does not write. NULL: none does */
  const void
      *params; /* parsed attributes: the struct in kernels/params/ that the op's entry names */
  tarn_precision precision;    /* the least that is allowed */
} tarn_problem;

/* What cost estimates count with; per thread unless said otherwise. */
typedef struct tarn_machine {
  int threads;
  double gflops[TARN_TARGETS]; /* f32 multiply-adds count two */
  double gbytes_per_s;         /* from L2 and beyond */
  bool low_memory;             /* no packed weights that are larger than the originals */
} tarn_machine;

/* What a run gives to kernels beyond their tensors; opaque here, see kernels/run.h. */
typedef struct tarn_run tarn_run;

typedef struct tarn_call {
  const tarn_problem *problem;
  const tarn_tensor *const *in;   /* [inputs] */
  tarn_tensor *const *out;        /* [outputs]; data is there where out_shape is known */
  void *scratch; /* 64-byte aligned, scratch_bytes(problem, threads) of it, not zeroed */
  const void *prepared;           /* what prepare filled, or NULL */
  tarn_pool *pool;                /* NULL: run serially */
  tarn_run *run; /* NULL only for kernels of ops without state, in tests and benches */
  unsigned turn; /* counts iterations: a kernel that streams weights may walk them to and fro, so
                    that the end of one turn, still in the cache, is the beginning of the next.
                    Results must not depend on it. */
  struct tarn_queue
      *queue; /* of kernels on a device: what their work goes into (kernels/device.h); else NULL */
  /* Of kernels on a device that say `faults`: where their work notes elements that it cannot take,
   * as the one of that number (kernels/fault.h). NULL: nobody looks. */
  struct tarn_fault *fault;
  int64_t fault_step;
} tarn_call;

typedef struct tarn_kernel {
  const char *op;
  const char *name; /* NULL: the method of the file's name; rows of a family may name themselves */
  tarn_dtypes dtypes;             /* allowed for `keyed` below; 0: any */
  int keyed; /* which dtype that is: input i, or -1 - i for output i. Default: input 0 */
  tarn_precision
      precision; /* of its products of f32; refused where the problem does not allow it */
  /* NULL: yes; else why not, in a few words. May be NULL: always. */
  const char *(*supports)(const tarn_problem *p);
  /* Estimated microseconds with m->threads threads. NULL: bytes at memory speed, times 8 for
   * reference. */
  double (*cost_us)(const tarn_problem *p, const tarn_machine *m);
  size_t (*scratch_bytes)(const tarn_problem *p, int threads);   /* NULL: none */
  /* Packed forms of stable inputs, kept as long as those inputs keep their elements. prepare fills
   * prepared_bytes(p) bytes of 64-aligned memory from in[i] where p->stable[i]; others are NULL.
   * Two problems with the same kernel, the same stable tensors (of prepared_from), prepared_bytes
   * and prepared_key share one copy. What is prepared may come from a file that was written by
   * another process: it is numbers alone, without addresses or indices, so that run stays inside
   * its memory whatever they are, and does not depend on the number of threads. */
  size_t (*prepared_bytes)(const tarn_problem *p);               /* NULL or 0: nothing to prepare */
  uint64_t (*prepared_key)(const tarn_problem *p);               /* NULL: 0 */
  uint64_t (*prepared_from)(
      const tarn_problem *p); /* bit i: prepare reads input i. NULL: every stable one */
  tarn_status (*prepare)(const tarn_problem *p, const tarn_tensor *const *in, void *memory,
                         tarn_pool *pool);
  unsigned spent; /* bit i: with prepared weights, run does not read the elements of input i: they
                     may be gone */
  tarn_status (*run)(const tarn_call *call);
  /* Kernels on a device (kernels/device.h): bit i, input or output i is in the host's memory
   * (TARN_LAST_INPUT: the last of a list of any length); fleeting: a run may not be recorded and
   * replayed; faults: its work may find elements that it cannot take; reads: of its variables
   * nothing is written. */
  unsigned host_in, host_out;
  bool fleeting, faults, reads;
} tarn_kernel;

#define TARN_LAST_INPUT (1u << 31)

/* The generated table: one row a file, ended by a row without rows. */
typedef struct tarn_kernel_file {
  const tarn_kernel *rows;   /* ended by a row without an op */
  const char *method;
  tarn_target target;
  const char *path;
} tarn_kernel_file;
extern const tarn_kernel_file tarn__kernel_files[];

/* A kernel with what its file's name says. */
typedef struct tarn_kernel_ref {
  const tarn_kernel *kernel;
  const tarn_kernel_file *file;
} tarn_kernel_ref;

/* ---- the table (kernels/table.c) ---------------------------------------------------------- */

const char *tarn__target_name(tarn_target target);
/* TARN_TARGETS when there is no such name. */
tarn_target tarn__target_from_name(const char *name);
/* NULL: this build and machine can run it; else why not ("this CPU has no AVX-512"). TARN_ISA is
 * obeyed. */
const char *tarn__target_refusal(tarn_target target);
/* All kernels of an op, reference first; *count may be 0. Built once; valid for ever. */
const tarn_kernel_ref *tarn__kernels_of(const char *op, size_t *count);
static inline const char *tarn__kernel_name(tarn_kernel_ref k) {
  return k.kernel->name ? k.kernel->name : k.file->method;
}
/* "f32", "tf32", "bf16", "int8", as --precision takes them. */
const char *tarn__precision_name(tarn_precision precision);
/* TARN_PRECISIONS when there is no such name. */
tarn_precision tarn__precision_from_name(const char *name);
/* "winograd.f4.avx512": folder.method.target, as benches and messages call it. */
const char *tarn__kernel_full_name(tarn_kernel_ref k, char *text, size_t bytes);

/* ---- selection (kernels/select.c) --------------------------------------------------------- */

/* NULL: it can run the problem here; else why not, in words. */
const char *tarn__kernel_refusal(tarn_kernel_ref k, const tarn_problem *p);
double tarn__kernel_cost_us(tarn_kernel_ref k, const tarn_problem *p, const tarn_machine *m);
/* Estimates for this machine with so many threads. */
void tarn__machine_guess(int threads, tarn_machine *machine);
/* The kernel to use: of `request` when that target has one that can (TARN_TARGETS: no request),
 * else the cheapest; a requested target falls back to reference where it has no kernel for the op.
 * TARN_UNSUPPORTED with every refusal in the message when none can. */
tarn_status tarn__kernel_select(const tarn_problem *p, const tarn_machine *m, tarn_target request,
                                tarn_kernel_ref *chosen);

#endif
