/* Regular expressions in time linear in the text: a small program run on all states at once (Thompson 1968), never by trial and
 * error, so no pattern takes long.
 *
 * Syntax, of RE2's: literals and escapes, . [a-z] [^a-z] \d \w \s \D \W \S, groups ( ) (?: ), | * + ? {m,n}, ^ $ at the ends
 * of the text. Lazy quantifiers, \b, flags and named groups are refused (TARN_UNSUPPORTED). Bytes, not characters. */
#ifndef TARN_KERNELS_CPU_TEXT_PATTERN_H
#define TARN_KERNELS_CPU_TEXT_PATTERN_H

#include "core/memory.h"

typedef struct tarn_pattern tarn_pattern;

tarn_status tarn__pattern_create(const tarn_allocator *a, const tarn_string *text, tarn_pattern **pattern);
void tarn__pattern_destroy(tarn_pattern *pattern);
/* Does the whole text match? Not thread-safe: the pattern holds the states. */
bool tarn__pattern_matches(tarn_pattern *pattern, const char *text, size_t bytes);

#endif
