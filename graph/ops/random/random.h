/* What the ops of this folder share. */
#ifndef TARN_GRAPH_OPS_RANDOM_RANDOM_H
#define TARN_GRAPH_OPS_RANDOM_RANDOM_H

#include "graph/op.h"

/* (logits [rows, classes], num_samples): [rows, num_samples], once that number is known. */
tarn_status tarn__multinomial_infer(tarn_infer *t);

#endif
