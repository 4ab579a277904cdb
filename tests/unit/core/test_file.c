/* Mapping refuses what is no file; output appears whole or not at all. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/unit/suite.h"

static char folder[64];

static const char *in_folder(const char *name) {
  static char path[2][128];
  static int turn;
  turn ^= 1;
  (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static void enter(void) {
  (void)snprintf(folder, sizeof folder, "./tarn-file-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Removes what the test names left; fails when anything else is there. */
static void leave(const char *const *left) {
  for (; *left; left++) ck_assert_int_eq(remove(in_folder(*left)), 0);
  ck_assert_msg(rmdir(folder) == 0, "something was left behind in %s", folder);
}

static void write_text(const char *path, const char *text) {
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  (void)fputs(text, f);
  ck_assert_int_eq(fclose(f), 0);
}

static void check_text(const char *path, const char *text) {
  tarn_file f;
  ck_assert_int_eq(tarn__file_map(path, &f), TARN_OK);
  ck_assert_uint_eq(f.size, strlen(text));
  ck_assert_int_eq(memcmp(f.data, text, f.size), 0);
  tarn__file_unmap(&f);
  tarn__file_unmap(&f);
}

START_TEST(test_file_map_reads) {
  enter();
  write_text(in_folder("a"), "some text");
  write_text(in_folder("empty"), "");
  check_text(in_folder("a"), "some text");
  check_text(in_folder("empty"), "");
  leave((const char *const[]){"a", "empty", NULL});
}
END_TEST

START_TEST(test_file_map_refuses_what_is_no_file) {
  enter();
  tarn_file f = {.size = 77};
  ck_assert_int_eq(tarn__file_map(in_folder("missing"), &f), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "missing': cannot open: No such file or directory"));
  ck_assert_int_eq(tarn__file_map(folder, &f), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "expected a regular file, found a folder"));
  ck_assert_int_eq(tarn__file_map("/dev/zero", &f), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "found a device"));
  /* Nobody writes to the pipe: opening it must not wait. */
  ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
  ck_assert_int_eq(tarn__file_map(in_folder("pipe"), &f), TARN_IO);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "found a pipe"));
  ck_assert_uint_eq(f.size, 77);
  leave((const char *const[]){"pipe", NULL});
}
END_TEST

START_TEST(test_file_forgets_and_finds_again) {
  static char text[20001];
  memset(text, 'x', sizeof text - 1);
  text[12345] = 'y';
  enter();
  write_text(in_folder("a"), text);
  tarn_file f;
  ck_assert_int_eq(tarn__file_map(in_folder("a"), &f), TARN_OK);
  for (size_t start = 0; start < 10000; start += 4095) {
    tarn__file_forget(&f, start, f.size - start);
    ck_assert_int_eq(memcmp(f.data, text, f.size), 0);
  }
  tarn__file_forget(&f, 0, 0);
  tarn__file_forget(&f, 1, f.size);
  tarn__file_forget(&f, SIZE_MAX, SIZE_MAX);
  ck_assert_int_eq(memcmp(f.data, text, f.size), 0);
  tarn__file_unmap(&f);
  leave((const char *const[]){"a", NULL});
}
END_TEST

START_TEST(test_output_appears_at_commit) {
  const tarn_allocator *a = tarn__allocator_default();
  enter();
  write_text(in_folder("out"), "old");
  tarn_output *o;
  ck_assert_int_eq(tarn__output_open(a, in_folder("out"), &o), TARN_OK);
  ck_assert_int_eq(tarn__output_write(o, "new ", 4), TARN_OK);
  ck_assert_int_eq(tarn__output_write(o, "text", 4), TARN_OK);
  check_text(in_folder("out"), "old");
  ck_assert_int_eq(tarn__output_commit(o), TARN_OK);
  check_text(in_folder("out"), "new text");
  leave((const char *const[]){"out", NULL});
}
END_TEST

START_TEST(test_output_discard_leaves_nothing) {
  const tarn_allocator *a = tarn__allocator_default();
  enter();
  write_text(in_folder("out"), "old");
  tarn_output *o;
  ck_assert_int_eq(tarn__output_open(a, in_folder("out"), &o), TARN_OK);
  ck_assert_int_eq(tarn__output_write(o, "new", 3), TARN_OK);
  tarn__output_discard(o);
  tarn__output_discard(NULL);
  check_text(in_folder("out"), "old");
  leave((const char *const[]){"out", NULL});
}
END_TEST

/* Many pieces, smaller and larger than the buffer, arrive in order. */
START_TEST(test_output_pieces_arrive_in_order) {
  enum { PIECES = 40 };
  enter();
  unsigned char *piece = malloc(200000);
  tarn_output *o;
  size_t total = 0;
  ck_assert_int_eq(tarn__output_open(tarn__allocator_default(), in_folder("out"), &o), TARN_OK);
  for (size_t i = 0; i < PIECES; i++) {
    size_t bytes = i * i * 7919 % 150001;
    for (size_t k = 0; k < bytes; k++) piece[k] = (unsigned char)((total + k) * 31 >> 3);
    ck_assert_int_eq(tarn__output_write(o, piece, bytes), TARN_OK);
    total += bytes;
  }
  ck_assert_int_eq(tarn__output_commit(o), TARN_OK);
  tarn_file f;
  ck_assert_int_eq(tarn__file_map(in_folder("out"), &f), TARN_OK);
  ck_assert_uint_eq(f.size, total);
  size_t wrong = 0;
  for (size_t k = 0; k < total; k++) wrong += f.data[k] != (unsigned char)(k * 31 >> 3);
  ck_assert_uint_eq(wrong, 0);
  tarn__file_unmap(&f);
  free(piece);
  leave((const char *const[]){"out", NULL});
}
END_TEST

START_TEST(test_output_refuses_what_it_would_replace) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_output *o = NULL;
  enter();
  ck_assert_int_eq(tarn__output_open(a, folder, &o), TARN_IO);
  ck_assert_int_eq(tarn__output_open(a, "/dev/null", &o), TARN_IO);
  ck_assert_int_eq(tarn__output_open(a, in_folder("no/such/file"), &o), TARN_IO);
  ck_assert_ptr_null(o);
  tarn_failing f;
  tarn__failing_init(&f, 0, false);
  ck_assert_int_eq(tarn__output_open(&f.allocator, in_folder("x"), &o), TARN_NO_MEMORY);
  ck_assert_int_eq(f.live, 0);
  /* A folder takes the name before the commit: nothing is replaced, nothing is left. */
  ck_assert_int_eq(tarn__output_open(a, in_folder("late"), &o), TARN_OK);
  ck_assert_int_eq(mkdir(in_folder("late"), 0700), 0);
  ck_assert_int_eq(tarn__output_commit(o), TARN_IO);
  leave((const char *const[]){"late", NULL});
}
END_TEST

/* The limit on file sizes stands for a full disk: the failed write is told, and nothing is left. */
START_TEST(test_output_reports_a_failed_write) {
  const tarn_allocator *a = tarn__allocator_default();
  static const char block[100000];
  struct rlimit before, small;
  enter();
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = (struct rlimit){.rlim_cur = 50000, .rlim_max = before.rlim_max};
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  tarn_output *whole, *buffered;
  tarn_status opened = tarn__output_open(a, in_folder("a"), &whole);
  tarn_status written = tarn__output_write(whole, block, sizeof block);
  tarn__output_discard(whole);
  tarn_status opened_too = tarn__output_open(a, in_folder("b"), &buffered);
  tarn_status kept = tarn__output_write(buffered, block, 60000);
  tarn_status committed = tarn__output_commit(buffered);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  (void)signal(SIGXFSZ, handler);
  ck_assert_int_eq(opened, TARN_OK);
  ck_assert_int_eq(written, TARN_IO);
  ck_assert_int_eq(opened_too, TARN_OK);
  ck_assert_int_eq(kept, TARN_OK);
  ck_assert_int_eq(committed, TARN_IO);
  leave((const char *const[]){NULL});
}
END_TEST

START_TEST(test_file_name_goes_before_the_message) {
  static char large[3 * TARN_ERROR_BYTES];
  (void)tarn__fail(TARN_CORRUPT, "a.c", 1, "at byte 7: found 3");
  ck_assert_int_eq(tarn__in_file(TARN_CORRUPT, "x\ny"), TARN_CORRUPT);
  ck_assert_str_eq(tarn_error(), "'x\\x0ay': at byte 7: found 3 [a.c:1]");
  ck_assert_int_eq(tarn__in_file(TARN_OK, "other"), TARN_OK);
  ck_assert_str_eq(tarn_error(), "'x\\x0ay': at byte 7: found 3 [a.c:1]");
  memset(large, 'x', sizeof large - 1);
  (void)tarn_fail(TARN_CORRUPT, "%s", large);
  ck_assert_int_eq(tarn__in_file(TARN_CORRUPT, large), TARN_CORRUPT);
  ck_assert_uint_lt(strlen(tarn_error()), TARN_ERROR_BYTES);
}
END_TEST

SUITE_MAIN("file", test_file_map_reads, test_file_map_refuses_what_is_no_file,
           test_file_forgets_and_finds_again,
           test_output_appears_at_commit, test_output_discard_leaves_nothing,
           test_output_pieces_arrive_in_order, test_output_refuses_what_it_would_replace,
           test_output_reports_a_failed_write, test_file_name_goes_before_the_message)
