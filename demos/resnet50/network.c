/* Each function adds the nodes of one layer and gives the name of its output. The first failure
 * sticks in builder->status; from then on nothing is added, so that layers read as formulas. */
#include "demos/resnet50/network.h"

#include <string.h>

typedef struct builder {
  tarn_graph *graph;
  tarn_status status;
  tarn_resnet50_size size;
} builder;

/* ---- nodes and attributes ------------------------------------------------------------------ */

/* A node with up to five inputs; NULL ends them. */
static tarn_node *node(builder *b, const char *name, const char *op, const char *const inputs[5]) {
  tarn_node *n = NULL;
  if (b->status == TARN_OK) b->status = tarn__graph_add(b->graph, name, op, "", &n);
  for (int i = 0; b->status == TARN_OK && i < 5 && inputs[i]; i++)
    b->status = tarn__node_add_input(b->graph, n, inputs[i]);
  return n;
}

static void set(builder *b, tarn_node *n, const char *name, tarn_attr value) {
  if (b->status == TARN_OK) b->status = tarn__attr_set(b->graph->arena, &n->attrs, name, &value);
}

static void set_type(builder *b, tarn_node *n, const char *name, tarn_dtype dtype) {
  set(b, n, name, (tarn_attr){.kind = TARN_ATTR_TYPE, .type = {.dtype = dtype}});
}

/* text: a literal. */
static void set_text(builder *b, tarn_node *n, const char *name, const char *text) {
  set(b, n, name, (tarn_attr){.kind = TARN_ATTR_STRING, .s = {text, strlen(text)}});
}

static void set_bool(builder *b, tarn_node *n, const char *name, bool value) {
  set(b, n, name, (tarn_attr){.kind = TARN_ATTR_BOOL, .b = value});
}

static void set_ints(builder *b, tarn_node *n, const char *name, size_t count,
                     const int64_t *values) {
  int64_t *kept =
      b->status == TARN_OK ? tarn__arena_array(b->graph->arena, count, sizeof *kept) : NULL;
  if (!kept) {
    b->status = b->status == TARN_OK ? TARN_NO_MEMORY : b->status;
    return;
  }
  memcpy(kept, values, count * sizeof *kept);
  set(b, n, name,
      (tarn_attr){
          .kind = TARN_ATTR_LIST, .element = TARN_ATTR_INT, .list = {.count = count, .i = kept}});
}

static void set_shape(builder *b, tarn_node *n, const char *name, tarn_shape shape) {
  tarn_shape *kept = b->status == TARN_OK ? tarn__arena_alloc(b->graph->arena, sizeof *kept) : NULL;
  if (!kept) {
    b->status = b->status == TARN_OK ? TARN_NO_MEMORY : b->status;
    return;
  }
  *kept = shape;
  set(b, n, name, (tarn_attr){.kind = TARN_ATTR_SHAPE, .shape = kept});
}

/* "scope/name", kept with the graph; "" once something failed. */
static const char *join(builder *b, const char *scope, const char *name) {
  const char *text =
      b->status == TARN_OK ? tarn__arena_printf(b->graph->arena, "%s/%s", scope, name) : "";
  if (text) return text;
  b->status = TARN_NO_MEMORY;
  return "";
}

/* An int32 constant of rows x cols, or a vector when cols is 0. */
static const char *constant(builder *b, const char *name, int64_t rows, int64_t cols,
                            const int32_t *values) {
  tarn_node *n = node(b, name, "Const", (const char *[5]){NULL});
  const tarn_shape shape = {.rank = cols ? 2 : 1, .dim = {rows, cols}};
  tarn_tensor value;
  const tarn_tensor *kept = NULL;
  if (b->status == TARN_OK)
    b->status = tarn__tensor_new(b->graph->allocator, TARN_I32, &shape, &value);
  if (b->status == TARN_OK) {
    memcpy(value.data, values, tarn__tensor_bytes(&value));
    b->status = tarn__graph_keep_tensor(b->graph, &value, &kept);
  }
  set_type(b, n, "dtype", TARN_I32);
  set(b, n, "value", (tarn_attr){.kind = TARN_ATTR_TENSOR, .tensor = kept});
  return name;
}

/* A ref variable and its read. */
static const char *variable(builder *b, const char *scope, const char *name, tarn_shape shape) {
  const char *path = join(b, scope, name);
  tarn_node *n = node(b, path, "VariableV2", (const char *[5]){NULL});
  set_type(b, n, "dtype", TARN_F32);
  set_shape(b, n, "shape", shape);
  if (b->status == TARN_OK) b->size.parameters += tarn__shape_elements(&shape);
  const char *read = join(b, path, "read");
  set_type(b, node(b, read, "Identity", (const char *[5]){path}), "T", TARN_F32);
  return read;
}

/* ---- layers -------------------------------------------------------------------------------- */

/* A feature map: the name of a tensor [N, side, side, depth]. */
typedef struct map {
  const char *name;
  int64_t side, depth;
} map;

/* The convolution alone, "scope/Conv2D". Where it strides, slim pads evenly and then convolves
 * VALID, which is not what SAME does with an even side. */
static map convolve(builder *b, map x, const char *scope, int64_t depth, int64_t size,
                    int64_t stride) {
  const char *w =
      variable(b, scope, "weights", (tarn_shape){.rank = 4, .dim = {size, size, x.depth, depth}});
  const char *input = x.name;
  const bool pads = stride > 1 && size > 1;
  if (pads) {
    const int32_t before = (int32_t)(size - 1) / 2, after = (int32_t)(size - 1) - before;
    const char *amounts = constant(b, join(b, scope, "Pad/paddings"), 4, 2,
                                   (const int32_t[]){0, 0, before, after, before, after, 0, 0});
    input = join(b, scope, "Pad");
    tarn_node *pad = node(b, input, "Pad", (const char *[5]){x.name, amounts});
    set_type(b, pad, "T", TARN_F32);
    set_type(b, pad, "Tpaddings", TARN_I32);
  }
  const char *name = join(b, scope, "Conv2D");
  tarn_node *n = node(b, name, "Conv2D", (const char *[5]){input, w});
  set_type(b, n, "T", TARN_F32);
  set_ints(b, n, "strides", 4, (const int64_t[]){1, stride, stride, 1});
  set_text(b, n, "padding", pads ? "VALID" : "SAME");
  const int64_t side = (x.side + stride - 1) / stride;
  b->size.multiply_adds += side * side * size * size * x.depth * depth;
  return (map){name, side, depth};
}

static map batch_norm(builder *b, map x, const char *scope) {
  const char *inner = join(b, scope, "BatchNorm");
  const tarn_shape shape = tarn__shape_vector(x.depth);
  const char *gamma = variable(b, inner, "gamma", shape), *beta = variable(b, inner, "beta", shape);
  const char *mean = variable(b, inner, "moving_mean", shape);
  const char *variance = variable(b, inner, "moving_variance", shape);
  const char *name = join(b, inner, "FusedBatchNormV3");
  tarn_node *n =
      node(b, name, "FusedBatchNormV3", (const char *[5]){x.name, gamma, beta, mean, variance});
  set_type(b, n, "T", TARN_F32);
  set_type(b, n, "U", TARN_F32);
  set(b, n, "epsilon", (tarn_attr){.kind = TARN_ATTR_FLOAT, .f = 1e-5f});
  set_bool(b, n, "is_training", false);
  return (map){name, x.side, x.depth};
}

static map relu(builder *b, map x, const char *scope) {
  const char *name = join(b, scope, "Relu");
  set_type(b, node(b, name, "Relu", (const char *[5]){x.name}), "T", TARN_F32);
  return (map){name, x.side, x.depth};
}

static map max_pool(builder *b, map x, const char *name, int64_t size, int64_t stride) {
  tarn_node *n = node(b, name, "MaxPool", (const char *[5]){x.name});
  set_type(b, n, "T", TARN_F32);
  set_ints(b, n, "ksize", 4, (const int64_t[]){1, size, size, 1});
  set_ints(b, n, "strides", 4, (const int64_t[]){1, stride, stride, 1});
  set_text(b, n, "padding", "SAME");
  return (map){name, (x.side + stride - 1) / stride, x.depth};
}

/* relu(shortcut + 1x1 (3x3 (1x1 x))), every convolution with batch norm; relu after the first two.
 */
static map bottleneck(builder *b, map x, const char *scope, int64_t depth, int64_t stride) {
  map shortcut = x;
  if (x.depth != depth) {
    const char *inner = join(b, scope, "shortcut");
    shortcut = batch_norm(b, convolve(b, x, inner, depth, 1, stride), inner);
  } else if (stride > 1) {
    shortcut = max_pool(b, x, join(b, scope, "shortcut/MaxPool"), 1, stride);
  }
  const char *conv1 = join(b, scope, "conv1"), *conv2 = join(b, scope, "conv2"),
             *conv3 = join(b, scope, "conv3");
  map y = relu(b, batch_norm(b, convolve(b, x, conv1, depth / 4, 1, 1), conv1), conv1);
  y = relu(b, batch_norm(b, convolve(b, y, conv2, depth / 4, 3, stride), conv2), conv2);
  y = batch_norm(b, convolve(b, y, conv3, depth, 1, 1), conv3);
  const char *sum = join(b, scope, "add");
  set_type(b, node(b, sum, "AddV2", (const char *[5]){shortcut.name, y.name}), "T", TARN_F32);
  return relu(b, (map){sum, y.side, depth}, scope);
}

/* Mean over space, a 1x1 convolution to the classes, softmax. */
static void head(builder *b, map x) {
  const char *axes =
      constant(b, "resnet_v1_50/pool5/reduction_indices", 2, 0, (const int32_t[]){1, 2});
  const char *pool = "resnet_v1_50/pool5", *logits = "resnet_v1_50/logits";
  tarn_node *n = node(b, pool, "Mean", (const char *[5]){x.name, axes});
  set_type(b, n, "T", TARN_F32);
  set_type(b, n, "Tidx", TARN_I32);
  set_bool(b, n, "keep_dims", true);
  map y = convolve(b, (map){pool, 1, x.depth}, logits, TARN_RESNET50_CLASSES, 1, 1);
  const char *bias = variable(b, logits, "biases", tarn__shape_vector(TARN_RESNET50_CLASSES));
  const char *biased = join(b, logits, "BiasAdd"), *squeezed = "resnet_v1_50/SpatialSqueeze";
  set_type(b, node(b, biased, "BiasAdd", (const char *[5]){y.name, bias}), "T", TARN_F32);
  n = node(b, squeezed, "Squeeze", (const char *[5]){biased});
  set_type(b, n, "T", TARN_F32);
  set_ints(b, n, "squeeze_dims", 2, (const int64_t[]){1, 2});
  set_type(b, node(b, "resnet_v1_50/predictions", "Softmax", (const char *[5]){squeezed}), "T",
           TARN_F32);
}

tarn_status tarn__resnet50_build(const tarn_allocator *a, tarn_graph **graph,
                                 tarn_resnet50_size *size) {
  builder b = {0};
  TARN_TRY(tarn__graph_create(a, &b.graph));
  tarn_node *input = node(&b, "input", "Placeholder", (const char *[5]){NULL});
  set_type(&b, input, "dtype", TARN_F32);
  set_shape(&b, input, "shape",
            (tarn_shape){.rank = 4, .dim = {-1, TARN_RESNET50_SIDE, TARN_RESNET50_SIDE, 3}});

  const char *conv1 = "resnet_v1_50/conv1";
  map x = {"input", TARN_RESNET50_SIDE, 3};
  x = relu(&b, batch_norm(&b, convolve(&b, x, conv1, 64, 7, 2), conv1), conv1);
  x = max_pool(&b, x, "resnet_v1_50/pool1/MaxPool", 3, 2);
  static const struct {
    int units;
    int64_t depth, last_stride;
  } blocks[] = {{3, 256, 2}, {4, 512, 2}, {6, 1024, 2}, {3, 2048, 1}};
  for (int k = 0; k < 4; k++)
    for (int unit = 1; unit <= blocks[k].units && b.status == TARN_OK; unit++) {
      const char *scope = tarn__arena_printf(
          b.graph->arena, "resnet_v1_50/block%d/unit_%d/bottleneck_v1", k + 1, unit);
      if (scope)
        x = bottleneck(&b, x, scope, blocks[k].depth,
                       unit == blocks[k].units ? blocks[k].last_stride : 1);
      else
        b.status = TARN_NO_MEMORY;
    }
  head(&b, x);
  if (b.status == TARN_OK) b.status = tarn__graph_finish(b.graph);
  if (b.status != TARN_OK) {
    tarn__graph_destroy(b.graph);
    return b.status;
  }
  *graph = b.graph;
  if (size) *size = b.size;
  return TARN_OK;
}
