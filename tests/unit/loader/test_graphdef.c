/* GraphDef into graphs: attributes of each kind, functions, depth, and running out of memory
 * anywhere. */
#include "tests/unit/model_text.h"
#include "tests/unit/suite.h"

static tarn_graph *graph;

static void teardown(void) {
  tarn__graph_destroy(graph);
  graph = NULL;
}

static const tarn_attr *attr(const char *value) {
  char text[2048];
  snprintf(text, sizeof text, "node { name: 'n' op: 'UnknownOp' attr { key: 'a' value { %s } } }",
           value);
  teardown();
  graph = graph_of_text(text);
  ck_assert_ptr_nonnull(graph);
  return tarn__attr_find(&tarn__graph_node(graph, "n")->attrs, "a");
}

START_TEST(test_graphdef_attr_scalars) {
  ck_assert_int_eq(attr("i: -5")->i, -5);
  ck_assert_int_eq(attr("i: -5")->kind, TARN_ATTR_INT);
  ck_assert_float_eq(attr("f: 0.5")->f, 0.5f);
  ck_assert_int_eq(attr("f: 0.5")->kind, TARN_ATTR_FLOAT);
  ck_assert(attr("b: true")->b);
  ck_assert_int_eq(attr("b: false")->kind, TARN_ATTR_BOOL);
  const tarn_attr *s = attr("s: 'a\\000b'");
  ck_assert_int_eq(s->kind, TARN_ATTR_STRING);
  ck_assert_uint_eq(s->s.size, 3);
  ck_assert_mem_eq(s->s.data, "a\0b", 3);
  ck_assert_int_eq(attr("type: DT_INT64")->type.dtype, TARN_I64);
  const tarn_attr *ref = attr("type: DT_FLOAT_REF");
  ck_assert_int_eq(ref->type.dtype, TARN_F32);
  ck_assert(ref->type.is_ref);
  ck_assert_int_eq(attr("type: DT_FLOAT8_E5M2")->type.dtype, TARN_NO_DTYPE);
  ck_assert_int_eq(attr("")->kind, TARN_ATTR_NONE);
}
END_TEST

START_TEST(test_graphdef_attr_shapes) {
  const tarn_shape *s = attr("shape { dim { size: -1 } dim { size: 3 } }")->shape;
  ck_assert_int_eq(s->rank, 2);
  ck_assert_int_eq(s->dim[0], -1);
  ck_assert_int_eq(s->dim[1], 3);
  ck_assert_int_eq(attr("shape { unknown_rank: true }")->shape->rank, -1);
  ck_assert_int_eq(attr("shape { }")->shape->rank, 0);
  ck_assert_int_eq(attr("shape { dim { } }")->shape->dim[0], 0);
  ck_assert_int_eq(
      refusal_of_text(
          "node { name: 'n' op: 'U' attr { key: 'a' value { shape { dim { size: -2 } } } } }"),
      TARN_CORRUPT);
}
END_TEST

START_TEST(test_graphdef_attr_lists) {
  const tarn_attr *a = attr("list { i: [1, -2, 3] }");
  ck_assert_int_eq(a->kind, TARN_ATTR_LIST);
  ck_assert_int_eq(a->element, TARN_ATTR_INT);
  ck_assert_uint_eq(a->list.count, 3);
  ck_assert_int_eq(a->list.i[1], -2);
  a = attr("list { f: [1, 2] }");
  ck_assert_float_eq(a->list.f[1], 2);
  a = attr("list { b: [false, true] }");
  ck_assert(!a->list.b[0] && a->list.b[1]);
  a = attr("list { s: ['x', 'yz'] }");
  ck_assert_uint_eq(a->list.s[1].size, 2);
  a = attr("list { type: [DT_FLOAT, DT_STRING] }");
  ck_assert_int_eq(a->list.type[1], TARN_STRING);
  a = attr("list { shape { } shape { dim { size: 4 } } }");
  ck_assert_int_eq(a->list.shape[1].dim[0], 4);
  a = attr("list { func { name: 'f' attr { key: 'k' value { i: 9 } } } }");
  ck_assert_str_eq(a->list.func[0].name, "f");
  ck_assert_int_eq(tarn__attr_find(a->list.func[0].attrs, "k")->i, 9);
  a = attr("list { }");
  ck_assert_uint_eq(a->list.count, 0);
  ck_assert_int_eq(a->element, TARN_ATTR_NONE);
  ck_assert_int_eq(
      refusal_of_text("node { name: 'n' op: 'U' attr { key: 'a' value { list { i: 1 f: 2 } } } }"),
      TARN_CORRUPT);
  (void)attr("list { tensor { dtype: DT_FLOAT } }");
  ck_assert_ptr_nonnull(tarn__graph_node(graph, "n")->problem);
}
END_TEST

START_TEST(test_graphdef_attr_func_and_twice) {
  const tarn_attr *a = attr("func { name: 'body' attr { key: 'T' value { type: DT_HALF } } }");
  ck_assert_int_eq(a->kind, TARN_ATTR_FUNC);
  ck_assert_str_eq(a->func.name, "body");
  ck_assert_int_eq(tarn__attr_find(a->func.attrs, "T")->type.dtype, TARN_F16);
  teardown();
  graph = graph_of_text(
      "node { name: 'n' op: 'U' attr { key: 'a' value { i: 1 } } attr { key: 'a' value { i: 2 } } "
      "}");
  ck_assert_int_eq(tarn__attr_find(&graph->nodes[0]->attrs, "a")->i, 2);
  ck_assert_uint_eq(graph->nodes[0]->attrs.count, 1);
}
END_TEST

/* Attributes that begin with an underscore are hints: one that cannot be held is no reason not to
 * run. */
START_TEST(test_graphdef_hints_are_dropped) {
  graph = graph_of_text(
      "node { name: 'n' op: 'NoOp' attr { key: '_h' value { list { tensor { dtype: DT_FLOAT } } } "
      "} }");
  ck_assert_ptr_nonnull(graph);
  ck_assert_ptr_null(graph->nodes[0]->problem);
  ck_assert_ptr_null(tarn__attr_find(&graph->nodes[0]->attrs, "_h"));
}
END_TEST

START_TEST(test_graphdef_colocation_with_nothing) {
  graph = graph_of_text(
      "node { name: 'n' op: 'NoOp' attr { key: '_class' value { list { s: 'loc:@m' } } } }"
      "node { name: 'o' op: 'NoOp' attr { key: '_class' value { list { s: 'loc:@n' } } } }");
  ck_assert_ptr_nonnull(graph->nodes[0]->problem);
  ck_assert_ptr_null(graph->nodes[1]->problem);
}
END_TEST

START_TEST(test_graphdef_nodes_in_any_order) {
  graph = graph_of_text(
      "node { attr { key: 'T' value { type: DT_FLOAT } } input: ['x', '^z'] op: 'Identity' name: "
      "'y' device: '/cpu:0' }"
      "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"
      "node { name: 'z' op: 'NoOp' }");
  ck_assert_ptr_nonnull(graph);
  const tarn_node *y = tarn__graph_node(graph, "y");
  ck_assert_int_eq(y->inputs, 1);
  ck_assert_ptr_eq(y->in[0].node, tarn__graph_node(graph, "x"));
  ck_assert_int_eq(y->controls, 1);
  ck_assert_str_eq(y->device, "/cpu:0");
}
END_TEST

/* An empty shape meant "unknown" before version 24. */
START_TEST(test_graphdef_placeholder_of_old_writers) {
#define PLACEHOLDER                                                                                \
  "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: " \
  "'shape' value { shape { } } } }"
  graph = graph_of_text(PLACEHOLDER "versions { producer: 23 }");
  ck_assert_int_eq(tarn__attr_find(&graph->nodes[0]->attrs, "shape")->shape->rank, -1);
  teardown();
  graph = graph_of_text(PLACEHOLDER "versions { producer: 24 }");
  ck_assert_int_eq(tarn__attr_find(&graph->nodes[0]->attrs, "shape")->shape->rank, 0);
}
END_TEST

START_TEST(test_graphdef_names_that_are_none) {
  ck_assert_int_eq(refusal_of_text("node { op: 'NoOp' }"), TARN_CORRUPT);
  ck_assert_int_eq(refusal_of_text("node { name: 'n' }"), TARN_CORRUPT);
  ck_assert_int_eq(refusal_of_text("node { name: 'a\\000b' op: 'NoOp' }"), TARN_CORRUPT);
  ck_assert_int_eq(refusal_of_text("node { name: 'a\\377' op: 'NoOp' }"), TARN_CORRUPT);
  ck_assert_int_eq(refusal_of_text("node { name: 'a' op: 'NoOp' } node { name: 'a' op: 'NoOp' }"),
                   TARN_CORRUPT);
  ck_assert_int_eq(refusal_of_text("node { name: 'a' op: 'NoOp' input: '^\\000' }"), TARN_CORRUPT);
}
END_TEST

/* ---- functions ---- */

#define ARG(name, type) " input_arg { name: '" name "' type: " type " }"
#define RET(name, type) " output_arg { name: '" name "' type: " type " }"

START_TEST(test_graphdef_function_in_signature_order) {
  graph = graph_of_text(
      "library { function { ret { key: 'second' value: 'b' } ret { key: 'first' value: "
      "'n:output:0' }"
      "node_def { name: 'n' op: 'Identity' input: 'a' attr { key: 'T' value { type: DT_FLOAT } } }"
      "control_ret { key: 'c' value: 'n' }"
      "signature { name: 'f'" ARG("a", "DT_FLOAT") ARG("b", "DT_INT32") RET("first", "DT_FLOAT")
          RET("second", "DT_INT32") "} } }");
  ck_assert_ptr_nonnull(graph);
  tarn_graph *f = tarn__graph_function(graph, "f");
  ck_assert_uint_eq(f->args, 2);
  ck_assert_uint_eq(f->rets, 2);
  ck_assert_str_eq(f->ret_name[0], "first");
  ck_assert_str_eq(f->ret[0].node->name, "n");
  ck_assert_ptr_eq(f->ret[1].node, f->arg[1]);
  ck_assert_int_eq(tarn__attr_find(&f->arg[1]->attrs, "T")->type.dtype, TARN_I32);
  ck_assert_uint_eq(f->control_rets, 1);
}
END_TEST

/* Types and counts from attributes, and placeholders for them in the body. */
START_TEST(test_graphdef_function_of_attributes) {
  graph = graph_of_text(
      "library { function { signature { name: 'f'"
      "attr { name: 'T' type: 'type' default_value { type: DT_DOUBLE } }"
      "attr { name: 'N' type: 'int' } attr { name: 'L' type: 'list(type)' }"
      "input_arg { name: 'x' type_attr: 'T' number_attr: 'N' } input_arg { name: 'y' "
      "type_list_attr: 'L' }"
      "output_arg { name: 'z' type_attr: 'T' number_attr: 'N' } }"
      "attr { key: 'N' value { i: 2 } } attr { key: 'L' value { list { type: [DT_INT32, DT_BOOL] } "
      "} }"
      "node_def { name: 'n' op: 'IdentityN' input: 'x' attr { key: 'T' value { list { type: "
      "[DT_DOUBLE, DT_DOUBLE] } } } }"
      "node_def { name: 'm' op: 'Identity' input: 'x:1' attr { key: 'T' value { placeholder: 'T' } "
      "} }"
      "ret { key: 'z' value: 'x' } } }");
  ck_assert_ptr_nonnull(graph);
  tarn_graph *f = tarn__graph_function(graph, "f");
  ck_assert_uint_eq(f->args, 4);
  ck_assert_str_eq(f->arg[1]->name, "x_1");
  ck_assert_int_eq(tarn__attr_find(&f->arg[0]->attrs, "T")->type.dtype, TARN_F64);
  ck_assert_int_eq(tarn__attr_find(&f->arg[3]->attrs, "T")->type.dtype, TARN_BOOL);
  ck_assert_int_eq(tarn__graph_node(f, "n")->inputs, 2);
  const tarn_node *m = tarn__graph_node(f, "m");
  ck_assert_ptr_eq(m->in[0].node, f->arg[1]);
  ck_assert_int_eq(tarn__attr_find(&m->attrs, "T")->type.dtype, TARN_F64);
  ck_assert_uint_eq(f->rets, 2);
  ck_assert_ptr_eq(f->ret[1].node, f->arg[1]);
}
END_TEST

START_TEST(test_graphdef_function_unbound_is_a_problem) {
  graph = graph_of_text(
      "library { function { signature { name: 'f' attr { name: 'T' type: 'type' } input_arg { "
      "name: 'x' type_attr: 'T' } } } }");
  ck_assert_ptr_nonnull(graph);
  ck_assert_ptr_nonnull(tarn__graph_function(graph, "f")->arg[0]->problem);
}
END_TEST

START_TEST(test_graphdef_functions_that_are_wrong) {
  static const char *const cases[] = {
      "library { function { signature { name: '' } } }",
      "library { function { signature { name: 'f'" RET("r", "DT_FLOAT") "} } }",
      "library { function { signature { name: 'f' attr { name: 'T' type: 'type' } attr { name: 'T' "
      "type: 'type' } } } }",
      "library { function { signature { name: 'f' attr { name: 'T' type: 'list(list(type))' } } } "
      "}",
      "library { function { signature { name: 'f' } } function { signature { name: 'f'" ARG(
          "a", "DT_FLOAT") "} } }",
      "library { function { signature { name: 'f'" ARG(
          "a", "DT_FLOAT") "} node_def { name: 'a' op: 'NoOp' } } }",
      "library { function { signature { name: 'f'" RET(
          "r", "DT_FLOAT") "} ret { key: 'r' value: 'nowhere:output:0' } } }",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_msg(refusal_of_text(cases[i]) == TARN_CORRUPT, "%s", cases[i]);
  graph = graph_of_text(
      "library { function { signature { name: 'f' } } function { signature { name: 'f' } } }");
  ck_assert_ptr_nonnull(graph);   /* said twice, and the same */
}
END_TEST

/* ---- depth ---- */

/* `levels` functions as attributes of one another, in wire form from the inside out. */
static tarn_status nested(int levels) {
  tarn_bytes inner, outer;
  size_t value, func, entry;
  tarn__bytes_init(&inner, tarn__allocator_default());
  for (int i = 0; i < levels;
       i++) { /* entry { key: "a" value { func { name: "f" attr { ... } } } } */
    tarn__bytes_init(&outer, tarn__allocator_default());
    ck_assert_int_eq(tarn__wire_add_bytes(&outer, 1, "a", 1), TARN_OK);
    ck_assert_int_eq(tarn__wire_begin(&outer, 2, &value), TARN_OK);
    ck_assert_int_eq(tarn__wire_begin(&outer, 10, &func), TARN_OK);
    ck_assert_int_eq(tarn__wire_add_bytes(&outer, 1, "f", 1), TARN_OK);
    if (inner.size)
      ck_assert_int_eq(tarn__wire_add_bytes(&outer, 2, inner.data, inner.size), TARN_OK);
    ck_assert_int_eq(tarn__wire_end(&outer, func), TARN_OK);
    ck_assert_int_eq(tarn__wire_end(&outer, value), TARN_OK);
    tarn__bytes_clear(&inner);
    inner = outer;
  }
  tarn__bytes_init(&outer, tarn__allocator_default());
  ck_assert_int_eq(tarn__wire_begin(&outer, 1, &entry), TARN_OK);
  ck_assert_int_eq(tarn__wire_add_bytes(&outer, 1, "n", 1), TARN_OK);
  ck_assert_int_eq(tarn__wire_add_bytes(&outer, 2, "U", 1), TARN_OK);
  ck_assert_int_eq(tarn__wire_add_bytes(&outer, 5, inner.data, inner.size), TARN_OK);
  ck_assert_int_eq(tarn__wire_end(&outer, entry), TARN_OK);
  tarn__bytes_clear(&inner);
  tarn_status status;
  tarn__graph_destroy(graph_of_bytes(tarn__allocator_default(), outer.data, outer.size, &status));
  tarn__bytes_clear(&outer);
  return status;
}

START_TEST(test_graphdef_depth_is_bounded) {
  ck_assert_int_eq(nested(20), TARN_OK);
  ck_assert_int_eq(nested(60), TARN_CORRUPT);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "nested deeper"));
  ck_assert_int_eq(nested(3000), TARN_CORRUPT);
}
END_TEST

/* ---- memory ---- */

START_TEST(test_graphdef_every_allocation_may_fail) {
  tarn_bytes b = wire_of(
      "node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } }"
      "attr { key: 'value' value { tensor { dtype: DT_STRING"
      " string_val: 'a string of more than a few bytes' } } } }"
      "node { name: 'd' op: 'Identity' input: 'c' attr { key: 'T' value { type: DT_STRING } } }"
      "node { name: 'e' op: 'f' input: 'd' attr { key: 'l' value { list { s: ['x', 'y'] } } } }"
      "library { function { signature { name: 'f'" ARG("a", "DT_STRING") RET("r", "DT_STRING") "}"
      "ret { key: 'r' value: 'a' } } }", &tarn__proto_graph_def);
  tarn_status status = TARN_NO_MEMORY;
  long n = 0;
  for (; status != TARN_OK && n < 2000; n++) {
    tarn_failing failing;
    tarn__failing_init(&failing, n, false);
    tarn_graph *g = graph_of_bytes(&failing.allocator, b.data, b.size, &status);
    ck_assert_msg(status == TARN_OK || status == TARN_NO_MEMORY, "allocation %ld: %s", n,
                  tarn_error());
    tarn__graph_destroy(g);
    ck_assert_msg(failing.live == 0, "allocation %ld leaves %ld blocks", n, failing.live);
  }
  ck_assert_int_eq(status, TARN_OK);
  ck_assert_int_gt(n, 5);
  tarn__bytes_clear(&b);
}
END_TEST

SUITE_MAIN_TEARDOWN("graphdef", teardown,
                    test_graphdef_attr_scalars,
                    test_graphdef_attr_shapes,
                    test_graphdef_attr_lists,
                    test_graphdef_attr_func_and_twice,
                    test_graphdef_hints_are_dropped,
                    test_graphdef_colocation_with_nothing,
                    test_graphdef_nodes_in_any_order,
                    test_graphdef_names_that_are_none,
                    test_graphdef_placeholder_of_old_writers,
                    test_graphdef_function_in_signature_order,
                    test_graphdef_function_of_attributes,
                    test_graphdef_function_unbound_is_a_problem,
                    test_graphdef_functions_that_are_wrong,
                    test_graphdef_depth_is_bounded,
                    test_graphdef_every_allocation_may_fail)
