/* REP_n(X) is X(0) X(1) ... X(n - 1): rows of accumulators by name, as gcc keeps arrays of them in
 * memory. */
#ifndef TARN_KERNELS_CPU_GEMM_REPEAT_H
#define TARN_KERNELS_CPU_GEMM_REPEAT_H

#define REP_1(X) X(0)
#define REP_2(X) REP_1(X) X(1)
#define REP_3(X) REP_2(X) X(2)
#define REP_4(X) REP_3(X) X(3)
#define REP_5(X) REP_4(X) X(4)
#define REP_6(X) REP_5(X) X(5)
#define REP_7(X) REP_6(X) X(6)
#define REP_8(X) REP_7(X) X(7)
#define REP_9(X) REP_8(X) X(8)
#define REP_10(X) REP_9(X) X(9)
#define REP_11(X) REP_10(X) X(10)
#define REP_12(X) REP_11(X) X(11)
#define REP_13(X) REP_12(X) X(12)
#define REP_14(X) REP_13(X) X(13)

#endif
