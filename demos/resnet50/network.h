/* The ImageNet ResNet-50 v1 as a graph built in memory, with the node and variable names of
 * TF-Slim's resnet_v1_50, so that a checkpoint of slim's fits:
 *
 *   resnet_v1_50/conv1/weights, .../conv1/BatchNorm/{gamma,beta,moving_mean,moving_variance}
 *   resnet_v1_50/block{1..4}/unit_{k}/bottleneck_v1/{shortcut,conv1,conv2,conv3}/weights and
 * /BatchNorm/... resnet_v1_50/logits/{weights,biases}
 *
 * The network: He et al. 2015, table 1, with the stride of a block in the 3x3 convolution of its
 * last unit, as slim has it. */
#ifndef TARN_DEMOS_RESNET50_NETWORK_H
#define TARN_DEMOS_RESNET50_NETWORK_H

#include "graph/graph.h"

#define TARN_RESNET50_INPUT "input:0"                     /* [N, 224, 224, 3] */
#define TARN_RESNET50_OUTPUT "resnet_v1_50/predictions:0" /* [N, 1000] */

enum { TARN_RESNET50_SIDE = 224, TARN_RESNET50_CLASSES = 1000 };

typedef struct tarn_resnet50_size {
  int64_t parameters;    /* elements of all variables */
  int64_t multiply_adds; /* of the convolutions, an image */
} tarn_resnet50_size;

/* A finished graph, which the caller destroys; no variable has a value yet. size may be NULL. */
tarn_status tarn__resnet50_build(const tarn_allocator *a, tarn_graph **graph,
                                 tarn_resnet50_size *size);

#endif
