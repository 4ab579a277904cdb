/* Restoring and saving: by the graph's saver, by name, in parts; and what a model may reach while
 * it is restored. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/checkpoint/checkpoint.h"
#include "loader/model/files.h"
#include "loader/model/model.h"
#include "tests/unit/model_text.h"
#include "tests/unit/suite.h"

#define FOLDER "test_restore.files"
static tarn_model *model;
static tarn_session *session;

static void teardown(void) {
  tarn_session_destroy(session);
  tarn_model_destroy(model);
  session = NULL;
  model = NULL;
  (void)!system("rm -rf " FOLDER);
}

static void open_model(const char *name, const char *text) {
  (void)mkdir(FOLDER, 0700);
  char path[200];
  snprintf(path, sizeof path, FOLDER "/%s", name);
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  fwrite(text, 1, strlen(text), f);
  fclose(f);
  ck_assert_msg(tarn_model_load(path, NULL, &model) == TARN_OK, "%s", tarn_error());
  ck_assert_msg(tarn_session_create(model, NULL, &session) == TARN_OK, "%s", tarn_error());
}

/* A checkpoint of vectors of n floats that count on from `first`. */
static void checkpoint(const char *prefix, size_t count, const char *const *names, int64_t n) {
  tarn_tensor *t[4];
  (void)mkdir(FOLDER, 0700);
  for (size_t i = 0; i < count; i++) {
    ck_assert_int_eq(tarn_tensor_create(TARN_F32, 1, &n, &t[i]), TARN_OK);
    for (int64_t k = 0; k < n; k++)
      ((float *)tarn_tensor_data(t[i]))[k] = (float)(10 * i) + (float)k;
  }
  ck_assert_msg(tarn_checkpoint_write(prefix, count, names, t) == TARN_OK, "%s", tarn_error());
  for (size_t i = 0; i < count; i++) tarn_tensor_release(t[i]);
}

static float fetch(const char *name, int64_t i) {
  tarn_tensor *t = NULL;
  tarn_status status = tarn_session_run(session, NULL, 0, &name, 1, NULL, 0, &t);
  ck_assert_msg(status == TARN_OK, "%s", tarn_error());
  ck_assert_int_lt(i, tarn_tensor_elements(t));
  float value = ((const float *)tarn_tensor_data_const(t))[i];
  tarn_tensor_release(t);
  return value;
}

#define T "attr { key: 'T' value { type: DT_FLOAT } }"
#define DTYPE "attr { key: 'dtype' value { type: DT_FLOAT } }"
#define VARIABLE(name, n)                               \
  "node { name: '" name "' op: 'VariableV2' " DTYPE     \
  " attr { key: 'shape' value { shape { dim { size: " n \
  " } } } } }"                                          \
  "node { name: '" name "/read' op: 'Identity' input: '" name "' " T "}"
#define STRING(name, value)                                                                    \
  "node { name: '" name                                                                        \
  "' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } attr { key: 'value' value { " \
  "tensor { dtype: DT_STRING string_val: '" value "' } } } }"
#define STRINGS(name, value)                                                                   \
  "node { name: '" name                                                                        \
  "' op: 'Const' attr { key: 'dtype' value { type: DT_STRING } } attr { key: 'value' value { " \
  "tensor { dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: '" value "' } } } }"
/* A variable v, stored as "key", and a saver that restores from the prefix that the node `from`
 * gives: "save/Const", which is fed, or "save/own", a constant of its own. */
#define SAVER(own, from)                                                                          \
  "graph_def { " VARIABLE("v", "3") STRING("save/Const", "model") STRING("save/own", own)         \
      STRINGS("save/names", "key")                                                                \
          STRINGS("save/slices",                                                                  \
                  "") "node { name: 'save/RestoreV2' op: 'RestoreV2' input: ['" from              \
                      "', 'save/names', 'save/slices']"                                           \
                      "attr { key: 'dtypes' value { list { type: DT_FLOAT } } } }"                \
                      "node { name: 'save/Assign' op: 'Assign' input: ['v', 'save/RestoreV2'] " T \
                      "}"                                                                         \
                      "node { name: 'save/restore_all' op: 'NoOp' input: '^save/Assign' } }"      \
                      "saver_def { filename_tensor_name: 'save/Const:0' restore_op_name: "        \
                      "'save/restore_all' version: V2 }"

START_TEST(test_restore_by_name) {
  checkpoint(FOLDER "/c", 2, (const char *[]){"v", "w"}, 3);
  open_model("g.pbtxt", VARIABLE("v", "3") VARIABLE("w", "3"));
  ck_assert_msg(tarn_session_restore(session, FOLDER "/c") == TARN_OK, "%s", tarn_error());
  ck_assert_float_eq(fetch("v", 1), 1);
  ck_assert_float_eq(fetch("w/read", 2), 12);
  ck_assert_int_eq(tarn_session_restore(session, NULL), TARN_INVALID);
  ck_assert_int_eq(tarn_session_restore(session, FOLDER "/nowhere"), TARN_IO);
}
END_TEST

START_TEST(test_restore_says_what_does_not_fit) {
  checkpoint(FOLDER "/c", 1, (const char *[]){"v"}, 4);
  open_model("g.pbtxt", VARIABLE("v", "3"));
  ck_assert_int_eq(tarn_session_restore(session, FOLDER "/c"), TARN_SHAPE);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "[3]"));
  ck_assert_ptr_nonnull(strstr(tarn_error(), "[4]"));
  teardown();
  checkpoint(FOLDER "/c", 1, (const char *[]){"conv/weight"}, 3);
  open_model("g.pbtxt", VARIABLE("conv/weights", "3"));
  ck_assert_int_eq(tarn_session_restore(session, FOLDER "/c"), TARN_NOT_FOUND);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "'conv/weight'"));
}
END_TEST

/* Parts follow one another along the dimension in which they differ from the whole. */
START_TEST(test_restore_parts) {
  checkpoint(FOLDER "/c", 1, (const char *[]){"p"}, 7);
  open_model("g.pbtxt", VARIABLE("p/part_0", "3") VARIABLE("p/part_1", "4"));
  ck_assert_msg(tarn_session_restore(session, FOLDER "/c") == TARN_OK, "%s", tarn_error());
  ck_assert_float_eq(fetch("p/part_0", 2), 2);
  ck_assert_float_eq(fetch("p/part_1", 0), 3);
  ck_assert_float_eq(fetch("p/part_1", 3), 6);
}
END_TEST

START_TEST(test_restore_by_saver_and_save) {
  checkpoint(FOLDER "/c", 1, (const char *[]){"key"}, 3);
  open_model("m.pbtxt", SAVER("", "save/Const"));
  ck_assert_msg(tarn_session_restore(session, FOLDER "/c") == TARN_OK, "%s", tarn_error());
  ck_assert_float_eq(fetch("v", 2), 2);
  /* Saved under the saver's key, by which it is restored again. */
  ck_assert_msg(tarn_session_save(session, FOLDER "/saved") == TARN_OK, "%s", tarn_error());
  tarn_checkpoint *c;
  tarn_checkpoint_entry entry;
  ck_assert_int_eq(tarn_checkpoint_open(FOLDER "/saved", &c), TARN_OK);
  ck_assert_uint_eq(tarn_checkpoint_count(c), 1);
  ck_assert_int_eq(tarn_checkpoint_at(c, 0, &entry), TARN_OK);
  ck_assert_str_eq(entry.name, "key");
  tarn_checkpoint_close(c);
  ck_assert_int_eq(tarn_session_restore(session, FOLDER "/saved"), TARN_OK);
}
END_TEST

START_TEST(test_restore_save_of_nothing) {
  open_model("g.pbtxt", VARIABLE("v", "3"));
  ck_assert_int_eq(tarn_session_save(session, FOLDER "/saved"), TARN_FAILED);
  ck_assert_int_ne(access(FOLDER "/saved.index", F_OK), 0);
}
END_TEST

/* A saver that would rather read another checkpoint than the one it is given. */
START_TEST(test_restore_reaches_its_own_checkpoint_only) {
  checkpoint(FOLDER "/c", 1, (const char *[]){"key"}, 3);
  checkpoint(FOLDER "/other", 1, (const char *[]){"key"}, 3);
  open_model("m.pbtxt", SAVER(FOLDER "/other", "save/own"));
  ck_assert_int_eq(tarn_session_restore(session, FOLDER "/c"), TARN_REFUSED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "other"));
}
END_TEST

static tarn_status door_reads(const tarn_model_door *door, const char *path) {
  tarn_tensor t;
  tarn_shape scalar = tarn__shape_scalar();
  ck_assert_int_eq(tarn__tensor_new(tarn__allocator_default(), TARN_STRING, &scalar, &t), TARN_OK);
  tarn_status status = door->table.read(&door->table, path, strlen(path), &t, 0);
  tarn__tensor_clear(&t);
  return status;
}

START_TEST(test_restore_door) {
  (void)mkdir(FOLDER, 0700);
  (void)mkdir(FOLDER "/assets", 0700);
  FILE *f = fopen(FOLDER "/assets/a..b", "wb");
  ck_assert_ptr_nonnull(f);
  fclose(f);
  f = fopen(FOLDER "/secret", "wb");
  ck_assert_ptr_nonnull(f);
  fclose(f);
  tarn_model_door door;
  tarn__model_door_init(&door, "p", NULL, FOLDER "/assets/");
  ck_assert_int_eq(door_reads(&door, FOLDER "/assets/a..b"), TARN_OK);
  ck_assert_int_eq(door_reads(&door, FOLDER "/secret"), TARN_REFUSED);
  ck_assert_int_eq(door_reads(&door, FOLDER "/assets/../secret"), TARN_REFUSED);
  ck_assert_int_eq(door_reads(&door, FOLDER "/assets/"), TARN_REFUSED);
  ck_assert_int_eq(door_reads(&door, FOLDER "/assets/x/.."), TARN_REFUSED);
  ck_assert_int_eq(door_reads(&door, "/etc/passwd"), TARN_REFUSED);
  ck_assert(!door.table.write);
  ck_assert(!door.table.save);
  tarn__model_door_init(&door, NULL, NULL, NULL);
  ck_assert_int_eq(door_reads(&door, FOLDER "/secret"), TARN_REFUSED);
  ck_assert_int_eq(
      door.table.restore(&door.table, tarn__allocator_default(), "p", 1, 0, NULL, NULL, NULL, NULL),
      TARN_REFUSED);
}
END_TEST

SUITE_MAIN_TEARDOWN("restore", teardown, test_restore_by_name, test_restore_says_what_does_not_fit,
                    test_restore_parts, test_restore_by_saver_and_save,
                    test_restore_save_of_nothing, test_restore_reaches_its_own_checkpoint_only,
                    test_restore_door)
