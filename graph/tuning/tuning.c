#include "graph/tuning/tuning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/thread/cpu.h"

enum { FIELDS = 5, MOST_CHOICES = 100000, LINE_BYTES = 8192 };

typedef struct choice {
  const char *key, *kernel;
  double us, estimated_us;
} choice;

struct tarn_tuning {
  const tarn_allocator *allocator;
  tarn_arena *arena; /* texts */
  tarn_map by_key;   /* -> choice */
  choice **list;
  size_t count;
};

tarn_status tarn__tuning_create(const tarn_allocator *a, tarn_tuning **tuning) {
  tarn_tuning *t = tarn__alloc_zero(a, sizeof *t);
  if (!t) return TARN_NO_MEMORY;
  t->allocator = a;
  tarn__map_init(&t->by_key, a);
  const tarn_status status = tarn__arena_create(a, &t->arena);
  if (status != TARN_OK)
    tarn__free(a, t, sizeof *t);
  else
    *tuning = t;
  return status;
}

void tarn__tuning_destroy(tarn_tuning *t) {
  if (!t) return;
  tarn__map_clear(&t->by_key);
  tarn__arena_destroy(t->arena);
  tarn__free(t->allocator, t, sizeof *t);
}

size_t tarn__tuning_count(const tarn_tuning *t) {
  return t->count;
}
bool tarn__tuning_has(const tarn_tuning *t, const char *key) {
  return tarn__map_get(&t->by_key, key, strlen(key)) != NULL;
}

tarn_status tarn__tuning_set(tarn_tuning *t, const char *key, const char *kernel, double us,
                             double estimated_us) {
  choice *c = tarn__map_get(&t->by_key, key, strlen(key));
  const char *name = tarn__arena_strndup(t->arena, kernel, strlen(kernel));
  if (!name) return TARN_NO_MEMORY;
  if (!c) {
    if (t->count >= MOST_CHOICES)
      return tarn_fail(TARN_LIMIT, "more than %d choices", MOST_CHOICES);
    if ((t->count & (t->count - 1)) == 0) {
      choice **larger = tarn__arena_array(t->arena, t->count ? 2 * t->count : 1, sizeof *larger);
      if (!larger) return TARN_NO_MEMORY;
      if (t->count) memcpy(larger, t->list, t->count * sizeof *larger);
      t->list = larger;
    }
    c = tarn__arena_alloc(t->arena, sizeof *c);
    if (!c || !(c->key = tarn__arena_strndup(t->arena, key, strlen(key)))) return TARN_NO_MEMORY;
    TARN_TRY(tarn__map_put(&t->by_key, c->key, strlen(c->key), c));
    t->list[t->count++] = c;
  }
  c->kernel = name;
  c->us = us;
  c->estimated_us = estimated_us;
  return TARN_OK;
}

/* The full name of the kernel that was chosen, which lives as long as the table; NULL: none was. */
static const char *chosen(const tarn_tuning *t, const tarn_allocator *a, const tarn_step *step,
                          const tarn_problem *problem, int threads, const char *device) {
  tarn_bytes key;
  bool known = false;
  if (!t->count) return NULL;
  tarn__bytes_init(&key, a);
  const tarn_status status = tarn__tuning_key(step, problem, threads, device, &key, &known);
  const choice *c =
      status == TARN_OK && known ? tarn__map_get(&t->by_key, key.data, key.size) : NULL;
  tarn__bytes_clear(&key);
  return c ? c->kernel : NULL;
}

static bool is_chosen(tarn_kernel_ref k, const char *name, const tarn_problem *problem) {
  char text[160];
  return !strcmp(tarn__kernel_full_name(k, text, sizeof text), name) &&
         !tarn__kernel_refusal(k, problem);
}

bool tarn__tuning_find(const tarn_tuning *t, const tarn_allocator *a, const tarn_step *step,
                       const tarn_problem *problem, int threads, tarn_kernel_ref *kernel) {
  const char *name = chosen(t, a, step, problem, threads, NULL);
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of(problem->op, &count);
  for (size_t i = 0; name && i < count; i++)
    if (is_chosen(rows[i], name, problem)) {
      *kernel = rows[i];
      return true;
    }
  return false;
}

bool tarn__tuning_find_there(const tarn_tuning *t, const tarn_allocator *a, const tarn_step *step,
                             const tarn_problem *problem, const tarn_backend *backend,
                             tarn_kernel_ref *kernel) {
  const char *name = chosen(t, a, step, problem, 0, backend->info.name);
  for (tarn_kernel_ref k = {0}; name && tarn__backend_next(backend, problem->op, &k);)
    if (is_chosen(k, name, problem)) {
      *kernel = k;
      return true;
    }
  return false;
}

/* ---- as text ------------------------------------------------------------------------------- */

static tarn_status add_head(tarn_bytes *b) {
  const tarn_cpu *cpu = tarn__cpu();
  char name[256];
  uint64_t hash = 0;
  for (const tarn_kernel_file *f = tarn__kernel_files; f->rows; f++)
    for (const tarn_kernel *k = f->rows; k->op; k++) {
      hash = tarn__hash(hash, f->path, strlen(f->path));
      hash = tarn__hash(hash, k->op, strlen(k->op));
    }
  return tarn__bytes_printf(b, "tarn tuning 1\nmachine\t%s, %s\nbuild\t%s\t%016llx\n",
                            tarn__printable(cpu->name, strlen(cpu->name), name, sizeof name),
                            cpu->avx512 ? "avx512"
                            : cpu->avx2 ? "avx2"
                                        : "reference",
                            tarn_version(), (unsigned long long)hash);
}

const char *tarn__tuning_file_name(char *text, size_t bytes) {
  tarn_bytes head;
  tarn__bytes_init(&head, tarn__allocator_default());
  const uint64_t hash = add_head(&head) == TARN_OK ? tarn__hash(0, head.data, head.size) : 0;
  tarn__bytes_clear(&head);
  snprintf(text, bytes, "tuning-%016llx.txt", (unsigned long long)hash);
  return text;
}

tarn_status tarn__tuning_print(const tarn_tuning *t, tarn_bytes *b) {
  TARN_TRY(add_head(b));
  for (size_t i = 0; i < t->count; i++)
    TARN_TRY(tarn__bytes_printf(b, "choice\t%s\t%.4g\t%.4g\t%s\n", t->list[i]->kernel,
                                t->list[i]->us, t->list[i]->estimated_us, t->list[i]->key));
  return TARN_OK;
}

/* The line at *at without its end, in a buffer; false: the text has ended, or the line is too long
 * or holds a zero. */
static bool next_line(const char **at, const char *end, char line[LINE_BYTES]) {
  const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
  const size_t n = stop ? (size_t)(stop - *at) : 0;
  if (!stop || n >= LINE_BYTES || memchr(*at, 0, n)) return false;
  memcpy(line, *at, n);
  line[n] = 0;
  *at = stop + 1;
  return true;
}

static bool read_us(const char *text, double *us) {
  char *end;
  *us = strtod(text, &end);
  return end != text && !*end && *us >= 0 && *us < 1e12;
}

static tarn_status parse_choice(tarn_tuning *t, char *line, long number) {
  char *field[FIELDS];
  int n = 0;
  for (char *at = line; n < FIELDS; n++) {
    field[n] = at;
    at = n + 1 < FIELDS ? strchr(at, '\t') : NULL;
    if (!at) {
      n++;
      break;
    }
    *at++ = 0;
  }
  double us, estimated;
  if (n != FIELDS || strcmp(field[0], "choice") || !*field[1] || strlen(field[1]) > 150 ||
      !*field[4] || !read_us(field[2], &us) || !read_us(field[3], &estimated))
    return tarn_fail(TARN_CORRUPT, "line %ld of the tuning is no choice of a kernel", number);
  return tarn__tuning_set(t, field[4], field[1], us, estimated);
}

/* Into `t`, which may be left with a part of it. */
static tarn_status parse(tarn_tuning *t, const char *text, size_t bytes, char line[LINE_BYTES]) {
  const char *at = text, *end = text + bytes;
  tarn_bytes head;
  tarn__bytes_init(&head, t->allocator);
  tarn_status status = add_head(&head);
  const char *wanted = head.data, *wanted_end = head.data + head.size;
  char mine[LINE_BYTES];
  for (long number = 1; number <= 3 && status == TARN_OK; number++) {
    if (!next_line(&wanted, wanted_end, mine))
      status = tarn_fail(TARN_INVALID, "the name of this machine is too long");
    else if (!next_line(&at, end, line))
      status = tarn_fail(TARN_CORRUPT, "line %ld of the tuning is missing", number);
    else if (strcmp(line, mine)) {
      char shown[200];
      tarn__printable(line, strlen(line), shown, sizeof shown);
      status =
          number == 1
              ? tarn_fail(TARN_CORRUPT, "the tuning begins with '%s', expected '%s'", shown, mine)
              : tarn_fail(TARN_NOT_FOUND, "the tuning is of '%s', this is '%s'", shown, mine);
    }
  }
  tarn__bytes_clear(&head);
  for (long number = 4; at < end && status == TARN_OK; number++)
    status = next_line(&at, end, line)
                 ? parse_choice(t, line, number)
                 : tarn_fail(TARN_CORRUPT, "line %ld of the tuning is cut or too long", number);
  return status;
}

tarn_status tarn__tuning_parse(tarn_tuning *t, const char *text, size_t bytes) {
  tarn_tuning *apart;
  char *line = tarn__alloc(t->allocator, LINE_BYTES);
  if (!line) return TARN_NO_MEMORY;
  tarn_status status = tarn__tuning_create(t->allocator, &apart);
  if (status == TARN_OK) {
    status = parse(apart, text, bytes, line);
    for (size_t i = 0; i < apart->count && status == TARN_OK; i++)
      status = tarn__tuning_set(t, apart->list[i]->key, apart->list[i]->kernel, apart->list[i]->us,
                                apart->list[i]->estimated_us);
    tarn__tuning_destroy(apart);
  }
  tarn__free(t->allocator, line, LINE_BYTES);
  return status;
}
