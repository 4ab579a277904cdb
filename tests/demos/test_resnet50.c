/* The ResNet-50 graph: it is the published network, under the names that slim's checkpoints use. */
#include <string.h>

#include "demos/resnet50/network.h"
#include "tests/unit/suite.h"

static tarn_graph *graph;
static tarn_resnet50_size size;

static void build(void) {
  ck_assert_int_eq(tarn__resnet50_build(tarn__allocator_default(), &graph, &size), TARN_OK);
}

static void destroy(void) {
  tarn__graph_destroy(graph);
}

START_TEST(test_resnet50_build_has_the_published_size) {
  /* 25,557,032 trained parameters (He et al. 2015) and the 2 x 26,560 moving statistics of 53 batch
   * norms. */
  ck_assert_int_eq(size.parameters, 25557032 + 2 * 26560);
  size_t variables = 0, convolutions = 0;
  for (size_t i = 0; i < graph->count; i++) {
    variables += strcmp(graph->nodes[i]->op_name, "VariableV2") == 0;
    convolutions += strcmp(graph->nodes[i]->op_name, "Conv2D") == 0;
    ck_assert_msg(!graph->nodes[i]->problem, "%s: %s", graph->nodes[i]->name,
                  graph->nodes[i]->problem);
  }
  ck_assert_uint_eq(convolutions, 54);
  ck_assert_uint_eq(variables, 53 * 5 + 2);
}
END_TEST

START_TEST(test_resnet50_build_uses_slims_names) {
  static const struct {
    const char *name;
    tarn_shape shape;
  } expected[] = {
      {"resnet_v1_50/conv1/weights", {4, {7, 7, 3, 64}}},
      {"resnet_v1_50/conv1/BatchNorm/moving_variance", {1, {64}}},
      {"resnet_v1_50/block1/unit_1/bottleneck_v1/shortcut/weights", {4, {1, 1, 64, 256}}},
      {"resnet_v1_50/block2/unit_4/bottleneck_v1/conv2/weights", {4, {3, 3, 128, 128}}},
      {"resnet_v1_50/block4/unit_3/bottleneck_v1/conv3/BatchNorm/gamma", {1, {2048}}},
      {"resnet_v1_50/logits/weights", {4, {1, 1, 2048, 1000}}},
      {"resnet_v1_50/logits/biases", {1, {1000}}},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    const tarn_node *node = tarn__graph_node(graph, expected[i].name);
    ck_assert_msg(node != NULL, "%s is missing", expected[i].name);
    ck_assert_msg(tarn__shape_equal(tarn__attr_shape(&node->attrs, "shape"), &expected[i].shape),
                  "shape of %s", expected[i].name);
  }
  ck_assert_ptr_null(
      tarn__graph_node(graph, "resnet_v1_50/block1/unit_2/bottleneck_v1/shortcut/weights"));
}
END_TEST

SUITE_MAIN_FIXTURE("resnet50", build, destroy, test_resnet50_build_has_the_published_size,
                   test_resnet50_build_uses_slims_names)
