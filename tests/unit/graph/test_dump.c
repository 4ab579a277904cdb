/* Plans written out: files that read back as GraphDefs, under names that are checked. */
#include <unistd.h>

#include "core/file.h"
#include "graph/passes/dump.h"
#include "tests/unit/model_text.h"
#include "tests/unit/passes/passes.h"
#include "tests/unit/suite.h"

static tarn_session *s;
static tarn_graph *g;
static void close_all(void) {
  tarn_session_destroy(s);
  tarn__graph_destroy(g);
  s = NULL;
  g = NULL;
}

static const tarn_plan *plan(void) {
  tarn_tensor *x = tensor(TARN_F32, 2, (int64_t[]){2, 3}, NULL), *limit = scalar_i(3);
  const tarn_feed feeds[] = {{"x", x}, {"limit", limit}};
  const char *fetches[] = {"x_out", "y"};
  const tarn_plan *made;
  g = new_graph();
  node(g, "x", "Placeholder", "", "dtype=float");
  node(g, "limit", "Placeholder", "", "dtype=int32");
  add_loop(g, "x");
  floats(g, "w", 2, (int64_t[]){3, 2}, (float[]){1, 2, 3, 4, 5, 6});
  node(g, "p", "MatMul", "x w", "T=float");
  node(g, "y", "Relu", "p", "T=float");
  s = session_on(g);
  OK(tarn__session_plan(
      s, &(tarn_run_request){.feeds = feeds, .n_feeds = 2, .fetches = fetches, .n_fetches = 2},
      false, &made));
  tarn_tensor_release(x);
  tarn_tensor_release(limit);
  return made;
}

/* The file's text, which is removed. */
static char *text_of(const char *path) {
  static char text[1 << 16];
  tarn_file file;
  OK(tarn__file_map(path, &file));
  ck_assert_uint_lt(file.size, sizeof text);
  memcpy(text, file.data, file.size);
  text[file.size] = 0;
  tarn__file_unmap(&file);
  ck_assert_int_eq(unlink(path), 0);
  return text;
}

START_TEST(test_dump_reads_back) {
  const tarn_plan *p = plan();
  OK(tarn__dump_stage(p, ".", 9998, 3, "some_pass"));
  tarn_bytes wire =
      wire_of(text_of("./plan9998-03-some_pass-block0.pbtxt"), &tarn__proto_graph_def);
  tarn_status status;
  tarn_graph *back = graph_of_bytes(tarn__allocator_default(), wire.data, wire.size, &status);
  ck_assert_msg(status == TARN_OK, "%s", tarn_error());
  ck_assert_str_eq(tarn__graph_node(back, "p")->op_name, "_FusedMatMul");
  ck_assert_str_eq(tarn__graph_node(back, "loop")->op_name, "_Loop");
  tarn__graph_destroy(back);
  tarn__bytes_clear(&wire);
  ck_assert_ptr_nonnull(strstr(text_of("./plan9998-03-some_pass-block0.dot"), "_FusedMatMul: p"));
  ck_assert_ptr_nonnull(strstr(text_of("./plan9998-03-some_pass-block1.pbtxt"), "\"x_mul\""));
  ck_assert_ptr_nonnull(strstr(text_of("./plan9998-03-some_pass-block1.dot"), "digraph block1"));
}
END_TEST

START_TEST(test_dump_checks_names_and_folders) {
  const tarn_plan *p = plan();
  FAILS(tarn__dump_stage(p, ".", 9999, 0, "../up"), TARN_INVALID, "file name");
  FAILS(tarn__dump_stage(p, ".", 9999, 0, ""), TARN_INVALID, "file name");
  FAILS(tarn__dump_stage(p, "./no_such_folder", 9999, 0, "start"), TARN_IO, "no_such_folder");
  ck_assert_uint_lt(tarn__dump_number(), tarn__dump_number() + 1);
}
END_TEST

SUITE_MAIN_TEARDOWN("dump", close_all, test_dump_reads_back, test_dump_checks_names_and_folders)
