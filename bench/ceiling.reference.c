/* Plain C, as the reference kernels are built: one float at a time. */
#include "bench/ceiling.h"

typedef float vec;
#define WIDTH 1
#define SET1(x) (x)
#define FMA(a, b, c) ((a) * (b) + (c))
#define ADD(a, b) ((a) + (b))
#define LOAD(p) (*(p))
#define SUM(v) ((double)(v))
#include "bench/ceiling.body.h"

const tarn_ceiling_loops tarn__ceiling_reference = {multiply_add, read_all, NULL, NULL};
