/* Graphs written as GraphDef and read again: the same graph, and the same bytes the second time. */
#include "loader/graphdef/write.h"
#include "tests/unit/model_text.h"
#include "tests/unit/suite.h"

static tarn_bytes written(const tarn_graph *graph) {
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  ck_assert_msg(tarn__graphdef_write(graph, true, &b) == TARN_OK, "%s", tarn_error());
  return b;
}

static tarn_graph *again(const tarn_graph *graph) {
  tarn_bytes b = written(graph);
  tarn_status status;
  tarn_graph *g = graph_of_bytes(tarn__allocator_default(), b.data, b.size, &status);
  ck_assert_msg(g != NULL, "%s", tarn_error());
  tarn_bytes second = written(g);
  ck_assert_uint_eq(b.size, second.size);
  ck_assert_mem_eq(b.data, second.data, b.size);
  tarn__bytes_clear(&b);
  tarn__bytes_clear(&second);
  return g;
}

/* With an op that tarn does not know, nothing is filled in: what is written is what was read, byte
 * for byte. */
START_TEST(test_graphdef_write_gives_the_bytes_back) {
  tarn_bytes in = wire_of(
      "node { name: 'n' op: 'U' input: ['m:3', '^m'] device: '/cpu:0' attr { key: 'i' value { i: "
      "-3 } } attr { key: 'f' value { f: 1.5 } }"
      "attr { key: 'b' value { b: true } } attr { key: 's' value { s: 'a\\000b' } } attr { key: "
      "'t' value { type: DT_FLOAT_REF } }"
      "attr { key: 'h' value { shape { dim { size: -1 } dim { } } } } attr { key: 'u' value { "
      "shape { unknown_rank: true } } }"
      "attr { key: 'g' value { func { name: 'g' attr { key: 'k' value { i: 1 } } } } }"
      "attr { key: 'le' value { list { } } } attr { key: 'ls' value { list { s: ['x', ''] } } }"
      "attr { key: 'lh' value { list { shape { dim { size: 2 } } shape { } } } } attr { key: 'lf' "
      "value { list { func { name: 'g' } } } }"
      "attr { key: 'c' value { tensor { dtype: DT_INT16 tensor_shape { dim { size: 2 } } "
      "tensor_content: '\\001\\000\\002\\000' } } }"
      "attr { key: 'z' value { tensor { dtype: DT_STRING tensor_shape { dim { size: 2 } } "
      "string_val: ['p', 'q'] } } } }"
      "node { name: 'm' op: 'V' } versions { producer: 134 min_consumer: 12 }",
      &tarn__proto_graph_def);
  tarn_status status;
  tarn_graph *graph = graph_of_bytes(tarn__allocator_default(), in.data, in.size, &status);
  ck_assert_ptr_nonnull(graph);
  tarn_bytes out = written(graph);
  ck_assert_uint_eq(out.size, in.size);
  ck_assert_mem_eq(out.data, in.data, in.size);
  tarn__bytes_clear(&in);
  tarn__bytes_clear(&out);
  tarn__graph_destroy(graph);
}
END_TEST

START_TEST(test_graphdef_write_packs_numbers) {
  tarn_graph *graph = graph_of_text(
      "node { name: 'n' op: 'U' attr { key: 'i' value { list { i: [1, -2, 300] } } } attr { key: "
      "'f' value { list { f: [0.5, -1] } } }"
      "attr { key: 'b' value { list { b: [true, false] } } } attr { key: 't' value { list { type: "
      "[DT_FLOAT, DT_INT64] } } } }");
  tarn_graph *g = again(graph);
  const tarn_attrs *a = &g->nodes[0]->attrs;
  ck_assert_int_eq(tarn__attr_find(a, "i")->list.i[1], -2);
  ck_assert_int_eq(tarn__attr_find(a, "i")->list.i[2], 300);
  ck_assert_float_eq(tarn__attr_find(a, "f")->list.f[1], -1);
  ck_assert(tarn__attr_find(a, "b")->list.b[0] && !tarn__attr_find(a, "b")->list.b[1]);
  ck_assert_int_eq(tarn__attr_find(a, "t")->list.type[1], TARN_I64);
  tarn__graph_destroy(graph);
  tarn__graph_destroy(g);
}
END_TEST

START_TEST(test_graphdef_write_functions) {
  tarn_graph *graph = graph_of_text(
      "node { name: 'x' op: 'Placeholder' attr { key: 'dtype' value { type: DT_FLOAT } } }"
      "node { name: 'y' op: 'PartitionedCall' input: ['x', 'x'] attr { key: 'Tin' value { list { "
      "type: [DT_FLOAT, DT_FLOAT] } } }"
      "attr { key: 'Tout' value { list { type: [DT_FLOAT, DT_FLOAT] } } } attr { key: 'f' value { "
      "func { name: 'f' } } } }"
      "library { function { signature { name: 'f' attr { name: 'N' type: 'int' } input_arg { name: "
      "'a' type: DT_FLOAT number_attr: 'N' }"
      "output_arg { name: 'r' type: DT_FLOAT number_attr: 'N' } } attr { key: 'N' value { i: 2 } }"
      "node_def { name: 'n' op: 'Identity' input: 'a:1' attr { key: 'T' value { type: DT_FLOAT } } "
      "}"
      "ret { key: 'r' value: 'a' } control_ret { key: 'c' value: 'n' } } }");
  ck_assert_ptr_nonnull(graph);
  tarn_graph *g = again(graph);
  const tarn_graph *f = tarn__graph_function(g, "f");
  ck_assert_ptr_null(tarn__graph_node(g, "y")->problem);
  ck_assert_uint_eq(f->args, 2);
  ck_assert_str_eq(f->ret_name[1], "r_1");
  ck_assert_ptr_eq(f->ret[1].node, f->arg[1]);
  ck_assert_uint_eq(f->control_rets, 1);
  tarn__graph_destroy(graph);
  tarn__graph_destroy(g);
}
END_TEST

START_TEST(test_graphdef_write_says_what_it_cannot) {
  tarn_graph *graph = graph_of_text(
      "node { name: 'n' op: 'U' attr { key: 'v' value { tensor { dtype: DT_VARIANT } } } }");
  tarn_bytes b;
  tarn__bytes_init(&b, tarn__allocator_default());
  ck_assert_int_eq(tarn__graphdef_write(graph, true, &b), TARN_UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "'v'"));
  ck_assert_int_eq(tarn__graphdef_write(graph, false, &b), TARN_OK);
  tarn__bytes_clear(&b);
  tarn__graph_destroy(graph);
}
END_TEST

SUITE_MAIN("graphdef_write", test_graphdef_write_gives_the_bytes_back,
           test_graphdef_write_packs_numbers, test_graphdef_write_functions,
           test_graphdef_write_says_what_it_cannot)
