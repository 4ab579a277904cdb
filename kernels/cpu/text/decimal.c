/* Decimal numbers: see decimal.h. */
#include "kernels/cpu/text/decimal.h"

#include <string.h>

/* The digits of value, `least` of them or more, before `end`; where they start. */
static char *digits_before(char *end, uint64_t value, int least) {
  for (; value || least > 0; value /= 10, least--) *--end = (char)('0' + value % 10);
  return end;
}

size_t tarn__decimal_int(char *text, uint64_t value, bool negative) {
  char digits[24], *const end = digits + sizeof digits;
  char *start = digits_before(end, value, 1);
  if (negative) *--start = '-';
  memcpy(text, start, (size_t)(end - start));
  return (size_t)(end - start);
}

/* value = mantissa * 2^exponent. Of mantissa * 10^decimals (53 and 30 bits) what lies above the
 * binary point is the number's digits, and what lies below it decides the rounding: nothing is
 * lost. */
__extension__ typedef unsigned __int128 wide;

size_t tarn__decimal_fixed(char *text, double value, int decimals) {
  static const uint64_t power[] = {1,      10,      100,      1000,      10000,
                                   100000, 1000000, 10000000, 100000000, 1000000000};
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const int biased = (int)(bits >> 52 & 0x7ff);
  if (decimals < 0 || decimals > 9 || biased >= 1023 + 63) return 0;
  uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
  if (biased) mantissa |= (uint64_t)1 << 52;
  const int exponent = (biased ? biased : 1) - 1075;   /* -1074..10 */
  uint64_t whole, part = 0;
  if (exponent >= 0) {
    whole = mantissa << exponent;
  } else if (exponent <= -120) {                        /* below a half of the last decimal */
    whole = 0;
  } else {
    const wide scaled = (wide)mantissa * power[decimals], half = (wide)1 << (-exponent - 1);
    const wide below = scaled & (2 * half - 1);
    wide rounded = scaled >> -exponent;
    if (below > half || (below == half && (rounded & 1))) rounded++;
    whole = (uint64_t)(rounded / power[decimals]);
    part = (uint64_t)(rounded % power[decimals]);
  }
  char digits[TARN_DECIMAL_ROOM], *const end = digits + sizeof digits;
  char *start = end;
  if (decimals) {
    start = digits_before(start, part, decimals);
    *--start = '.';
  }
  start = digits_before(start, whole, 1);
  if (bits >> 63) *--start = '-';
  memcpy(text, start, (size_t)(end - start));
  return (size_t)(end - start);
}

bool tarn__decimal_read(const tarn_string *s, int64_t *value) {
  const bool sign = s->size && (s->data[0] == '-' || s->data[0] == '+');
  const size_t digits = s->size - sign;
  if (digits == 0 || digits > 18) return false;
  int64_t read = 0;
  for (size_t i = sign; i < s->size; i++) {
    const unsigned digit = (unsigned char)s->data[i] - (unsigned)'0';
    if (digit > 9) return false;
    read = 10 * read + (int64_t)digit;
  }
  *value = sign && s->data[0] == '-' ? -read : read;
  return true;
}
