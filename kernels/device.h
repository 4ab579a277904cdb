/* Back ends with memory of their own: what a module for one gives, and how it is found.
 *
 * A module is a shared library that is opened while a program runs (kernels/cuda/ builds
 * libtarn_cuda.so), so that neither the library nor the command needs a vendor's libraries to
 * start. It exports one function, which gives a table of functions and the module's kernels. Those
 * keep the contract of kernel.h, with these differences:
 *
 *   - Tensors of `in` and `out` have their elements in the device's memory, but for those that the
 * kernel's row names in host_in and host_out (axes, shapes, scalars that it reads at the launch;
 * what it computes for the host).
 *   - scratch is the device's memory as well. So is what `prepare` fills: its inputs are the
 * host's, and when it returns its copies have arrived. It is given those that the row calls `spent`
 * alone; they are not uploaded, and `run` with something prepared does not look at them.
 *   - run puts its work into call->queue and returns; work in a queue is done in the order in which
 * it came. The elements of host_in inputs are read before it returns; host_out outputs are written
 * before it returns, which costs a wait.
 *   - An input that is the handle of a variable comes as the variable's value, in the device's
 * memory, which the kernel may write (Apply*, AssignAdd): the library finds it, checks that it is
 * initialised, and locks it meanwhile. What the op hands on of it (output_ref) is the library's as
 * well. The problem has the handle: a scalar of TARN_RESOURCE. A kernel that says `reads` gets what
 * a read gives.
 *   - Elements that a kernel cannot take (indices outside) are found when run has returned: its
 * work notes the first of them in call->fault and does nothing else, and the library looks there
 * when the queue is done with the run (kernels/fault.h).
 *   - A run may be recorded and replayed (record_begin): then only its work in the queue is
 * repeated, at the same addresses. A kernel for which that is not the same as running again (random
 * state, host_out, memory that it allocates) says `fleeting` in its row.
 *
 * Thread-safety: a device may be used by many threads at once, a queue by one at a time. */
#ifndef TARN_KERNELS_DEVICE_H
#define TARN_KERNELS_DEVICE_H

#include "core/random.h"
#include "kernels/kernel.h"

#include <stdatomic.h>

/* Changes whenever something that a module sees changes its layout or meaning: this file, kernel.h,
 * kernels/params. */
enum { TARN_DEVICE_ABI = 3 };

typedef struct tarn_device tarn_device;        /* the module's */
typedef struct tarn_queue
    tarn_queue; /* the module's: work in order, with library handles and the like */
typedef struct tarn_recording tarn_recording;  /* the module's: work of a queue to be repeated */
typedef struct tarn_mark tarn_mark;            /* the module's: a moment in a queue */

typedef struct tarn_device_info {
  char name[96];              /* "NVIDIA H200" */
  char versions[160]; /* of driver and libraries, in words: "driver 580.82, CUDA 13.0, cuBLAS 13.0,
                         cuDNN 9.13" */
  int major, minor;           /* compute capability */
  int processors;             /* streaming multiprocessors */
  size_t memory_bytes, free_bytes;
  double gflops,
      gbytes_per_s; /* of f32, and of its memory: from clocks and widths, to choose among kernels */
} tarn_device_info;

/* What a module may call: the library's own names are not visible to it. */
typedef struct tarn_device_host {
  unsigned abi;
  /* As tarn__fail without a position: sets this thread's message and returns status. */
  tarn_status (*fail)(tarn_status status, const char *message);
  /* Reserves blocks of a random op's stream for this call: kernels/state/generator.h. */
  tarn_status (*random)(const tarn_call *call, int64_t seed, int64_t seed2, uint64_t blocks,
                        tarn_philox *start);
} tarn_device_host;

/* Functions return TARN_OK or what tarn_device_host.fail gave: TARN_NO_MEMORY for the device's
 * memory too, TARN_IO for a device that failed. Memory is at least 256-byte aligned. */
typedef struct tarn_device_api {
  unsigned abi;
  const char *name;                  /* "cuda" */
  const tarn_kernel_file *kernels;   /* ended by a row without rows */

  /* Opens device number `ordinal`. TARN_UNSUPPORTED, saying what is missing: driver, device,
   * version. */
  tarn_status (*open)(int ordinal, tarn_device **device);
  void (*close)(tarn_device *device);
  tarn_status (*describe)(tarn_device *device, tarn_device_info *info);

  tarn_status (*alloc)(tarn_device *device, size_t bytes, void **memory);
  void (*free)(tarn_device *device, void *memory);
  /* Memory of the host that queues copy from and to without a stop in between. */
  tarn_status (*alloc_host)(tarn_device *device, size_t bytes, void **memory);
  void (*free_host)(tarn_device *device, void *memory);

  tarn_status (*queue_create)(tarn_device *device, tarn_queue **queue);
  void (*queue_destroy)(tarn_queue *queue);   /* waits for its work */
  /* Copies in the queue's order; host memory is the module's (alloc_host), and left alone until the
   * queue has come so far. bytes may be 0. */
  tarn_status (*copy_in)(tarn_queue *queue, void *device_memory, const void *host_memory,
                         size_t bytes);
  tarn_status (*copy_out)(tarn_queue *queue, void *host_memory, const void *device_memory,
                          size_t bytes);
  tarn_status (*copy_within)(tarn_queue *queue, void *to, const void *from, size_t bytes);
  /* A copy from any host memory that has arrived when it returns. From any thread. */
  tarn_status (*upload)(tarn_device *device, void *device_memory, const void *host_memory,
                        size_t bytes);
  /* Waits for all work; reports what failed in it. */
  tarn_status (*sync)(tarn_queue *queue);

  /* From begin to end work is noted instead of done. After a failure in between, end is called as
   * well and gives nothing. */
  tarn_status (*record_begin)(tarn_queue *queue);
  tarn_status (*record_end)(tarn_queue *queue, tarn_recording **recording);
  tarn_status (*replay)(tarn_queue *queue, tarn_recording *recording);
  void (*recording_destroy)(tarn_recording *recording);   /* the queue is idle */

  /* Moments for traces; NULL where the module has none. */
  tarn_status (*mark_create)(tarn_device *device, tarn_mark **mark);
  void (*mark_destroy)(tarn_mark *mark);
  tarn_status (*mark)(tarn_queue *queue, tarn_mark *mark);
  tarn_status (*mark_between)(const tarn_mark *first, const tarn_mark *last,
                              double *us); /* both passed */

  /* Work that is nothing but multiply-adds of f32 on every processor, to see what the device does
   * at best; `flops`: how many operations it is. NULL where the module has none. */
  tarn_status (*multiply_adds)(tarn_queue *queue, int64_t rounds, double *flops);
} tarn_device_api;

/* The one function that a module exports, as "tarn_device_module"; NULL: it is of another
 * version. */
typedef const tarn_device_api *tarn_device_module_function(const tarn_device_host *host);

/* ---- the device of this process (kernels/device.c) ------------------------------------------ */

/* A module's functions and a device that they opened. */
typedef struct tarn_backend {
  const tarn_device_api *api;
  tarn_device *device;
  tarn_device_info info;
} tarn_backend;

/* The back end called "cuda": its module is opened and its first device at the first call, and
 * stays. The module is TARN_CUDA_MODULE's, or libtarn_cuda.so beside the library or the program, in
 * ../lib of the program, or where the system looks. TARN_UNSUPPORTED says in one line what is
 * missing: module, driver, device or version. Thread-safe. */
tarn_status tarn__backend_cuda(const tarn_backend **backend);
/* What the sessions of a budget may take of a device's memory. Thread-safe. */
typedef struct tarn_device_budget {
  atomic_size_t used;
  size_t limit;                /* 0: none */
} tarn_device_budget;
/* TARN_LIMIT: it would be too much. */
tarn_status tarn__device_charge(tarn_device_budget *budget, size_t bytes);
void tarn__device_refund(tarn_device_budget *budget, size_t bytes);

/* Whether a target's kernels have their tensors in a device's memory. */
static inline bool tarn__target_on_device(tarn_target target) {
  return target == TARN_TARGET_CUDA || target == TARN_TARGET_CUBLAS || target == TARN_TARGET_CUDNN;
}
/* Whether such a kernel reads input i, of so many, in the host's memory. */
static inline bool tarn__host_input(const tarn_kernel *k, int inputs, int i) {
  return (i < 31 && k->host_in >> i & 1u) || (i == inputs - 1 && k->host_in & TARN_LAST_INPUT);
}
/* What cost estimates of its kernels count with: m with the device's rates, where the module tells
 * them. */
tarn_machine tarn__backend_machine(const tarn_backend *backend, const tarn_machine *m);
/* Walks the back end's kernels of an op, by files: *k becomes the one after *k, or the first if
 * that is {0}; false: there is none. */
bool tarn__backend_next(const tarn_backend *backend, const char *op, tarn_kernel_ref *k);
/* The cheapest of the back end's kernels that can run a problem; false: none. TARN_TARGETS: of any
 * of its targets. */
bool tarn__backend_select(const tarn_backend *backend, const tarn_problem *p, const tarn_machine *m,
                          tarn_target target, tarn_kernel_ref *chosen);

#endif
