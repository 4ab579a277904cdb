/* TensorArrays, stacks and lists: what may be read and written, and when; gradient arrays; copies
 * of lists. */
#include "kernels/state/arrays/stack.h"
#include "kernels/state/arrays/tensor_array.h"
#include "kernels/state/arrays/tensor_list.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static tarn_tensor vector(int64_t n, float first) {
  tarn_tensor t;
  const tarn_shape shape = tarn__shape_vector(n);
  ck_assert_int_eq(tarn__tensor_new(tarn__allocator_default(), TARN_F32, &shape, &t), TARN_OK);
  for (int64_t i = 0; i < n; i++) ((float *)t.data)[i] = first + (float)i;
  return t;
}
static tarn_tensor_array *array(int64_t size, bool dynamic, bool clear) {
  tarn_tensor_array *a;
  const tarn_tensor_array like = {.dtype = TARN_F32,
                                  .element_shape = {.rank = -1},
                                  .dynamic_size = dynamic,
                                  .clear_after_read = clear};
  ck_assert_int_eq(tarn__tensor_array_create(tarn__allocator_default(), &like, size, &a), TARN_OK);
  return a;
}
static tarn_status write_one(tarn_tensor_array *a, int64_t i, int64_t n, float first) {
  tarn_tensor t = vector(n, first);
  const tarn_status status = tarn__tensor_array_write(a, i, &t);
  tarn__tensor_clear(&t);
  return status;
}
/* The first element, or -1 when the read fails. */
static float read_one(tarn_tensor_array *a, int64_t i) {
  tarn_tensor t;
  if (tarn__tensor_array_read(a, i, &t) != TARN_OK) return -1;
  const float first = *(const float *)t.data;
  tarn__tensor_clear(&t);
  return first;
}

START_TEST(test_tensor_array_is_written_once) {
  tarn_tensor_array *a = array(2, false, false);
  ck_assert_int_eq(write_one(a, 0, 3, 5), TARN_OK);
  ck_assert_int_eq(write_one(a, 0, 3, 5), TARN_INVALID);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "already been written"));
  ck_assert_int_eq(write_one(a, 2, 3, 5), TARN_INVALID);
  ck_assert_int_eq(write_one(a, -1, 3, 5), TARN_INVALID);
  ck_assert(read_one(a, 0) == 5 && read_one(a, 0) == 5);
  ck_assert_int_eq(write_one(a, 0, 3, 5), TARN_INVALID);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "already been read"));
  tarn__object_release(a);
}
END_TEST

START_TEST(test_tensor_array_clears_after_read) {
  tarn_tensor_array *a = array(1, false, true);
  ck_assert_int_eq(write_one(a, 0, 2, 7), TARN_OK);
  ck_assert(read_one(a, 0) == 7);
  ck_assert(read_one(a, 0) == -1);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "twice"));
  tarn__object_release(a);
}
END_TEST

START_TEST(test_tensor_array_grows_only_when_dynamic) {
  tarn_tensor_array *a = array(0, true, false);
  ck_assert_int_eq(write_one(a, 40, 2, 7), TARN_OK);
  ck_assert_int_eq(tarn__tensor_array_size(a), 41);
  ck_assert(read_one(a, 3) == -1);   /* never written, and no shape to make zeros of */
  ck_assert_int_eq(write_one(a, (int64_t)TARN_ARRAY_MAX_SIZE + 1, 2, 7), TARN_LIMIT);
  tarn__object_release(a);
}
END_TEST

START_TEST(test_tensor_array_gradients_add_up) {
  tarn_tensor_array *a = array(3, true, false), *g, *again;
  const tarn_string source = {"grads", 5};
  const tarn_shape none = {.rank = 0};
  ck_assert_int_eq(write_one(a, 0, 2, 1), TARN_OK);
  ck_assert_int_eq(write_one(a, 1, 4, 1), TARN_OK);
  ck_assert_int_eq(tarn__tensor_array_gradient(a, &source, &none, &g), TARN_OK);
  ck_assert_int_eq(tarn__tensor_array_gradient(a, &source, &none, &again), TARN_OK);
  ck_assert_ptr_eq(g, again);
  tarn_tensor t = vector(2, 10);
  ck_assert_int_eq(tarn__tensor_array_write(g, 0, &t), TARN_OK);
  ck_assert_int_eq(tarn__tensor_array_write(g, 0, &t), TARN_OK);
  ck_assert(*(const float *)t.data == 10); /* the sum is not in the buffer that was written first */
  ck_assert(read_one(g, 0) == 20);
  ck_assert(read_one(g, 1) == 0);                /* zeros of the forward element's shape */
  ck_assert_int_eq(write_one(a, 3, 2, 1), TARN_INVALID);
  tarn__tensor_clear(&t);
  tarn__object_release(a);
  ck_assert(read_one(g, 2) == -1);
  tarn__object_release(g);
  tarn__object_release(again);
}
END_TEST

START_TEST(test_stack_gives_back_in_reverse) {
  tarn_stack *s;
  tarn_tensor t = vector(1, 1), u = vector(1, 2), out;
  ck_assert_int_eq(tarn__stack_create(tarn__allocator_default(), TARN_F32, 2, &s), TARN_OK);
  ck_assert_int_eq(tarn__stack_push(s, &t), TARN_OK);
  ck_assert_int_eq(tarn__stack_push(s, &u), TARN_OK);
  ck_assert_int_eq(tarn__stack_push(s, &u), TARN_INVALID);
  for (float wanted = 2; wanted >= 1; wanted--) {
    ck_assert_int_eq(tarn__stack_pop(s, &out), TARN_OK);
    ck_assert(*(const float *)out.data == wanted);
    tarn__tensor_clear(&out);
  }
  ck_assert_int_eq(tarn__stack_pop(s, &out), TARN_INVALID);
  tarn__tensor_clear(&t);
  tarn__tensor_clear(&u);
  tarn__object_release(s);
}
END_TEST

START_TEST(test_tensor_list_copies_leave_the_original) {
  const tarn_shape any = {.rank = -1};
  tarn_tensor_list *a, *b;
  tarn_tensor t = vector(1, 1), u = vector(1, 2);
  ck_assert_int_eq(tarn__tensor_list_create(tarn__allocator_default(), TARN_F32, &any, -1, 2, &a),
                   TARN_OK);
  ck_assert_int_eq(tarn__tensor_list_set(a, 0, &t), TARN_OK);
  ck_assert_int_eq(tarn__tensor_list_copy(a, 3, &b), TARN_OK);
  ck_assert_int_eq(tarn__tensor_list_set(b, 0, &u), TARN_OK);
  ck_assert(*(const float *)tarn__tensor_list_get(a, 0)->data == 1);
  ck_assert(*(const float *)tarn__tensor_list_get(b, 0)->data == 2);
  ck_assert_ptr_null(tarn__tensor_list_get(b, 2));
  tarn__object_release(a);
  ck_assert(*(const float *)tarn__tensor_list_get(b, 0)->data == 2);
  tarn__object_release(b);
  ck_assert_int_eq(tarn__tensor_list_create(tarn__allocator_default(), TARN_F32, &any, -1, -1, &a),
                   TARN_INVALID);
  tarn__tensor_clear(&t);
  tarn__tensor_clear(&u);
}
END_TEST

SUITE_MAIN("tensor_array", test_tensor_array_is_written_once, test_tensor_array_clears_after_read,
           test_tensor_array_grows_only_when_dynamic, test_tensor_array_gradients_add_up,
           test_stack_gives_back_in_reverse, test_tensor_list_copies_leave_the_original)
