/* A parser for the one shape of Python literal that .npy headers have:
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 * The three keys come once each, in any order. It has no recursion: nothing in there nests
 * further. */
#include "loader/npy/npy_header.h"

#include <string.h>

#include "core/bytes.h"

typedef struct parser {
  const char *start, *at, *end;
  size_t offset;
} parser;

static tarn_status refuse(const parser *p, const char *expected) {
  return tarn_fail(TARN_CORRUPT, "offset %zu: the header of the array does not parse, expected %s",
                   p->offset + (size_t)(p->at - p->start), expected);
}

static void skip(parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
    p->at++;
}

static bool take(parser *p, char c) {
  skip(p);
  if (p->at == p->end || *p->at != c) return false;
  p->at++;
  return true;
}

static bool take_word(parser *p, const char *word) {
  skip(p);
  size_t n = strlen(word);
  if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0) return false;
  p->at += n;
  return true;
}

/* A quoted string without escapes; borrowed. */
static bool take_string(parser *p, const char **text, size_t *bytes) {
  skip(p);
  if (p->at == p->end || (*p->at != '\'' && *p->at != '"')) return false;
  char quote = *p->at;
  const char *s = p->at + 1;
  for (const char *q = s; q < p->end && *q != '\\' && *q != '\n'; q++)
    if (*q == quote) {
      *text = s;
      *bytes = (size_t)(q - s);
      p->at = q + 1;
      return true;
    }
  return false;
}

static bool big_endian(void) {
  const uint16_t one = 1;
  return *(const unsigned char *)&one == 0;
}

/* What the kinds that we refuse are, for the message; NULL: no such kind. */
static const char *kind_text(char kind) {
  switch (kind) {
    case 'O':
      return "Python objects, which would have to be unpickled";
    case 'U':
      return "fixed-width text";
    case 'V':
      return "raw records";
    case 'M':
      return "dates";
    case 'm':
      return "time spans";
    default:
      return NULL;
  }
}

/* The width of 'S<n>' (older: 'a<n>'); false when the text is something else. */
static bool take_width(const char *word, size_t n, size_t *width) {
  if (n < 2 || n > 10 || (*word != 'S' && *word != 'a')) return false;
  *width = 0;
  for (size_t i = 1; i < n; i++) {
    if (word[i] < '0' || word[i] > '9') return false;
    *width = 10 * *width + (size_t)(word[i] - '0');
  }
  return true;
}

static tarn_status descr_parse(parser *p, npy_header *h) {
  skip(p);
  if (p->at < p->end && *p->at == '[')
    return tarn_fail(
        TARN_DTYPE,
        "offset %zu: an array of records, expected numbers, booleans or fixed-width bytes",
        p->offset + (size_t)(p->at - p->start));
  const char *text, *word;
  size_t bytes;
  if (!take_string(p, &text, &bytes)) return refuse(p, "a type such as '<f4'");
  word = text;
  size_t n = bytes;
  char order = '=';
  if (n > 0 && strchr("<>=|", *word) && *word) {
    order = *word++;
    n--;
  }
  const char *refused = n > 0 ? kind_text(*word) : NULL;
  if (refused)
    return tarn_fail(TARN_DTYPE, "an array of %s, expected numbers, booleans or fixed-width bytes",
                     refused);
  if (take_width(word, n, &h->width)) {
    h->dtype = TARN_STRING;
    return TARN_OK;
  }
  static const struct {
    const char *code;
    tarn_dtype dtype;
    size_t unit;
  } types[] = {
      {"b1", TARN_BOOL, 1}, {"i1", TARN_I8, 1},    {"i2", TARN_I16, 2}, {"i4", TARN_I32, 4},
      {"i8", TARN_I64, 8},  {"u1", TARN_U8, 1},    {"u2", TARN_U16, 2}, {"u4", TARN_U32, 4},
      {"u8", TARN_U64, 8},  {"f2", TARN_F16, 2},   {"f4", TARN_F32, 4}, {"f8", TARN_F64, 8},
      {"c8", TARN_C64, 4},  {"c16", TARN_C128, 8},
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strlen(types[i].code) != n || memcmp(types[i].code, word, n) != 0) continue;
    h->dtype = types[i].dtype;
    h->width = tarn_dtype_bytes(h->dtype);
    h->swap = types[i].unit > 1 && (order == '>' || order == '<') && (order == '>') != big_endian();
    return TARN_OK;
  }
  char shown[64];
  return tarn_fail(TARN_DTYPE,
                   "an array of type '%s', expected one of b1 i1..i8 u1..u8 f2 f4 f8 c8 c16 S<n>",
                   tarn__printable(text, bytes, shown, sizeof shown));
}

static tarn_status shape_parse(parser *p, npy_header *h) {
  int64_t dims[TARN_MAX_RANK];
  int rank = 0;
  if (!take(p, '(')) return refuse(p, "a shape such as (3, 4)");
  bool comma = false;
  while (!take(p, ')')) {
    if (rank > 0 && !comma) return refuse(p, "a comma between dims");
    int64_t dim = 0;
    const char *word = p->at;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
      if (tarn__mul_overflow(dim, (int64_t)10, &dim) ||
          tarn__add_overflow(dim, (int64_t)(*p->at - '0'), &dim))
        return refuse(p, "a dim below 2^63");
      p->at++;
    }
    if (p->at == word) return refuse(p, "a dim of 0 or more");
    if (p->at < p->end && *p->at == 'L') p->at++; /* Python 2's long */
    if (rank == TARN_MAX_RANK)
      return tarn_fail(TARN_LIMIT, "an array of more than %d dims", TARN_MAX_RANK);
    dims[rank++] = dim;
    comma = take(p, ',');
  }
  if (rank == 1 && !comma) return refuse(p, "a comma behind the only dim");
  if (tarn__shape_make(rank, dims, &h->shape) != TARN_OK)
    return refuse(p, "dims whose product stays below 2^63");
  return TARN_OK;
}

tarn_status tarn__npy_header_parse(const char *text, size_t bytes, size_t offset,
                                   npy_header *header) {
  parser p = {text, text, text + bytes, offset};
  npy_header h = {0};
  enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
  unsigned seen = 0;
  if (!take(&p, '{')) return refuse(&p, "'{'");
  bool comma = true;
  while (!take(&p, '}')) {
    const char *key;
    size_t n;
    if (!comma) return refuse(&p, "a comma between entries");
    if (!take_string(&p, &key, &n)) return refuse(&p, "a quoted key");
    if (!take(&p, ':')) return refuse(&p, "':'");
    unsigned which = n == 5 && memcmp(key, "descr", n) == 0            ? DESCR
                     : n == 13 && memcmp(key, "fortran_order", n) == 0 ? ORDER
                     : n == 5 && memcmp(key, "shape", n) == 0          ? SHAPE
                                                                       : 0;
    if (which == 0 || (seen & which))
      return refuse(&p, "descr, fortran_order and shape, once each");
    seen |= which;
    if (which == DESCR) TARN_TRY(descr_parse(&p, &h));
    if (which == SHAPE) TARN_TRY(shape_parse(&p, &h));
    if (which == ORDER) {
      h.fortran = take_word(&p, "True");
      if (!h.fortran && !take_word(&p, "False")) return refuse(&p, "True or False");
    }
    comma = take(&p, ',');
  }
  skip(&p);
  if (p.at != p.end) return refuse(&p, "nothing but spaces behind '}'");
  if (seen != ALL) return refuse(&p, "all of descr, fortran_order and shape");
  *header = h;
  return TARN_OK;
}
