/* The op table: names are unique, and every entry's signature and cases are well formed. */
#include "core/thread/threads.h"
#include "graph/signature/signature.h"
#include "kernels/kernel.h"
#include "tests/unit/suite.h"


static tarn_status parse_all(void *argument, int64_t chunk, int worker) {
  (void)argument;
  (void)chunk;
  (void)worker;
  size_t count;
  const tarn_op *const *ops = tarn__ops(&count);
  const tarn_signature *s;
  for (size_t i = 0; i < count; i++) {
    TARN_TRY(tarn__signature_of(ops[i], &s));
    size_t kernels;
    if (tarn__op_find(ops[i]->name) != ops[i])
      return tarn_fail(TARN_FAILED, "%s is not found", ops[i]->name);
    tarn__kernels_of(ops[i]->name, &kernels);
  }
  return TARN_OK;
}

/* Runs first: all tables are built on first use, here by several threads at once. */
START_TEST(test_registry_is_built_by_many_threads) {
  tarn_pool *pool;
  ck_assert_int_eq(tarn__pool_create(tarn__allocator_default(), 4, &pool), TARN_OK);
  ck_assert_msg(tarn__pool_run(pool, 8, parse_all, NULL) == TARN_OK, "%s", tarn_error());
  tarn__pool_destroy(pool);
}
END_TEST

START_TEST(test_registry_has_no_duplicates) {
  size_t count;
  const tarn_op *const *ops = tarn__ops(&count);
  ck_assert_uint_gt(count, 30);
  for (size_t i = 1; i < count; i++)
    ck_assert_msg(strcmp(ops[i - 1]->name, ops[i]->name) < 0, "op %s is defined twice",
                  ops[i]->name);
}
END_TEST

START_TEST(test_registry_finds_every_op_by_name) {
  size_t count;
  const tarn_op *const *ops = tarn__ops(&count);
  for (size_t i = 0; i < count; i++) ck_assert_ptr_eq(tarn__op_find(ops[i]->name), ops[i]);
  ck_assert_ptr_null(tarn__op_find("NoSuchOp"));
  ck_assert_ptr_null(tarn__op_find(""));
}
END_TEST

START_TEST(test_registry_signatures_are_well_formed) {
  size_t count;
  const tarn_op *const *ops = tarn__ops(&count);
  for (size_t i = 0; i < count; i++) {
    const tarn_signature *s;
    ck_assert_msg(tarn__signature_of(ops[i], &s) == TARN_OK, "%s", tarn_error());
    const tarn_signature *again;
    ck_assert_int_eq(tarn__signature_of(ops[i], &again), TARN_OK);
    ck_assert_ptr_eq(s, again);
    ck_assert_msg(ops[i]->inplace >= 0 && (size_t)ops[i]->inplace <= s->inputs,
                  "%s: inplace %d of %zu inputs", ops[i]->name, ops[i]->inplace, s->inputs);
    if (ops[i]->flags & TARN_OP_VIEW)
      ck_assert_msg(s->inputs >= 1 && s->outputs >= 1, "%s: a view of nothing", ops[i]->name);
  }
}
END_TEST

START_TEST(test_registry_kernels_belong_to_ops) {
  for (const tarn_kernel_file *file = tarn__kernel_files; file->rows; file++)
    for (const tarn_kernel *row = file->rows; row->op; row++) {
      const tarn_op *op = tarn__op_find(row->op);
      ck_assert_msg(op != NULL, "%s: no op is called %s", file->path, row->op);
      ck_assert_msg(row->run != NULL, "%s: %s cannot run", file->path, row->op);
      ck_assert_msg(!(op->flags & (TARN_OP_CONTROL | TARN_OP_VIEW)), "%s: %s takes no kernel",
                    file->path, row->op);
      ck_assert_msg(!row->prepared_bytes == !row->prepare,
                    "%s: %s: prepare and prepared_bytes go together", file->path, row->op);
    }
}
END_TEST

SUITE_MAIN("registry", test_registry_is_built_by_many_threads, test_registry_has_no_duplicates,
           test_registry_finds_every_op_by_name, test_registry_signatures_are_well_formed,
           test_registry_kernels_belong_to_ops)
