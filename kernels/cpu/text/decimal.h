/* Plain decimal numbers, printed and read without a format: what printf and strtoll give, for what
 * most numbers are. */
#ifndef TARN_KERNELS_CPU_TEXT_DECIMAL_H
#define TARN_KERNELS_CPU_TEXT_DECIMAL_H

#include "tarn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARN_DECIMAL_ROOM = 40 };   /* bytes that a printed number needs at most */

/* The digits of -value or value; how many bytes. Not zero-terminated. */
size_t tarn__decimal_int(char *text, uint64_t value, bool negative);
/* printf's "%.*f", rounded to the nearest, ties to even, digit for digit. 0 for what it does not
 * do: values of 2^63 and more, infinities and NaN, more than 9 decimals. */
size_t tarn__decimal_fixed(char *text, double value, int decimals);
/* A sign, or none, and at most 18 digits, nothing else; false: look closer. */
bool tarn__decimal_read(const tarn_string *s, int64_t *value);

#endif
