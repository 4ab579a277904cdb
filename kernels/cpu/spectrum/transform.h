/* The discrete Fourier transform of one row, of any length, in double.
 *
 * Powers of two by Cooley and Tukey's butterflies (1965); other lengths as a convolution with a
 * chirp (Bluestein 1970), which is two transforms of the next power of two above twice the length.
 * A transform is set up once and read by any number of runs. */
#ifndef TARN_KERNELS_CPU_SPECTRUM_TRANSFORM_H
#define TARN_KERNELS_CPU_SPECTRUM_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

typedef struct tarn_point { double re, im; } tarn_point;

typedef struct tarn_transform {
  int64_t n, m; /* m: the power of two that is transformed; n itself, if it is one */
  tarn_point *root;              /* [m/2]: exp(-2 pi i k / m) */
  tarn_point *chirp, *filter;    /* [n], [m]: where n is no power of two */
} tarn_transform;

/* Points of memory that a transform of n >= 0 (at most 2^40) keeps, and that one run works in. */
int64_t tarn__transform_kept(int64_t n);
int64_t tarn__transform_work(int64_t n);
/* In `kept`, which must live as long as the transform. */
void tarn__transform_init(tarn_transform *t, int64_t n, tarn_point *kept);
/* x becomes sum over j of x[j] exp(-2 pi i j k / n), or, inverse, with the sign turned and not
 * divided by n. */
void tarn__transform_run(const tarn_transform *t, int inverse, tarn_point *x, tarn_point *work);

#endif
