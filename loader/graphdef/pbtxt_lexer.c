/* Splitting protobuf text into words: see pbtxt_lexer.h. */
#include "loader/graphdef/pbtxt_lexer.h"

#include <string.h>

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

void tarn__pbtxt_lexer_init(tarn_pbtxt_lexer *x, const char *text, size_t bytes) {
  *x = (tarn_pbtxt_lexer){
      .at = text, .end = bytes ? text + bytes : text, .line_start = text, .line = 1};
}

tarn_status tarn__pbtxt_refuse(const tarn_pbtxt_lexer *x, const char *expected) {
  if (x->token == TARN_PBTXT_END)
    return tarn_fail(TARN_CORRUPT, "line %ld, column %ld: the text ends, expected %s",
                     x->token_line, x->token_column, expected);
  char shown[60];
  return tarn_fail(TARN_CORRUPT, "line %ld, column %ld: found '%s', expected %s", x->token_line,
                   x->token_column, tarn__printable(x->text, x->bytes, shown, sizeof shown),
                   expected);
}

static void skip_space(tarn_pbtxt_lexer *x) {
  for (; x->at < x->end; x->at++) {
    char c = *x->at;
    if (c == '#') {
      while (x->at < x->end && *x->at != '\n') x->at++;
      if (x->at == x->end) return;
      c = '\n';
    }
    if (c == '\n') {
      x->line++;
      x->line_start = x->at + 1;
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '\v' && c != '\f') {
      return;
    }
  }
}

tarn_status tarn__pbtxt_next(tarn_pbtxt_lexer *x) {
  skip_space(x);
  x->text = x->at;
  x->bytes = 0;
  x->token = TARN_PBTXT_END;
  x->token_line = x->line;
  x->token_column = (long)(x->at - x->line_start) + 1;
  if (x->at == x->end) return TARN_OK;
  char c = *x->at;
  const char *p = x->at + 1;
  if (is_letter(c)) {
    x->token = TARN_PBTXT_NAME;
    while (p < x->end && (is_letter(*p) || is_digit(*p) || *p == '.')) p++;
  } else if (is_digit(c) || c == '.') {
    /* Digits, letters (0x1F, 1e9, 2.5f), and the sign behind an exponent; the value is checked
     * where it is read. */
    x->token = TARN_PBTXT_NUMBER;
    bool hex = c == '0' && p < x->end && (*p == 'x' || *p == 'X');
    while (p < x->end && (is_letter(*p) || is_digit(*p) || *p == '.' ||
                          ((*p == '-' || *p == '+') && !hex && (p[-1] == 'e' || p[-1] == 'E'))))
      p++;
  } else if (c == '"' || c == '\'') {
    x->token = TARN_PBTXT_STRING;
    while (p < x->end && *p != c && *p != '\n')
      p += *p == '\\' && p + 1 < x->end && p[1] != '\n' ? 2 : 1;
    if (p >= x->end || *p != c)
      return tarn_fail(
          TARN_CORRUPT,
          "line %ld, column %ld: a string without its end, expected %c on the same line",
          x->token_line, x->token_column, c);
    p++;
  } else if (memchr("{}<>[]:,;-/", c, 11)) {
    x->token = TARN_PBTXT_SIGN;
  } else {
    return tarn_fail(TARN_CORRUPT,
                     "line %ld, column %ld: byte 0x%02x, expected a word of protobuf text",
                     x->token_line, x->token_column, (unsigned)(unsigned char)c);
  }
  x->bytes = (size_t)(p - x->at);
  x->at = p;
  return TARN_OK;
}

static int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/* Up to `most` digits of a base from *p; *count of them are used. */
static uint32_t digits(const char **p, const char *end, int base, int most, int *count) {
  uint32_t value = 0;
  for (*count = 0; *count < most && *p < end && digit_value(**p) < base; ++*p, ++*count)
    value = value * (uint32_t)base + (uint32_t)digit_value(**p);
  return value;
}

static size_t put_utf8(uint32_t u, char out[4]) {
  if (u < 0x80) {
    out[0] = (char)u;
    return 1;
  }
  size_t n = u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, u >>= 6) out[i] = (char)(0x80 | (u & 0x3f));
  out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | u);
  return n;
}

static tarn_status bad_escape(const tarn_pbtxt_lexer *x, const char *at, const char *why) {
  return tarn_fail(TARN_CORRUPT, "line %ld, column %ld: %s", x->token_line,
                   x->token_column + (long)(at - x->text), why);
}

tarn_status tarn__pbtxt_unquote(const tarn_pbtxt_lexer *x, tarn_bytes *out) {
  static const char plain[] = "abfnrtv\\'\"?", means[] = "\a\b\f\n\r\t\v\\'\"?";
  const char *p = x->text + 1, *end = x->text + x->bytes - 1;
  while (p < end) {
    const char *run = p;
    while (p < end && *p != '\\') p++;
    if (p > run) TARN_TRY(tarn__bytes_add(out, run, (size_t)(p - run)));
    if (p == end) break;
    const char *escape = p++;
    if (p == end) return bad_escape(x, escape, "an escape without its letter");
    char c = *p;
    const char *known = memchr(plain, c, sizeof plain - 1);
    char made[4];
    size_t bytes = 1;
    int count;
    if (known) {
      made[0] = means[known - plain];
      p++;
    } else if (c >= '0' && c <= '7') {
      uint32_t v = digits(&p, end, 8, 3, &count);
      if (v > 255) return bad_escape(x, escape, "an octal escape above \\377");
      made[0] = (char)v;
    } else if (c == 'x' || c == 'X') {
      p++;
      uint32_t v = digits(&p, end, 16, 2, &count);
      if (count == 0) return bad_escape(x, escape, "a hexadecimal escape without digits");
      made[0] = (char)v;
    } else if (c == 'u' || c == 'U') {
      p++;
      int want = c == 'u' ? 4 : 8;
      uint32_t v = digits(&p, end, 16, want, &count);
      if (count != want) return bad_escape(x, escape, "a unicode escape with too few digits");
      /* A pair of surrogates, as JSON writers make, stands for one character. */
      if (v >= 0xd800 && v <= 0xdbff && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        p += 2;
        uint32_t low = digits(&p, end, 16, 4, &count);
        if (count != 4 || low < 0xdc00 || low > 0xdfff)
          return bad_escape(x, escape, "half a surrogate pair");
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
      }
      if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return bad_escape(x, escape, "a unicode escape outside the range");
      bytes = put_utf8(v, made);
    } else {
      return bad_escape(x, escape, "an escape that does not exist");
    }
    TARN_TRY(tarn__bytes_add(out, made, bytes));
  }
  return TARN_OK;
}
