/* How much there is to do in a problem, from its dtypes and shapes alone. */
#ifndef TARN_KERNELS_WORK_H
#define TARN_KERNELS_WORK_H

#include "kernels/kernel.h"

/* Floating-point operations of a problem (a multiply-add counts two), for ops that are bound by
 * them; 0: bound by memory. */
double tarn__problem_flops(const tarn_problem *problem);
/* Bytes of its inputs and outputs, each counted once. Outputs of unknown shape count nothing. */
double tarn__problem_bytes(const tarn_problem *problem);

#endif
