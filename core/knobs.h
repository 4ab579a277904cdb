/* Environment knobs: each is declared once, in knobs.c (name, type, default, help), and read once
 * at start. */
#ifndef TARN_CORE_KNOBS_H
#define TARN_CORE_KNOBS_H

#include "core/status.h"

/* X(field, environment name, default text, help). Values are text; "" counts as not set. */
#define TARN_KNOB_MAP(X)                                                                          \
  X(isa, "TARN_ISA", "", "clamp the instruction set: reference, avx2 or avx512")                  \
  X(threads, "TARN_THREADS", "",                                                                  \
    "threads of a session that does not say, instead of the CPU count")                           \
  X(verbose, "TARN_VERBOSE", "", "run: a line on standard error for each kernel that ran")        \
  X(dump, "TARN_DUMP", "",                                                                        \
    "folder for every plan before and after each pass, as GraphDef and DOT")                      \
  X(tuning, "TARN_TUNING", "",                                                                    \
    "file of measured kernel choices (tarn tune); none: do not look for one")                     \
  X(cache_home, "XDG_CACHE_HOME", "", "folder of caches, where the choices lie when nobody says") \
  X(home, "HOME", "", "~/.cache is the folder of caches when XDG_CACHE_HOME is not set")          \
  X(cuda_module, "TARN_CUDA_MODULE", "",                                                          \
    "file of the CUDA module, instead of libtarn_cuda.so where the library is")                   \
  X(data, "TARN_DATA", "", "folder of the bundled demos' data")

typedef struct tarn_knobs {
#define X(field, name, initial, help) const char *field;
  TARN_KNOB_MAP(X)
#undef X
} tarn_knobs;

/* The values at first use; thread-safe. Never NULL fields. */
const tarn_knobs *tarn__knobs(void);
typedef struct tarn_knob_row { const char *name, *initial, *help; } tarn_knob_row;
const tarn_knob_row *tarn__knob_rows(size_t *count);

#endif
