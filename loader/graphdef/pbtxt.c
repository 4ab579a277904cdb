/* From protobuf's text form to its wire form, by the schema: see pbtxt.h. */
#include "loader/graphdef/pbtxt.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "loader/graphdef/pbtxt_lexer.h"

typedef struct parser {
  tarn_pbtxt_lexer x;
  tarn_bytes *wire;
  tarn_bytes scratch;     /* of a string or number being put together */
  locale_t locale;        /* the C locale: a program's own may write 2,5 for 2.5 */
  int depth;
} parser;

static tarn_status next(parser *p) { return tarn__pbtxt_next(&p->x); }

static tarn_status enter(parser *p) {
  if (++p->depth <= TARN_WIRE_DEPTH) return TARN_OK;
  return tarn_fail(TARN_CORRUPT, "line %ld, column %ld: nested deeper than %d messages",
                   p->x.token_line, p->x.token_column, TARN_WIRE_DEPTH);
}

/* The token as zero-terminated text, behind a minus when there was one. */
static tarn_status token_text(parser *p, bool negative) {
  p->scratch.size = 0;
  if (negative) TARN_TRY(tarn__bytes_add(&p->scratch, "-", 1));
  return tarn__bytes_add(&p->scratch, p->x.text, p->x.bytes);
}

static bool word_is(const parser *p, const char *word) {
  return p->x.token == TARN_PBTXT_NAME && p->x.bytes == strlen(word) &&
         strncasecmp(p->x.text, word, p->x.bytes) == 0;
}

/* A whole number: decimal, 0x1f or 017. The magnitude; the caller judges the range. */
static tarn_status read_magnitude(parser *p, const char *expected, uint64_t *value) {
  if (p->x.token != TARN_PBTXT_NUMBER) return tarn__pbtxt_refuse(&p->x, expected);
  TARN_TRY(token_text(p, false));
  const char *text = p->scratch.data;
  for (const char *c = text; *c; c++)
    if (*c == '.') return tarn__pbtxt_refuse(&p->x, expected);
  char *end;
  errno = 0;
  unsigned long long v = strtoull(text, &end, 0);
  if (*end || end == text || errno == ERANGE) return tarn__pbtxt_refuse(&p->x, expected);
  *value = v;
  return TARN_OK;
}

static tarn_status add_integer(parser *p, const tarn_proto_field *f, bool negative) {
  const char *expected;
  uint64_t most, least = 0; /* least: the magnitude of the most negative value */
  switch (f->kind) {
    case TARN_PROTO_INT64:
      expected = "a whole number of 64 bits", most = INT64_MAX, least = (uint64_t)INT64_MAX + 1;
      break;
    case TARN_PROTO_UINT64:
      expected = "a whole number of 64 bits, not negative", most = UINT64_MAX;
      break;
    case TARN_PROTO_UINT32:
      expected = "a whole number of 32 bits, not negative", most = UINT32_MAX;
      break;
    default:
      expected = "a whole number of 32 bits", most = INT32_MAX, least = (uint64_t)INT32_MAX + 1;
      break;
  }
  uint64_t v;
  TARN_TRY(read_magnitude(p, expected, &v));
  if (v > (negative ? least : most)) return tarn__pbtxt_refuse(&p->x, expected);
  return tarn__wire_add_int(p->wire, f->number, negative ? 0 - v : v);
}

static tarn_status add_bool(parser *p, const tarn_proto_field *f, bool negative) {
  bool yes = word_is(p, "true") || word_is(p, "t"), no = word_is(p, "false") || word_is(p, "f");
  if (p->x.token == TARN_PBTXT_NUMBER) {
    uint64_t v;
    TARN_TRY(read_magnitude(p, "true or false", &v));
    yes = v == 1, no = v == 0;
  }
  if (negative || yes == no) return tarn__pbtxt_refuse(&p->x, "true or false");
  return tarn__wire_add_int(p->wire, f->number, yes);
}

static tarn_status add_enum(parser *p, const tarn_proto_field *f, bool negative) {
  if (p->x.token != TARN_PBTXT_NAME) return add_integer(p, f, negative);
  int32_t v = -1;
  if (f->kind == TARN_PROTO_DTYPE) {
    v = tarn__proto_dtype(p->x.text, p->x.bytes);
  } else if (f->kind == TARN_PROTO_SAVER_VERSION) {
    v = word_is(p, "LEGACY") ? 0 : word_is(p, "V1") ? 1 : word_is(p, "V2") ? 2 : -1;
  }
  if (negative || v < 0)
    return tarn__pbtxt_refuse(
        &p->x, f->kind == TARN_PROTO_DTYPE ? "a type such as DT_FLOAT" : "LEGACY, V1 or V2");
  return tarn__wire_add_int(p->wire, f->number, (uint64_t)v);
}

static tarn_status add_float(parser *p, const tarn_proto_field *f, bool negative) {
  double v;
  if (word_is(p, "inf") || word_is(p, "infinity") || word_is(p, "nan")) {
    v = word_is(p, "nan") ? (double)__builtin_nanf("") : __builtin_inf();
    if (negative) v = -v;
  } else {
    if (p->x.token != TARN_PBTXT_NUMBER) return tarn__pbtxt_refuse(&p->x, "a number");
    TARN_TRY(token_text(p, negative));
    char *end;
    v = strtod_l(p->scratch.data, &end, p->locale);
    if (end == p->scratch.data || (*end && strcasecmp(end, "f") != 0))
      return tarn__pbtxt_refuse(&p->x, "a number");
  }
  return f->kind == TARN_PROTO_FLOAT ? tarn__wire_add_float(p->wire, f->number, (float)v)
                                     : tarn__wire_add_double(p->wire, f->number, v);
}

/* One or more adjacent strings. Leaves the token behind them as the current one. */
static tarn_status add_string(parser *p, const tarn_proto_field *f) {
  if (p->x.token != TARN_PBTXT_STRING) return tarn__pbtxt_refuse(&p->x, "a string in quotes");
  p->scratch.size = 0;
  while (p->x.token == TARN_PBTXT_STRING) {
    TARN_TRY(tarn__pbtxt_unquote(&p->x, &p->scratch));
    TARN_TRY(next(p));
  }
  return tarn__wire_add_bytes(p->wire, f->number, p->scratch.data, p->scratch.size);
}

/* One scalar; the token behind it becomes the current one. */
static tarn_status add_scalar(parser *p, const tarn_proto_field *f) {
  if (f->kind == TARN_PROTO_STRING || f->kind == TARN_PROTO_BYTES) return add_string(p, f);
  bool negative = tarn__pbtxt_is(&p->x, '-');
  if (negative) TARN_TRY(next(p));
  switch (f->kind) {
    case TARN_PROTO_BOOL:
      TARN_TRY(add_bool(p, f, negative));
      break;
    case TARN_PROTO_FLOAT:
    case TARN_PROTO_DOUBLE:
      TARN_TRY(add_float(p, f, negative));
      break;
    case TARN_PROTO_DTYPE:
    case TARN_PROTO_SAVER_VERSION:
      TARN_TRY(add_enum(p, f, negative));
      break;
    case TARN_PROTO_INT32:
    case TARN_PROTO_INT64:
    case TARN_PROTO_UINT32:
    case TARN_PROTO_UINT64:
      TARN_TRY(add_integer(p, f, negative));
      break;
    case TARN_PROTO_STRING:
    case TARN_PROTO_BYTES:
    case TARN_PROTO_MESSAGE:
    case TARN_PROTO_OPAQUE:
      break; /* not scalars of this kind */
  }
  return next(p);
}

static tarn_status add_fields(parser *p, const tarn_proto_message *m, char closing);

/* The closing sign that belongs to the current token, or 0 when it opens nothing. */
static char closing_of(const parser *p) {
  return tarn__pbtxt_is(&p->x, '{') ? '}' : tarn__pbtxt_is(&p->x, '<') ? '>' : 0;
}

static tarn_status skip_fields(parser *p, char closing);

/* A value of a field that is not in the table. */
static tarn_status skip_value(parser *p) {
  char closing = closing_of(p);
  if (closing) {
    TARN_TRY(enter(p));
    TARN_TRY(next(p));
    TARN_TRY(skip_fields(p, closing));
    p->depth--;
    return next(p);
  }
  if (tarn__pbtxt_is(&p->x, '[')) {
    TARN_TRY(enter(p));
    TARN_TRY(next(p));
    while (!tarn__pbtxt_is(&p->x, ']')) {
      TARN_TRY(skip_value(p));
      if (tarn__pbtxt_is(&p->x, ','))
        TARN_TRY(next(p));
      else if (!tarn__pbtxt_is(&p->x, ']'))
        return tarn__pbtxt_refuse(&p->x, "',' or ']'");
    }
    p->depth--;
    return next(p);
  }
  if (p->x.token == TARN_PBTXT_STRING) {
    while (p->x.token == TARN_PBTXT_STRING) TARN_TRY(next(p));
    return TARN_OK;
  }
  if (tarn__pbtxt_is(&p->x, '-')) TARN_TRY(next(p));
  if (p->x.token != TARN_PBTXT_NAME && p->x.token != TARN_PBTXT_NUMBER)
    return tarn__pbtxt_refuse(&p->x, "a value");
  return next(p);
}

static tarn_status skip_fields(parser *p, char closing) {
  while (!tarn__pbtxt_is(&p->x, closing)) {
    if (tarn__pbtxt_is(&p->x, '[')) { /* [type.googleapis.com/some.Type] */
      do TARN_TRY(next(p));
      while (p->x.token == TARN_PBTXT_NAME || tarn__pbtxt_is(&p->x, '/') ||
             tarn__pbtxt_is(&p->x, '-'));
      if (!tarn__pbtxt_is(&p->x, ']')) return tarn__pbtxt_refuse(&p->x, "']'");
    } else if (p->x.token != TARN_PBTXT_NAME) {
      return tarn__pbtxt_refuse(&p->x, "a field's name or the end of the message");
    }
    TARN_TRY(next(p));
    if (tarn__pbtxt_is(&p->x, ':'))
      TARN_TRY(next(p));
    else if (!closing_of(p))
      return tarn__pbtxt_refuse(&p->x, "':'");
    TARN_TRY(skip_value(p));
    if (tarn__pbtxt_is(&p->x, ',') || tarn__pbtxt_is(&p->x, ';')) TARN_TRY(next(p));
  }
  return TARN_OK;
}

/* A message in braces or angle brackets; the token behind it becomes the current one. */
static tarn_status add_message(parser *p, const tarn_proto_field *f) {
  char closing = closing_of(p);
  if (!closing) return tarn__pbtxt_refuse(&p->x, "'{'");
  if (f->kind == TARN_PROTO_OPAQUE) return skip_value(p);
  TARN_TRY(enter(p));
  TARN_TRY(next(p));
  size_t mark;
  TARN_TRY(tarn__wire_begin(p->wire, f->number, &mark));
  TARN_TRY(add_fields(p, f->message, closing));
  TARN_TRY(tarn__wire_end(p->wire, mark));
  p->depth--;
  return next(p);
}

static tarn_status add_value(parser *p, const tarn_proto_field *f) {
  return f->kind == TARN_PROTO_MESSAGE || f->kind == TARN_PROTO_OPAQUE ? add_message(p, f)
                                                                       : add_scalar(p, f);
}

static tarn_status add_field(parser *p, const tarn_proto_message *m, uint64_t *seen) {
  if (p->x.token != TARN_PBTXT_NAME) return tarn__pbtxt_refuse(&p->x, "a field's name");
  const tarn_proto_field *f = tarn__proto_field_name(m, p->x.text, p->x.bytes);
  if (!f) {
    char expected[80];
    snprintf(expected, sizeof expected, "a field of %s", m->name);
    return tarn__pbtxt_refuse(&p->x, expected);
  }
  uint64_t bit = (uint64_t)1 << (f - m->fields);
  if (!f->repeated && f->kind != TARN_PROTO_OPAQUE && (*seen & bit))
    return tarn__pbtxt_refuse(&p->x, "it only once in a message");
  *seen |= bit;
  TARN_TRY(next(p));
  bool message = f->kind == TARN_PROTO_MESSAGE || f->kind == TARN_PROTO_OPAQUE;
  if (tarn__pbtxt_is(&p->x, ':'))
    TARN_TRY(next(p));
  else if (!message)
    return tarn__pbtxt_refuse(&p->x, "':'");
  if (!f->repeated || !tarn__pbtxt_is(&p->x, '[')) return add_value(p, f);
  TARN_TRY(next(p));
  while (!tarn__pbtxt_is(&p->x, ']')) {
    TARN_TRY(add_value(p, f));
    if (tarn__pbtxt_is(&p->x, ','))
      TARN_TRY(next(p));
    else if (!tarn__pbtxt_is(&p->x, ']'))
      return tarn__pbtxt_refuse(&p->x, "',' or ']'");
  }
  return next(p);
}

/* Fields up to `closing` (0: the end of the text), which stays the current token. */
static tarn_status add_fields(parser *p, const tarn_proto_message *m, char closing) {
  uint64_t seen = 0;
  while (closing ? !tarn__pbtxt_is(&p->x, closing) : p->x.token != TARN_PBTXT_END) {
    TARN_TRY(add_field(p, m, &seen));
    if (tarn__pbtxt_is(&p->x, ',') || tarn__pbtxt_is(&p->x, ';')) TARN_TRY(next(p));
  }
  return TARN_OK;
}

const tarn_proto_message *tarn__pbtxt_kind(const char *text, size_t bytes) {
  static const tarn_proto_message *const kinds[] = {
      &tarn__proto_graph_def, &tarn__proto_meta_graph_def, &tarn__proto_saved_model};
  tarn_pbtxt_lexer x;
  tarn__pbtxt_lexer_init(&x, text, bytes);
  if (tarn__pbtxt_next(&x) != TARN_OK || x.token != TARN_PBTXT_NAME) return NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (tarn__proto_field_name(kinds[i], x.text, x.bytes)) return kinds[i];
  return NULL;
}

tarn_status tarn__pbtxt_to_wire(const char *text, size_t bytes, const tarn_proto_message *m,
                                tarn_bytes *wire) {
  parser p = {.wire = wire};
  tarn_status status;
  tarn__pbtxt_lexer_init(&p.x, text, bytes);
  tarn__bytes_init(&p.scratch, wire->allocator);
  p.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!p.locale) {
    status = tarn_fail(TARN_NO_MEMORY, "no memory for a locale");
    goto done;
  }
  TARN_GOTO(next(&p));
  TARN_GOTO(add_fields(&p, m, 0));
done:
  tarn__bytes_clear(&p.scratch);
  if (p.locale) freelocale(p.locale);
  return status;
}
