/* The table of kernels by op, from the rows that the build generates, and what this machine can
 * run. */
#include "core/knobs.h"
#include "core/thread/cpu.h"
#include "kernels/kernel.h"

#include <stdio.h>
#include <stdlib.h>

const char *tarn__target_name(tarn_target target) {
  static const char *const names[] = {
#define X(name, text) text,
      TARN_TARGET_MAP(X)
#undef X
  };
  return (unsigned)target < TARN_TARGETS ? names[target] : "?";
}

tarn_target tarn__target_from_name(const char *name) {
  for (int i = 0; i < TARN_TARGETS; i++)
    if (strcmp(name, tarn__target_name((tarn_target)i)) == 0) return (tarn_target)i;
  return TARN_TARGETS;
}

static const char *const precision_names[TARN_PRECISIONS] = {"f32", "tf32", "bf16", "int8"};

const char *tarn__precision_name(tarn_precision precision) { return precision_names[precision]; }

/* "fp16" is one that plans know (tarn__plan_narrow): what they leave in f32 may be tf32, which
 * rounds the same. */
tarn_precision tarn__precision_from_name(const char *name) {
  if (strcmp(name, "fp16") == 0) return TARN_PRECISION_TF32;
  for (int i = 0; i < TARN_PRECISIONS; i++)
    if (strcmp(name, precision_names[i]) == 0) return (tarn_precision)i;
  return TARN_PRECISIONS;
}

const char *tarn__target_refusal(tarn_target target) {
  switch (target) {
    case TARN_TARGET_REFERENCE: return NULL;
    case TARN_TARGET_OPENBLAS:
#ifdef TARN_HAS_OPENBLAS
      /* OpenBLAS picks its instructions by itself, so a clamp below them leaves it out. */
      return strcmp(tarn__knobs()->isa, "reference") == 0 ? "TARN_ISA allows plain C only" : NULL;
#else
      return "this build is without OpenBLAS";
#endif
    case TARN_TARGET_AVX2:
      return tarn__cpu()->avx2 ? NULL : "this CPU has no AVX2 with FMA (or TARN_ISA hides it)";
    case TARN_TARGET_AVX512:
      return tarn__cpu()->avx512 ? NULL : "this CPU has no AVX-512 (or TARN_ISA hides it)";
    case TARN_TARGET_CUDA:
    case TARN_TARGET_CUBLAS:
    case TARN_TARGET_CUDNN:
      return NULL; /* such a kernel comes with its device (kernels/device.h) */
    case TARN_TARGETS: break;
  }
  return "no such target";
}

/* All rows by op, and within an op by target, in the order of the files. */
typedef struct table {
  size_t count;
  tarn_kernel_ref rows[];
} table;

static _Atomic(table *) shared;

static int by_op(const void *a, const void *b) {
  const tarn_kernel_ref *x = a, *y = b;
  int order = strcmp(x->kernel->op, y->kernel->op);
  if (order == 0) order = (int)x->file->target - (int)y->file->target;
  if (order == 0) order = x->file < y->file ? -1 : x->file > y->file;
  if (order == 0) order = x->kernel < y->kernel ? -1 : x->kernel > y->kernel;
  return order;
}

/* NULL: no memory. The first of several threads that build it at once wins. */
static const table *get(void) {
  table *ready = atomic_load_explicit(&shared, memory_order_acquire);
  if (ready) return ready;
  size_t count = 0;
  for (const tarn_kernel_file *file = tarn__kernel_files; file->rows; file++)
    for (const tarn_kernel *row = file->rows; row->op; row++) count++;
  size_t bytes = sizeof(table) + count * sizeof(tarn_kernel_ref);
  table *made = tarn__alloc(tarn__allocator_default(), bytes);
  if (!made) return NULL;
  made->count = 0;
  for (const tarn_kernel_file *file = tarn__kernel_files; file->rows; file++)
    for (const tarn_kernel *row = file->rows; row->op; row++)
      made->rows[made->count++] = (tarn_kernel_ref){row, file};
  qsort(made->rows, made->count, sizeof *made->rows, by_op);
  if (atomic_compare_exchange_strong(&shared, &ready, made)) return made;
  tarn__free(tarn__allocator_default(), made, bytes);
  return ready;
}

const tarn_kernel_ref *tarn__kernels_of(const char *op, size_t *count) {
  *count = 0;
  const table *t = get();
  if (!t) return NULL;
  size_t low = 0, high = t->count;   /* the first row that is not before op */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(t->rows[middle].kernel->op, op) < 0) low = middle + 1;
    else high = middle;
  }
  size_t end = low;
  while (end < t->count && strcmp(t->rows[end].kernel->op, op) == 0) end++;
  *count = end - low;
  return t->rows + low;
}

const char *tarn__kernel_full_name(tarn_kernel_ref k, char *text, size_t bytes) {
  /* The folder that holds the file. */
  const char *end = strrchr(k.file->path, '/'), *start = end ? end : k.file->path;
  if (!end) end = k.file->path;
  while (start > k.file->path && start[-1] != '/') start--;
  snprintf(text, bytes, "%.*s.%s.%s", (int)(end - start), start, tarn__kernel_name(k),
           tarn__target_name(k.file->target));
  return text;
}
