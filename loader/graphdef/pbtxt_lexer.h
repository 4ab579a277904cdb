/* The words of protobuf's text form; for pbtxt.c. */
#ifndef TARN_LOADER_GRAPHDEF_PBTXT_LEXER_H
#define TARN_LOADER_GRAPHDEF_PBTXT_LEXER_H

#include "core/bytes.h"

typedef enum tarn_pbtxt_token {
  TARN_PBTXT_END,
  TARN_PBTXT_NAME,     /* letters, digits, _ and . */
  TARN_PBTXT_NUMBER,   /* begins with a digit or a point */
  TARN_PBTXT_STRING,   /* with its quotes, escapes not yet resolved */
  TARN_PBTXT_SIGN      /* one character: { } < > [ ] : , ; - / */
} tarn_pbtxt_token;

typedef struct tarn_pbtxt_lexer {
  const char *at, *end;       /* what is left behind the token */
  const char *line_start;
  long line;                  /* of `at`, from 1 */
  tarn_pbtxt_token token;
  const char *text;           /* the token, borrowed from the input */
  size_t bytes;
  long token_line, token_column;
} tarn_pbtxt_lexer;

/* Starts before the first token: call next once. */
void tarn__pbtxt_lexer_init(tarn_pbtxt_lexer *x, const char *text, size_t bytes);
/* TARN_CORRUPT: a byte that starts no token, a string without its end. */
TARN_MUST_CHECK tarn_status tarn__pbtxt_next(tarn_pbtxt_lexer *x);
static inline bool tarn__pbtxt_is(const tarn_pbtxt_lexer *x, char sign) {
  return x->token == TARN_PBTXT_SIGN && *x->text == sign;
}
/* "line L, column C: found 'TOKEN', expected ..." as TARN_CORRUPT. */
TARN_MUST_CHECK tarn_status tarn__pbtxt_refuse(const tarn_pbtxt_lexer *x, const char *expected);
/* Appends the bytes that the string token stands for. */
TARN_MUST_CHECK tarn_status tarn__pbtxt_unquote(const tarn_pbtxt_lexer *x, tarn_bytes *out);

#endif
