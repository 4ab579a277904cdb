/* Tensors: counting, strings and objects, wrapped memory, the public handle, and every failed
 * allocation. */
#include <stdint.h>
#include <string.h>

#include "core/tensor/tensor.h"
#include "tests/unit/suite.h"

static const tarn_shape two_by_three = {.rank = 2, .dim = {2, 3}};

/* An object that counts how many of its kind are alive. */
typedef struct thing {
  tarn_object object;
  int *alive;
} thing;

static void thing_destroy(void *object) {
  --*((thing *)object)->alive;
}

static const tarn_object_type thing_type = {.name = "Thing", .destroy = thing_destroy};

static void thing_init(thing *t, int *alive) {
  tarn__object_init(&t->object, &thing_type);
  t->alive = alive;
  ++*alive;
}

START_TEST(test_tensor_new_is_zeroed_and_aligned) {
  tarn_failing f;
  tarn__failing_init(&f, -1, false);
  for (int number = 1; number < 24; number++) {
    tarn_tensor t;
    ck_assert_int_eq(tarn__tensor_new(&f.allocator, (tarn_dtype)number, &two_by_three, &t),
                     TARN_OK);
    ck_assert_uint_eq((uintptr_t)t.data % TARN_ALIGN, 0);
    ck_assert_int_eq(tarn__tensor_elements(&t), 6);
    ck_assert_uint_eq(tarn__tensor_bytes(&t), 6 * tarn_dtype_bytes((tarn_dtype)number));
    for (size_t i = 0; i < tarn__tensor_bytes(&t); i++) ck_assert_int_eq(((char *)t.data)[i], 0);
    tarn__tensor_clear(&t);
    ck_assert_int_eq(t.dtype, TARN_NO_DTYPE);
    tarn__tensor_clear(&t);
  }
  ck_assert_int_eq(f.live, 0);
}
END_TEST

START_TEST(test_tensor_new_refuses) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor t = {.dtype = TARN_I8};
  tarn_shape large = {.rank = 1, .dim = {INT64_MAX / 8}}, lie = {.rank = 99};
  ck_assert_int_eq(tarn__tensor_new(a, TARN_NO_DTYPE, &two_by_three, &t), TARN_INVALID);
  ck_assert_int_eq(tarn__tensor_new(a, (tarn_dtype)500, &two_by_three, &t), TARN_INVALID);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_C128, &large, &t), TARN_LIMIT);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_C128, &lie, &t), TARN_INVALID);
  large.dim[0] = INT64_MAX;
  ck_assert_int_eq(tarn__tensor_new_raw(a, TARN_U8, &large, &t), TARN_LIMIT);
  ck_assert_int_eq(t.dtype, TARN_I8);
}
END_TEST

START_TEST(test_tensor_share_counts) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor x, y, z;
  ck_assert_int_eq(tarn__tensor_new(a, TARN_F32, &two_by_three, &x), TARN_OK);
  ck_assert(tarn__tensor_unique(&x));
  tarn__tensor_share(&x, &y);
  ck_assert(!tarn__tensor_unique(&x) && !tarn__tensor_unique(&y));
  ck_assert_ptr_eq(x.data, y.data);
  ck_assert_int_eq(tarn__tensor_own(a, &y, &z), TARN_OK);
  ck_assert_ptr_eq(x.data, z.data);
  tarn__tensor_clear(&z);
  tarn__tensor_clear(&x);
  ck_assert(tarn__tensor_unique(&y));
  ((float *)y.data)[5] = 3;
  ck_assert_int_eq(tarn__tensor_copy(a, &y, &z), TARN_OK);
  ck_assert_ptr_ne(y.data, z.data);
  ck_assert(((float *)z.data)[5] == 3.0f);
  tarn__tensor_clear(&y);
  tarn__tensor_clear(&z);
}
END_TEST

START_TEST(test_tensor_borrowed_memory_is_copied_to_be_kept) {
  int32_t numbers[6] = {1, 2, 3, 4, 5, 6};
  tarn_tensor t = {.dtype = TARN_I32, .shape = two_by_three, .data = numbers}, shared, owned;
  ck_assert(!tarn__tensor_unique(&t));
  ck_assert_uint_eq(tarn__tensor_contents(&t), 0);
  tarn__tensor_share(&t, &shared);
  ck_assert_ptr_eq(shared.data, numbers);
  ck_assert_ptr_null(shared.buffer);
  ck_assert_int_eq(tarn__tensor_own(tarn__allocator_default(), &t, &owned), TARN_OK);
  ck_assert_ptr_ne(owned.data, numbers);
  ck_assert_mem_eq(owned.data, numbers, sizeof numbers);
  ck_assert_int_eq(tarn__tensor_int(&owned, 4), 5);
  tarn__tensor_clear(&shared);
  tarn__tensor_clear(&owned);

  tarn_tensor empty = {.dtype = TARN_NO_DTYPE}, copy = {.dtype = TARN_I8};
  ck_assert_int_eq(tarn__tensor_own(tarn__allocator_default(), &empty, &copy), TARN_OK);
  ck_assert_int_eq(copy.dtype, TARN_NO_DTYPE);
}
END_TEST

static void count_release(void *context) {
  ++*(int *)context;
}

START_TEST(test_tensor_wrap_releases_once) {
  int64_t numbers[6] = {7, 8, 9};
  int released = 0;
  tarn_tensor t, share;
  ck_assert_int_eq(tarn__tensor_wrap(tarn__allocator_default(), TARN_I64, &two_by_three, numbers,
                                     count_release, &released, &t),
                   TARN_OK);
  /* Somebody else's memory, perhaps read-only: never to be overwritten. */
  ck_assert(!tarn__tensor_unique(&t));
  ck_assert_int_eq(tarn__tensor_int(&t, 2), 9);
  tarn__tensor_share(&t, &share);
  tarn__tensor_clear(&t);
  ck_assert_int_eq(released, 0);
  tarn__tensor_clear(&share);
  ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(test_tensor_contents_name_the_elements) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor x, y, view;
  ck_assert_int_eq(tarn__tensor_new(a, TARN_F32, &two_by_three, &x), TARN_OK);
  ck_assert_int_eq(tarn__tensor_copy(a, &x, &y), TARN_OK);
  uint64_t before = tarn__tensor_contents(&x);
  ck_assert_uint_ne(before, 0);
  ck_assert_uint_ne(before, tarn__tensor_contents(&y));
  tarn__tensor_share(&x, &view);
  ck_assert_uint_eq(tarn__tensor_contents(&view), before);
  tarn__tensor_touch(&x);
  ck_assert_uint_ne(tarn__tensor_contents(&x), before);
  ck_assert_uint_eq(tarn__tensor_contents(&view), tarn__tensor_contents(&x));
  /* A view that starts elsewhere has other elements. */
  view.data = (float *)view.data + 3;
  ck_assert_uint_eq(tarn__tensor_contents(&view), 0);
  tarn__tensor_clear(&x);
  tarn__tensor_clear(&y);
  tarn__tensor_clear(&view);
}
END_TEST

START_TEST(test_tensor_objects_are_counted) {
  const tarn_allocator *a = tarn__allocator_default();
  int alive = 0;
  thing first, second;
  thing_init(&first, &alive);
  thing_init(&second, &alive);
  tarn_tensor x, y;
  ck_assert_int_eq(tarn__tensor_new(a, TARN_VARIANT, &two_by_three, &x), TARN_OK);
  tarn__object_set(&x, 0, &first);
  tarn__object_set(&x, 1, &second);
  tarn__object_set(&x, 2, tarn__object_retain(&second));
  ck_assert_int_eq(tarn__tensor_copy(a, &x, &y), TARN_OK);
  ck_assert_ptr_eq(tarn__object_get(&y, 2), &second);
  tarn__object_set(&x, 0, NULL);
  ck_assert_int_eq(alive, 2);
  tarn__object_set(&y, 0, NULL);
  ck_assert_int_eq(alive, 1);
  tarn__tensor_clear(&x);
  ck_assert_int_eq(alive, 1);
  tarn__tensor_clear(&y);
  ck_assert_int_eq(alive, 0);
  ck_assert_ptr_null(tarn__object_retain(NULL));
  tarn__object_release(NULL);
}
END_TEST

START_TEST(test_tensor_copy_elements_checks_dtype) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor x, y;
  ck_assert_int_eq(tarn__tensor_new(a, TARN_I16, &two_by_three, &x), TARN_OK);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_U16, &two_by_three, &y), TARN_OK);
  ck_assert_int_eq(tarn__tensor_copy_elements(&x, 0, &y, 0, 1), TARN_DTYPE);
  for (int16_t i = 0; i < 6; i++) ((int16_t *)x.data)[i] = i;
  ck_assert_int_eq(tarn__tensor_copy_elements(&x, 1, &x, 0, 4), TARN_OK); /* overlapping */
  const int16_t wanted[] = {0, 0, 1, 2, 3, 5};
  ck_assert_mem_eq(x.data, wanted, sizeof wanted);
  tarn__tensor_clear(&x);
  tarn__tensor_clear(&y);
}
END_TEST

/* Everything that allocates, in one go, for the failing allocator. */
static tarn_status use_strings(const tarn_allocator *a) {
  tarn_tensor x = {.dtype = TARN_NO_DTYPE}, y = x, wrapped = x;
  tarn_tensor *handle = NULL;
  tarn_status status;
  char memory[24];
  TARN_GOTO(tarn__tensor_new(a, TARN_STRING, &two_by_three, &x));
  for (int64_t i = 0; i < 6; i++) TARN_GOTO(tarn__string_set(&x, i, "some text", (size_t)(i + 1)));
  TARN_GOTO(tarn__string_set(&x, 3, "replaced", 8));
  TARN_GOTO(tarn__string_set(&x, 4, "", 0));
  TARN_GOTO(tarn__tensor_copy(a, &x, &y));
  TARN_GOTO(tarn__tensor_copy_elements(&y, 0, &x, 3, 2));
  TARN_GOTO(tarn__tensor_wrap(a, TARN_I32, &two_by_three, memory, NULL, NULL, &wrapped));
  TARN_GOTO(tarn__tensor_handle(a, &y, &handle));
  ck_assert_int_eq(y.dtype, TARN_NO_DTYPE);
  const tarn_string *s = tarn_tensor_data_const(handle);
  ck_assert_uint_eq(s[0].size, 8);
  ck_assert_mem_eq(s[0].data, "replaced", 8);
  ck_assert_uint_eq(s[1].size, 0);
  ck_assert_mem_eq(s[2].data, "som", 3);
done:
  tarn__tensor_clear(&x);
  tarn__tensor_clear(&y);
  tarn__tensor_clear(&wrapped);
  tarn_tensor_release(handle);
  return status;
}

START_TEST(test_tensor_survives_every_failed_allocation) {
  long n = 0;
  for (;; n++) {
    tarn_failing f;
    tarn__failing_init(&f, n, false);
    tarn_status status = use_strings(&f.allocator);
    ck_assert_int_eq(f.live, 0);
    if (status == TARN_OK) break;
    ck_assert_int_eq(status, TARN_NO_MEMORY);
  }
  ck_assert_int_gt(n, 6);
}
END_TEST

START_TEST(test_tensor_strings_need_memory_of_their_own) {
  tarn_string strings[6] = {{0}};
  tarn_tensor borrowed = {.dtype = TARN_STRING, .shape = two_by_three, .data = strings};
  ck_assert_int_eq(tarn__string_set(&borrowed, 0, "x", 1), TARN_INVALID);
  ck_assert_ptr_null(strings[0].data);
}
END_TEST

START_TEST(test_tensor_public_handle) {
  tarn_tensor *t = NULL;
  const int64_t dims[] = {2, 3}, negative[] = {-2}, large[] = {INT64_MAX, INT64_MAX};
  ck_assert_int_eq(tarn_tensor_create(TARN_F32, 1, negative, &t), TARN_INVALID);
  ck_assert_int_eq(tarn_tensor_create(TARN_F32, 2, large, &t), TARN_LIMIT);
  ck_assert_int_eq(tarn_tensor_create((tarn_dtype)77, 2, dims, &t), TARN_INVALID);
  ck_assert_int_eq(tarn_tensor_create(TARN_F32, 13, dims, &t), TARN_INVALID);
  ck_assert_int_eq(tarn_tensor_create(TARN_F32, 2, NULL, &t), TARN_INVALID);
  ck_assert_ptr_null(t);
  ck_assert_int_eq(tarn_tensor_create(TARN_STRING, 2, dims, &t), TARN_OK);
  ck_assert_int_eq(tarn_tensor_dtype(t), TARN_STRING);
  ck_assert_int_eq(tarn_tensor_rank(t), 2);
  ck_assert_int_eq(tarn_tensor_dim(t, 1), 3);
  ck_assert_int_eq(tarn_tensor_dim(t, 2), -1);
  ck_assert_int_eq(tarn_tensor_elements(t), 6);
  ck_assert_uint_eq(tarn_tensor_bytes(t), 6 * sizeof(tarn_string));
  ck_assert_int_eq(tarn_tensor_set_string(t, 5, "a\0b", 3), TARN_OK);
  ck_assert_mem_eq(((const tarn_string *)tarn_tensor_data_const(t))[5].data, "a\0b", 3);
  ck_assert_int_eq(tarn_tensor_set_string(t, 6, "x", 1), TARN_INVALID);
  ck_assert_int_eq(tarn_tensor_set_string(t, -1, "x", 1), TARN_INVALID);
  ck_assert_int_eq(tarn_tensor_set_string(t, 0, NULL, 1), TARN_INVALID);
  ck_assert_ptr_eq(tarn_tensor_retain(t), t);
  tarn_tensor_release(t);
  ck_assert_int_eq(tarn_tensor_elements(t), 6);
  tarn_tensor_release(t);
  tarn_tensor_release(NULL);
  ck_assert_ptr_null(tarn_tensor_retain(NULL));

  ck_assert_int_eq(tarn_tensor_create(TARN_I32, 0, NULL, &t), TARN_OK);
  ck_assert_int_eq(tarn_tensor_elements(t), 1);
  ck_assert_int_eq(tarn_tensor_set_string(t, 0, "x", 1), TARN_DTYPE);
  *(int32_t *)tarn_tensor_data(t) = 4;
  ck_assert_int_eq(tarn__tensor_int(t, 0), 4);
  tarn_tensor_release(t);
}
END_TEST

/* What a session hands out may outlive the session's own allocator. */
START_TEST(test_tensor_outlives_its_limited_allocator) {
  tarn_failing f;
  tarn__failing_init(&f, -1, false);
  tarn_limited *limited;
  tarn_tensor value, *handle;
  ck_assert_int_eq(tarn__limited_create(&f.allocator, 0, &limited), TARN_OK);
  const tarn_allocator *a = tarn__limited_allocator(limited);
  ck_assert_int_eq(tarn__tensor_new(a, TARN_STRING, &two_by_three, &value), TARN_OK);
  ck_assert_int_eq(tarn__string_set(&value, 2, "text", 4), TARN_OK);
  ck_assert_int_eq(tarn__tensor_handle(a, &value, &handle), TARN_OK);
  tarn__limited_destroy(limited);
  ck_assert_int_eq(tarn_tensor_set_string(handle, 1, "more", 4), TARN_OK);
  tarn_tensor_release(handle);
  ck_assert_int_eq(f.live, 0);
}
END_TEST

/* Room that a string leaves is taken again: a tensor whose strings are set for ever needs no more
 * than it needed once. */
START_TEST(test_tensor_strings_take_their_room_again) {
  tarn_failing f;
  tarn__failing_init(&f, -1, false);
  tarn_limited *limited;
  tarn_tensor value;
  char text[200];
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i % 26);
  ck_assert_int_eq(tarn__limited_create(&f.allocator, 0, &limited), TARN_OK);
  ck_assert_int_eq(
      tarn__tensor_new(tarn__limited_allocator(limited), TARN_STRING, &two_by_three, &value),
      TARN_OK);
  size_t once = 0;
  for (size_t round = 0; round < 3000; round++) {
    for (int64_t i = 0; i < 6; i++)
      ck_assert_int_eq(tarn__string_set(&value, i, text, (round + 31 * (size_t)i) % sizeof text),
                       TARN_OK);
    for (int64_t i = 0; i < 6; i++) {
      const tarn_string *s = (const tarn_string *)value.data + i;
      ck_assert_uint_eq(s->size, (round + 31 * (size_t)i) % sizeof text);
      if (s->size) ck_assert_mem_eq(s->data, text, s->size);
    }
    if (round == 1000) once = tarn__limited_peak(limited);
  }
  ck_assert_uint_eq(tarn__limited_peak(limited), once);
  tarn__tensor_clear(&value);
  tarn__limited_destroy(limited);
  ck_assert_int_eq(f.live, 0);
}
END_TEST

/* A string may become a part of itself or of another of the tensor. */
START_TEST(test_tensor_strings_are_set_from_themselves) {
  for (size_t bytes = 4; bytes < 400; bytes += 60) {
    char text[400];
    memset(text, 'x', sizeof text);
    memcpy(text, "abc", 3);
    tarn_tensor value;
    ck_assert_int_eq(
        tarn__tensor_new(tarn__allocator_default(), TARN_STRING, &two_by_three, &value), TARN_OK);
    const tarn_string *s = value.data;
    ck_assert_int_eq(tarn__string_set(&value, 0, text, bytes), TARN_OK);
    ck_assert_int_eq(tarn__string_set(&value, 0, s[0].data, s[0].size), TARN_OK);
    ck_assert_mem_eq(s[0].data, text, bytes);
    ck_assert_int_eq(tarn__string_set(&value, 1, s[0].data, s[0].size), TARN_OK);
    ck_assert_int_eq(tarn__string_set(&value, 0, s[0].data + 1, 2), TARN_OK);
    ck_assert_mem_eq(s[0].data, "bc", 2);
    ck_assert_mem_eq(s[1].data, text, bytes);
    tarn__tensor_clear(&value);
  }
}
END_TEST

/* Room first, bytes then. */
START_TEST(test_tensor_string_room_is_written_by_the_caller) {
  tarn_tensor value;
  char *room;
  ck_assert_int_eq(tarn__tensor_new(tarn__allocator_default(), TARN_STRING, &two_by_three, &value),
                   TARN_OK);
  ck_assert_int_eq(tarn__string_room(&value, 2, 5, &room), TARN_OK);
  memcpy(room, "12345", 5);
  ck_assert_mem_eq(((const tarn_string *)value.data)[2].data, "12345", 5);
  ck_assert_int_eq(tarn__string_room(&value, 2, 0, &room), TARN_OK);
  ck_assert_ptr_null(room);
  ck_assert_uint_eq(((const tarn_string *)value.data)[2].size, 0);
  tarn__tensor_clear(&value);
}
END_TEST

SUITE_MAIN("tensor", test_tensor_new_is_zeroed_and_aligned, test_tensor_new_refuses,
           test_tensor_share_counts, test_tensor_borrowed_memory_is_copied_to_be_kept,
           test_tensor_wrap_releases_once, test_tensor_contents_name_the_elements,
           test_tensor_objects_are_counted, test_tensor_copy_elements_checks_dtype,
           test_tensor_survives_every_failed_allocation,
           test_tensor_strings_need_memory_of_their_own, test_tensor_public_handle,
           test_tensor_outlives_its_limited_allocator, test_tensor_strings_take_their_room_again,
           test_tensor_strings_are_set_from_themselves,
           test_tensor_string_room_is_written_by_the_caller)
