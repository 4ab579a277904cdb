#include "graph/signature/text.h"

#include <math.h>
#include <string.h>

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

void tarn__text_blanks(tarn_text *t) {
  while (t->at < t->end && blank(*t->at)) t->at++;
}

bool tarn__text_done(tarn_text *t) {
  tarn__text_blanks(t);
  return t->at == t->end;
}

bool tarn__text_take(tarn_text *t, const char *symbol) {
  tarn__text_blanks(t);
  size_t bytes = strlen(symbol);
  if ((size_t)(t->end - t->at) < bytes || memcmp(t->at, symbol, bytes) != 0) return false;
  t->at += bytes;
  return true;
}

bool tarn__text_name(tarn_text *t, tarn_word *word) {
  tarn__text_blanks(t);
  const char *at = t->at;
  if (at == t->end || !letter(*at)) return false;
  while (at < t->end && (letter(*at) || digit(*at))) at++;
  *word = (tarn_word){t->at, (size_t)(at - t->at)};
  t->at = at;
  return true;
}

bool tarn__text_int(tarn_text *t, int64_t *value) {
  tarn__text_blanks(t);
  const char *at = t->at;
  bool negative = at < t->end && *at == '-';
  if (negative) at++;
  if (at == t->end || !digit(*at)) return false;
  int64_t v = 0;   /* built as a negative number: its range is the wider one */
  for (; at < t->end && digit(*at); at++)
    if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, *at - '0', &v)) return false;
  if (!negative && __builtin_sub_overflow(0, v, &v)) return false;
  *value = v;
  t->at = at;
  return true;
}

/* Decimal to double by a scaled integer: exact up to 17 digits and powers of ten up to 22, which is
 * more than our own texts have. strtod would obey the host program's locale. */
bool tarn__text_number(tarn_text *t, double *value) {
  tarn__text_blanks(t);
  const char *at = t->at;
  bool negative = at < t->end && *at == '-';
  if (negative || (at < t->end && *at == '+')) at++;
  double v = 0;
  tarn_text rest = {at, t->end};
  tarn_word word;
  if (at < t->end && letter(*at) && tarn__text_name(&rest, &word)) {
    if (tarn__word_is(word, "inf")) v = HUGE_VAL;
    else if (tarn__word_is(word, "nan")) v = (double)NAN;
    else return false;
    at = rest.at;
  } else {
    uint64_t digits = 0;
    int exponent = 0, seen = 0;
    bool point = false;
    for (; at < t->end && (digit(*at) || (*at == '.' && !point)); at++) {
      /* "0..1" of a case string's range: two points end the number. */
      if (*at == '.') {
        if (t->end - at > 1 && at[1] == '.') break;
        point = true;
        continue;
      }
      seen++;
      if (digits > (UINT64_MAX - 9) / 10) exponent += !point;
      else digits = digits * 10 + (uint64_t)(*at - '0'), exponent -= point;
    }
    if (!seen) return false;
    if (at < t->end && (*at == 'e' || *at == 'E')) {
      tarn_text tail = {at + 1, t->end};
      int64_t e;
      (void)(tail.at < tail.end && *tail.at == '+' && tail.at++);
      if (!tarn__text_int(&tail, &e) || e > 400 || e < -400) return false;
      exponent += (int)e;
      at = tail.at;
    }
    v = exponent < 0 ? (double)digits / pow(10, -exponent) : (double)digits * pow(10, exponent);
  }
  *value = negative ? -v : v;
  t->at = at;
  return true;
}

bool tarn__text_quoted(tarn_text *t, tarn_word *word) {
  tarn__text_blanks(t);
  if (t->at == t->end || (*t->at != '\'' && *t->at != '"')) return false;
  const char *close = memchr(t->at + 1, *t->at, (size_t)(t->end - t->at - 1));
  if (!close) return false;
  *word = (tarn_word){t->at + 1, (size_t)(close - t->at - 1)};
  t->at = close + 1;
  return true;
}

bool tarn__word_is(tarn_word word, const char *text) {
  return strlen(text) == word.size && memcmp(word.data, text, word.size) == 0;
}
