/* Files of other programs, given where a model, a checkpoint or an array is read: the message says
 * what they are. */
#include <stdio.h>
#include <string.h>

#include "include/tarn.h"
#include "core/foreign.h"
#include "tests/unit/suite.h"

typedef struct example {
  const char *bytes;
  size_t count;
  const char *kind; /* what the message holds */
} example;
#define EXAMPLE(TEXT, KIND) {TEXT, sizeof(TEXT) - 1, KIND}

static const example examples[] = {
    EXAMPLE("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS"),
    EXAMPLE("\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5"),
    EXAMPLE("\x1c\0\0\0TFL3\x14\0 \0", "TensorFlow Lite"),
    EXAMPLE("PK\x03\x04\x14\0\0\0\x08\0", "ZIP"),
    EXAMPLE("\x1f\x8b\x08\0\0\0\0\0\0\x03", "gzip"),
    EXAMPLE("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.", "pickle"),
    EXAMPLE("\n\n\n<!DOCTYPE html>\n<html lang=\"en\">", "web page"),
    EXAMPLE("<HTML><head>", "web page"),
    EXAMPLE("{\n \"format\": \"graph-model\"}", "JSON"),
    EXAMPLE("\x08\x07\x12\x07pytorch\x1a\x05" "2.1.0", "ONNX"),
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static void write_file(const char *path, const example *e) {
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(e->bytes, 1, e->count, f), e->count);
  ck_assert_int_eq(fclose(f), 0);
}

static void says(const example *e, tarn_status status) {
  ck_assert_int_eq(status, TARN_CORRUPT);
  ck_assert_msg(strstr(tarn_error(), e->kind) && strstr(tarn_error(), "expected"),
                "'%s' should say %s", tarn_error(), e->kind);
}

START_TEST(test_foreign_models_are_named) {
  for (int i = 0; i < EXAMPLES; i++) {
    static const char *const names[] = {"foreign.pb", "foreign.pbtxt"};
    for (int n = 0; n < 2; n++) {
      tarn_model *model = NULL;
      write_file(names[n], &examples[i]);
      says(&examples[i], tarn_model_load(names[n], NULL, &model));
      remove(names[n]);
    }
  }
}
END_TEST

START_TEST(test_foreign_checkpoints_and_arrays_are_named) {
  for (int i = 0; i < EXAMPLES; i++) {
    tarn_checkpoint *checkpoint = NULL;
    tarn_tensor *array = NULL;
    write_file("foreign.index", &examples[i]);
    write_file("foreign.npy", &examples[i]);
    says(&examples[i], tarn_checkpoint_open("foreign", &checkpoint));
    says(&examples[i], tarn_tensor_load_npy("foreign.npy", &array));
    remove("foreign.index");
    remove("foreign.npy");
  }
}
END_TEST

/* Cut anywhere, a file is either still known or not; nothing past its end is read. */
START_TEST(test_foreign_kind_of_cut_files) {
  for (int i = 0; i < EXAMPLES; i++) {
    const example *e = &examples[i];
    ck_assert_ptr_nonnull(tarn__foreign_kind((const unsigned char *)e->bytes, e->count));
    for (size_t n = 0; n < e->count; n++) {
      unsigned char *cut = malloc(n ? n : 1);
      ck_assert_ptr_nonnull(cut);
      memcpy(cut, e->bytes, n);
      const char *kind = tarn__foreign_kind(cut, n);
      ck_assert(!kind || strstr(kind, e->kind));
      free(cut);
    }
  }
}
END_TEST

/* What reads well, or is damaged without a sign of another program, keeps its own message. */
START_TEST(test_foreign_leaves_other_files_alone) {
  static const example own[] = {EXAMPLE("\x0a\x03\x0a\x01x", ""), EXAMPLE("node { name: 'x' }", ""),
                                EXAMPLE("\x08\x01\x12\xe8\x90P\n\xf9", ""), EXAMPLE("", "")};
  for (int i = 0; i < 4; i++)
    ck_assert_ptr_null(tarn__foreign_kind((const unsigned char *)own[i].bytes, own[i].count));
  ck_assert_int_eq(tarn_fail(TARN_CORRUPT, "offset 3"), TARN_CORRUPT);
  ck_assert_int_eq(tarn__foreign_refuse(TARN_CORRUPT, (const unsigned char *)"\x0a\x03", 2, "x"),
                   TARN_CORRUPT);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "offset 3"));
  ck_assert_int_eq(tarn__foreign_refuse(TARN_OK, (const unsigned char *)"PK\x03\x04", 4, "x"),
                   TARN_OK);
}
END_TEST

SUITE_MAIN("foreign", test_foreign_models_are_named, test_foreign_checkpoints_and_arrays_are_named,
           test_foreign_kind_of_cut_files, test_foreign_leaves_other_files_alone)
