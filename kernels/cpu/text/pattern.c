#include "kernels/cpu/text/pattern.h"

#include <string.h>

enum { MAX_CODE = 4096, MAX_DEPTH = 64, MAX_REPEAT = 1000 };

typedef enum kind { SET, JUMP, SPLIT, START, END, DONE } kind;

/* SET: a byte of `set` moves on. JUMP, SPLIT: to here + x (and here + y). */
typedef struct step {
  kind kind;
  int x, y;
  uint8_t set[32];
} step;

struct tarn_pattern {
  const tarn_allocator *allocator;
  int count;
  step code[MAX_CODE];
  int now[MAX_CODE], next[MAX_CODE], stack[2 * MAX_CODE];
  uint32_t mark[MAX_CODE], round;
};

typedef struct parser {
  tarn_pattern *p;
  const char *at, *end;
  int depth;
} parser;

static tarn_status bad(const parser *s, const char *what) {
  return tarn_fail(TARN_INVALID, "Invalid pattern: %s, %zu bytes before its end", what, (size_t)(s->end - s->at));
}

static tarn_status emit(parser *s, kind k, int x, int y, step **made) {
  if (s->p->count == MAX_CODE) return tarn_fail(TARN_LIMIT, "a pattern of more than %d steps", MAX_CODE);
  step *t = &s->p->code[s->p->count++];
  *t = (step){.kind = k, .x = x, .y = y};
  if (made) *made = t;
  return TARN_OK;
}

/* Makes room for one step before `from`; jumps are relative and the moved ones stay within what moved. */
static tarn_status insert(parser *s, int from, kind k, int x, int y) {
  TARN_TRY(emit(s, k, x, y, NULL));
  const step made = s->p->code[s->p->count - 1];
  memmove(s->p->code + from + 1, s->p->code + from, (size_t)(s->p->count - 1 - from) * sizeof made);
  s->p->code[from] = made;
  return TARN_OK;
}

static void set_add(uint8_t *set, int from, int to) {
  for (int c = from; c <= to; c++) set[c / 8] = (uint8_t)(set[c / 8] | 1 << c % 8);
}
static void set_invert(uint8_t *set) {
  for (int i = 0; i < 32; i++) set[i] = (uint8_t)~set[i];
}

/* What an escaped letter stands for, into set; -1 when it is no letter with a meaning. */
static tarn_status escape(parser *s, uint8_t *set) {
  if (s->at == s->end) return bad(s, "a backslash at the end");
  const char c = *s->at++;
  uint8_t class[32] = {0};
  const char small = (char)(c | 0x20);
  if (small == 'd') set_add(class, '0', '9');
  else if (small == 's') set_add(class, '\t', '\n'), set_add(class, '\f', '\r'), set_add(class, ' ', ' ');
  else if (small == 'w') {
    set_add(class, '0', '9'), set_add(class, 'A', 'Z'), set_add(class, 'a', 'z'), set_add(class, '_', '_');
  } else {
    static const char letters[] = "ntrfva", bytes[] = "\n\t\r\f\v\a";
    const char *letter = strchr(letters, c);
    const unsigned char byte = (unsigned char)(letter && c ? bytes[letter - letters] : c);
    if (!(letter && c) && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
      return tarn_fail(TARN_UNSUPPORTED, "'\\%c' in a pattern", c);
    set_add(class, byte, byte);
  }
  if (c == 'D' || c == 'S' || c == 'W') set_invert(class);
  for (int i = 0; i < 32; i++) set[i] |= class[i];
  return TARN_OK;
}

static tarn_status bracket(parser *s, uint8_t *set) {
  const bool not = s->at < s->end && *s->at == '^';
  if (not) s->at++;
  for (bool first = true;; first = false) {
    if (s->at == s->end) return bad(s, "missing ]");
    const unsigned char c = (unsigned char)*s->at++;
    if (c == ']' && !first) break;
    if (c == '[' && s->at < s->end && *s->at == ':') return tarn_fail(TARN_UNSUPPORTED, "[:name:] in a pattern");
    if (c == '\\') {
      TARN_TRY(escape(s, set));
      continue;
    }
    unsigned char to = c;
    if (s->end - s->at >= 2 && s->at[0] == '-' && s->at[1] != ']') {
      to = (unsigned char)s->at[1];
      if (to == '\\') return tarn_fail(TARN_UNSUPPORTED, "an escape at the end of a range in a pattern");
      s->at += 2;
    }
    if (to < c) return bad(s, "a range that runs backwards");
    set_add(set, c, to);
  }
  if (not) set_invert(set);
  return TARN_OK;
}

static tarn_status alternatives(parser *s);

static tarn_status atom(parser *s) {
  step *t;
  const char c = *s->at++;
  switch (c) {
    case '(':
      if (s->at < s->end && *s->at == '?') {
        if (s->end - s->at < 2 || s->at[1] != ':') return tarn_fail(TARN_UNSUPPORTED, "(? other than (?: in a pattern");
        s->at += 2;
      }
      if (++s->depth > MAX_DEPTH) return tarn_fail(TARN_LIMIT, "groups nested deeper than %d", MAX_DEPTH);
      TARN_TRY(alternatives(s));
      s->depth--;
      if (s->at == s->end || *s->at != ')') return bad(s, "missing )");
      s->at++;
      return TARN_OK;
    case '^': return emit(s, START, 0, 0, NULL);
    case '$': return emit(s, END, 0, 0, NULL);
    case '*': case '+': case '?': return bad(s, "nothing to repeat");
    default: break;
  }
  TARN_TRY(emit(s, SET, 0, 0, &t));
  if (c == '.') {
    set_add(t->set, 0, 255);
    t->set['\n' / 8] = (uint8_t)(t->set['\n' / 8] & ~(1 << '\n' % 8));
  } else if (c == '[') TARN_TRY(bracket(s, t->set));
  else if (c == '\\') TARN_TRY(escape(s, t->set));
  else set_add(t->set, (unsigned char)c, (unsigned char)c);
  return TARN_OK;
}

static bool number(parser *s, int *value) {
  const char *from = s->at;
  for (*value = 0; s->at < s->end && *s->at >= '0' && *s->at <= '9' && *value <= MAX_REPEAT; s->at++)
    *value = *value * 10 + (*s->at - '0');
  return s->at > from;
}

/* {m}, {m,}, {m,n}; most -1: any number. false: no such thing here, the brace is a literal. */
static bool counts(parser *s, int *least, int *most) {
  const char *from = s->at++;
  if (number(s, least)) {
    *most = *least;
    if (s->at < s->end && *s->at == ',') {
      s->at++;
      if (!number(s, most)) *most = -1;
    }
    if (s->at < s->end && *s->at == '}') {
      s->at++;
      return true;
    }
  }
  s->at = from;
  return false;
}

static tarn_status copy_code(parser *s, int from, int length) {
  if (length > MAX_CODE - s->p->count) return tarn_fail(TARN_LIMIT, "a pattern of more than %d steps", MAX_CODE);
  memcpy(s->p->code + s->p->count, s->p->code + from, (size_t)length * sizeof(step));
  s->p->count += length;
  return TARN_OK;
}

/* The atom at `from` repeated: least times as it is, then the rest each behind a split that may leave. */
static tarn_status repeat(parser *s, int from, int least, int most) {
  const int length = s->p->count - from;
  if (least > MAX_REPEAT || most > MAX_REPEAT || (most >= 0 && most < least)) return bad(s, "a bad repetition count");
  step *unit = tarn__alloc(s->p->allocator, (size_t)(length + 1) * sizeof *unit);
  if (!unit) return TARN_NO_MEMORY;
  memcpy(unit, s->p->code + from, (size_t)length * sizeof *unit);
  tarn_status status = TARN_OK;
  if (least == 0) s->p->count = from;
  for (int i = 1; i < least && status == TARN_OK; i++) status = copy_code(s, from, length);
  for (int i = least; (most < 0 ? i == least : i < most) && status == TARN_OK; i++) {
    status = emit(s, SPLIT, 1, length + (most < 0 ? 2 : 1), NULL);
    if (status == TARN_OK && length > MAX_CODE - s->p->count) status = tarn_fail(TARN_LIMIT, "a pattern of more than %d steps", MAX_CODE);
    if (status != TARN_OK) break;
    memcpy(s->p->code + s->p->count, unit, (size_t)length * sizeof *unit);
    s->p->count += length;
    if (most < 0) status = emit(s, JUMP, -length - 1, 0, NULL);
  }
  tarn__free(s->p->allocator, unit, (size_t)(length + 1) * sizeof *unit);
  return status;
}

static tarn_status sequence(parser *s) {
  while (s->at < s->end && *s->at != '|' && *s->at != ')') {
    const int from = s->p->count;
    TARN_TRY(atom(s));
    while (s->at < s->end && strchr("*+?{", *s->at) && *s->at) {
      int least = *s->at == '+', most = *s->at == '?' ? 1 : -1;
      if (*s->at != '{') s->at++;
      else if (!counts(s, &least, &most)) break;
      if (s->at < s->end && *s->at == '?') return tarn_fail(TARN_UNSUPPORTED, "a lazy repetition in a pattern");
      TARN_TRY(repeat(s, from, least, most));
    }
  }
  return TARN_OK;
}

/* a|b|c: split over a, jump to the end behind it. */
static tarn_status alternatives(parser *s) {
  const int from = s->p->count;
  TARN_TRY(sequence(s));
  if (s->at == s->end || *s->at != '|') return TARN_OK;
  s->at++;
  TARN_TRY(insert(s, from, SPLIT, 1, s->p->count - from + 2));
  const int jump = s->p->count;
  TARN_TRY(emit(s, JUMP, 0, 0, NULL));
  if (++s->depth > MAX_DEPTH) return tarn_fail(TARN_LIMIT, "more than %d alternatives", MAX_DEPTH);
  TARN_TRY(alternatives(s));
  s->depth--;
  s->p->code[jump].x = s->p->count - jump;
  return TARN_OK;
}

tarn_status tarn__pattern_create(const tarn_allocator *a, const tarn_string *text, tarn_pattern **pattern) {
  tarn_pattern *p = tarn__alloc_zero(a, sizeof *p);
  if (!p) return TARN_NO_MEMORY;
  p->allocator = a;
  parser s = {.p = p, .at = text->size ? text->data : "", .end = text->size ? text->data + text->size : NULL};
  if (!s.end) s.end = s.at;
  tarn_status status = alternatives(&s);
  if (status == TARN_OK && s.at != s.end) status = bad(&s, "unmatched )");
  if (status == TARN_OK) status = emit(&s, DONE, 0, 0, NULL);
  if (status != TARN_OK) {
    tarn__pattern_destroy(p);
    return status;
  }
  *pattern = p;
  return TARN_OK;
}

void tarn__pattern_destroy(tarn_pattern *pattern) {
  if (pattern) tarn__free(pattern->allocator, pattern, sizeof *pattern);
}

/* Adds the states that `from` reaches without a byte; each once a round. */
static void follow(tarn_pattern *p, int from, bool start, bool end, int *list, int *count) {
  int depth = 0;
  p->stack[depth++] = from;
  while (depth) {
    const int i = p->stack[--depth];
    const step *t = &p->code[i];
    if (p->mark[i] == p->round) continue;
    p->mark[i] = p->round;
    switch (t->kind) {
      case SET:
      case DONE: list[(*count)++] = i; break;
      case JUMP: p->stack[depth++] = i + t->x; break;
      case SPLIT:
        p->stack[depth++] = i + t->y;
        p->stack[depth++] = i + t->x;
        break;
      case START: if (start) p->stack[depth++] = i + 1; break;
      case END: if (end) p->stack[depth++] = i + 1; break;
    }
  }
}

bool tarn__pattern_matches(tarn_pattern *pattern, const char *text, size_t bytes) {
  tarn_pattern *p = pattern;
  int *now = p->now, *next = p->next, count = 0;
  memset(p->mark, 0, sizeof p->mark);
  p->round = 1;
  follow(p, 0, true, bytes == 0, now, &count);
  for (size_t i = 0; i < bytes && count; i++) {
    const unsigned char c = (unsigned char)text[i];
    int more = 0;
    if (++p->round == 0) {   /* 2^32 bytes later */
      memset(p->mark, 0, sizeof p->mark);
      p->round = 1;
    }
    for (int k = 0; k < count; k++) {
      const step *t = &p->code[now[k]];
      if (t->kind == SET && t->set[c / 8] & 1 << c % 8) follow(p, now[k] + 1, false, i + 1 == bytes, next, &more);
    }
    int *kept = now;
    now = next;
    next = kept;
    count = more;
  }
  for (int k = 0; k < count; k++)
    if (p->code[now[k]].kind == DONE) return true;
  return false;
}
