/* A cursor over short texts of our own notation: signatures, attribute values and case strings.
 * Independent of the locale. Nothing here fails loudly: a function says whether it found what it
 * was asked for, and moves on if so. */
#ifndef TARN_GRAPH_SIGNATURE_TEXT_H
#define TARN_GRAPH_SIGNATURE_TEXT_H

#include "core/status.h"

typedef struct tarn_text {
  const char *at, *end;
} tarn_text;

typedef struct tarn_word {
  const char *data;
  size_t size;
} tarn_word;

void tarn__text_blanks(tarn_text *t);
bool tarn__text_done(tarn_text *t);                      /* nothing but blanks is left */
bool tarn__text_take(tarn_text *t, const char *symbol);  /* skips blanks, then the symbol */
bool tarn__text_name(tarn_text *t,
                     tarn_word *word); /* letters, digits and '_', not starting with a digit */
bool tarn__text_int(tarn_text *t, int64_t *value);       /* in int64 */
bool tarn__text_number(tarn_text *t, double *value);     /* also inf, -inf, nan */
bool tarn__text_quoted(tarn_text *t, tarn_word *word);   /* '...' or "...", without escapes */
bool tarn__word_is(tarn_word word, const char *text);

#endif
