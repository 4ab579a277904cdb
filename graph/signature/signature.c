/* Parses the signatures of op entries: argument lists and attribute definitions. The grammar is at
 * the head of op.h; it is TensorFlow's own, so an entry can be checked against TensorFlow's
 * documentation by eye. */
#include "graph/signature/signature.h"
#include "graph/signature/text.h"

#include <pthread.h>
#include <stdatomic.h>

/* Where a parse stands: for messages. */
typedef struct parser {
  tarn_arena *arena;
  const tarn_op *op;
  tarn_text text;
} parser;

static tarn_status bad(const parser *p, const char *expected) {
  return tarn_fail(TARN_INVALID, "signature of op %s: expected %s before '%.24s'", p->op->name,
                   expected, p->text.at);
}

static const char *keep(const parser *p, tarn_word word) {
  return tarn__arena_strndup(p->arena, word.data, word.size);
}

/* ---- attributes ---------------------------------------------------------------------------- */

static const struct {
  const char *name;
  tarn_attr_kind kind;
  tarn_dtypes types;
} kinds[] = {
  {"int", TARN_ATTR_INT, TARN_ANY},       {"float", TARN_ATTR_FLOAT, TARN_ANY},
  {"bool", TARN_ATTR_BOOL, TARN_ANY},     {"string", TARN_ATTR_STRING, TARN_ANY},
  {"type", TARN_ATTR_TYPE, TARN_ANY},     {"shape", TARN_ATTR_SHAPE, TARN_ANY},
  {"tensor", TARN_ATTR_TENSOR, TARN_ANY}, {"func", TARN_ATTR_FUNC, TARN_ANY},
  {"numbertype", TARN_ATTR_TYPE, TARN_NUMBERS},
  {"numerictype", TARN_ATTR_TYPE, TARN_NUMBERS},
  {"realnumbertype", TARN_ATTR_TYPE, TARN_REALS},
  {"quantizedtype", TARN_ATTR_TYPE, TARN_QUANTIZED},
};

/* {half, float} or {'SAME', 'VALID'}: the brace is taken already. */
static tarn_status read_allowed(parser *p, tarn_attr_kind *kind, tarn_attr_def *def) {
  tarn_string *allowed = NULL;
  size_t capacity = 0;
  tarn_word word;
  *kind = TARN_ATTR_TYPE;
  def->types = 0;
  do {
    if (tarn__text_quoted(&p->text, &word)) {
      if (def->allowed_count == capacity) {
        size_t more = capacity ? 2 * capacity : 4;
        tarn_string *grown = tarn__arena_array(p->arena, more, sizeof *grown);
        if (!grown) return TARN_NO_MEMORY;
        if (capacity) memcpy(grown, allowed, capacity * sizeof *grown);
        allowed = grown;
        capacity = more;
      }
      const char *copy = keep(p, word);
      if (!copy) return TARN_NO_MEMORY;
      allowed[def->allowed_count++] = (tarn_string){copy, word.size};
      *kind = TARN_ATTR_STRING;
    } else {
      if (!tarn__text_name(&p->text, &word)) return bad(p, "a dtype or a quoted string");
      tarn_dtype dtype = tarn__dtype_from_name(word.data, word.size);
      if (dtype != TARN_NO_DTYPE) {
        def->types |= TARN_BIT(dtype);
        continue;
      }
      size_t i = 0;   /* numbertype and kin inside the braces */
      while (i < sizeof kinds / sizeof *kinds &&
             !(kinds[i].types != TARN_ANY && tarn__word_is(word, kinds[i].name)))
        i++;
      if (i == sizeof kinds / sizeof *kinds) return bad(p, "a known dtype");
      def->types |= kinds[i].types;
    }
  } while (tarn__text_take(&p->text, ","));
  if (!tarn__text_take(&p->text, "}")) return bad(p, "'}'");
  if (*kind == TARN_ATTR_STRING && def->types) return bad(p, "strings only or dtypes only");
  def->allowed = allowed;
  if (*kind == TARN_ATTR_STRING) def->types = TARN_ANY;
  return TARN_OK;
}

static tarn_status read_kind(parser *p, tarn_attr_kind *kind, tarn_attr_def *def) {
  if (tarn__text_take(&p->text, "{")) return read_allowed(p, kind, def);
  tarn_word word;
  if (!tarn__text_name(&p->text, &word)) return bad(p, "a kind of attribute");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!tarn__word_is(word, kinds[i].name)) continue;
    *kind = kinds[i].kind;
    def->types = kinds[i].types;
    return TARN_OK;
  }
  return bad(p, "a known kind of attribute");
}

/* The text of a default: up to ';', '>=' or the end, outside brackets, braces and quotes. */
static tarn_status read_default(parser *p, tarn_attr_def *def) {
  tarn__text_blanks(&p->text);
  const char *at = p->text.at, *end = p->text.end;
  int depth = 0;
  char quote = 0;
  for (; at < end; at++) {
    if (quote) {
      if (*at == quote) quote = 0;
    } else if (*at == '\'' || *at == '"') {
      quote = *at;
    } else if (*at == '[' || *at == '{') {
      depth++;
    } else if (*at == ']' || *at == '}') {
      depth--;
    } else if (depth == 0 && (*at == ';' || *at == '>')) {
      break;
    }
  }
  const char *copy = keep(p, (tarn_word){p->text.at, (size_t)(at - p->text.at)});
  if (!copy) return TARN_NO_MEMORY;
  TARN_TRY_IN(tarn__attr_read(p->arena, def->kind, def->element, copy, &def->initial),
              "reading the default of '%s' of op %s", def->name, p->op->name);
  const char *why = tarn__attr_refusal(p->arena, def, &def->initial);
  if (why) return tarn_fail(TARN_INVALID, "signature of op %s: the default: %s", p->op->name, why);
  def->has_default = true;
  p->text.at = at;
  return TARN_OK;
}

static tarn_status read_attr(parser *p, tarn_attr_def *def) {
  tarn_word word;
  *def = (tarn_attr_def){.types = TARN_ANY};
  if (!tarn__text_name(&p->text, &word)) return bad(p, "an attribute's name");
  if (!(def->name = keep(p, word))) return TARN_NO_MEMORY;
  if (!tarn__text_take(&p->text, ":")) return bad(p, "':'");
  tarn_text start = p->text;
  if (tarn__text_name(&p->text, &word) && tarn__word_is(word, "list")) {
    def->kind = TARN_ATTR_LIST;
    if (!tarn__text_take(&p->text, "(")) return bad(p, "'('");
    TARN_TRY(read_kind(p, &def->element, def));
    if (!tarn__text_take(&p->text, ")")) return bad(p, "')'");
  } else {
    p->text = start;
    TARN_TRY(read_kind(p, &def->kind, def));
  }
  for (;;) {
    if (tarn__text_take(&p->text, ">=")) {
      if (def->kind != TARN_ATTR_INT && def->kind != TARN_ATTR_LIST) return bad(p, "no minimum");
      if (!tarn__text_int(&p->text, &def->minimum)) return bad(p, "a minimum");
      def->has_minimum = true;
    } else if (tarn__text_take(&p->text, "=")) {
      TARN_TRY(read_default(p, def));
    } else {
      break;
    }
  }
  if (!def->has_default) return TARN_OK;
  const char *why =
      tarn__attr_refusal(p->arena, def, &def->initial); /* the minimum may have come later */
  if (why) return tarn_fail(TARN_INVALID, "signature of op %s: the default: %s", p->op->name, why);
  return TARN_OK;
}

static size_t count_char(const char *text, char c) {
  size_t n = 0;
  for (; *text; text++) n += *text == c;
  return n;
}

static tarn_status read_attrs(parser *p, const char *text, tarn_signature *s) {
  if (!text) return TARN_OK;
  p->text = (tarn_text){text, text + strlen(text)};
  tarn_attr_def *attr = tarn__arena_array(p->arena, count_char(text, ';') + 1, sizeof *attr);
  if (!attr) return TARN_NO_MEMORY;
  s->attr = attr;
  while (!tarn__text_done(&p->text)) {
    tarn_attr_def def;
    TARN_TRY(read_attr(p, &def));
    if (tarn__signature_attr(s, def.name))
      return tarn_fail(TARN_INVALID, "signature of op %s: attribute '%s' occurs twice", p->op->name,
                       def.name);
    attr[s->attrs++] = def;
    if (!tarn__text_take(&p->text, ";") && !tarn__text_done(&p->text)) return bad(p, "';'");
  }
  return TARN_OK;
}

/* ---- arguments ----------------------------------------------------------------------------- */

/* What follows "name:": Ref(X), N * X or X, also Ref(N * X). */
static tarn_status read_arg_type(parser *p, const tarn_signature *s, tarn_arg_def *arg) {
  tarn_word word;
  for (;;) {
    if (!tarn__text_name(&p->text, &word)) return bad(p, "a type");
    if (tarn__word_is(word, "Ref") && !arg->is_ref && tarn__text_take(&p->text, "(")) {
      arg->is_ref = true;
      continue;
    }
    if (!arg->number_attr && tarn__text_take(&p->text, "*")) {
      if (!(arg->number_attr = keep(p, word))) return TARN_NO_MEMORY;
      const tarn_attr_def *number = tarn__signature_attr(s, arg->number_attr);
      if (!number || number->kind != TARN_ATTR_INT)
        return bad(p, "a number attribute that is declared");
      continue;
    }
    break;
  }
  const char *name = keep(p, word);
  if (!name) return TARN_NO_MEMORY;
  const tarn_attr_def *def = tarn__signature_attr(s, name);
  if (def && def->kind == TARN_ATTR_TYPE) arg->type_attr = name;
  else if (def && def->kind == TARN_ATTR_LIST && def->element == TARN_ATTR_TYPE &&
           !arg->number_attr)
    arg->list_attr = name;
  else if (!def && (arg->dtype = tarn__dtype_from_name(word.data, word.size)) == TARN_NO_DTYPE)
    return bad(p, "a dtype or a declared type attribute");
  else if (def) return bad(p, "a type attribute");
  if (arg->is_ref && !tarn__text_take(&p->text, ")")) return bad(p, "')'");
  return TARN_OK;
}

static tarn_status read_args(parser *p, const char *text, const tarn_signature *s,
                             const tarn_arg_def **args, size_t *count) {
  if (!text) return TARN_OK;
  p->text = (tarn_text){text, text + strlen(text)};
  if (tarn__text_done(&p->text)) return TARN_OK;
  tarn_arg_def *made = tarn__arena_array(p->arena, count_char(text, ',') + 1, sizeof *made);
  if (!made) return TARN_NO_MEMORY;
  size_t n = 0;
  do {
    tarn_word word;
    if (!tarn__text_name(&p->text, &word)) return bad(p, "an argument's name");
    if (!(made[n].name = keep(p, word))) return TARN_NO_MEMORY;
    if (!tarn__text_take(&p->text, ":")) return bad(p, "':'");
    TARN_TRY(read_arg_type(p, s, &made[n]));
    n++;
  } while (tarn__text_take(&p->text, ","));
  if (!tarn__text_done(&p->text)) return bad(p, "',' or the end");
  *args = made;
  *count = n;
  return TARN_OK;
}

tarn_status tarn__signature_parse(tarn_arena *arena, const tarn_op *op, tarn_signature *signature) {
  parser p = {.arena = arena, .op = op};
  tarn_signature s = {0};
  TARN_TRY(read_attrs(&p, op->attrs, &s));
  TARN_TRY(read_args(&p, op->inputs, &s, &s.input, &s.inputs));
  TARN_TRY(read_args(&p, op->outputs, &s, &s.output, &s.outputs));
  *signature = s;
  return TARN_OK;
}

const tarn_attr_def *tarn__signature_attr(const tarn_signature *signature, const char *name) {
  for (size_t i = 0; i < signature->attrs; i++)
    if (strcmp(signature->attr[i].name, name) == 0) return &signature->attr[i];
  return NULL;
}

int64_t tarn__arg_count(const tarn_arg_def *arg, const tarn_attrs *attrs) {
  if (arg->number_attr) {
    const tarn_attr *n = tarn__attr_find(attrs, arg->number_attr);
    return n && n->kind == TARN_ATTR_INT && n->i >= 0 ? n->i : -1;
  }
  if (arg->list_attr) {
    const tarn_attr *list = tarn__attr_find(attrs, arg->list_attr);
    return list && list->kind == TARN_ATTR_LIST ? (int64_t)list->list.count : -1;
  }
  return 1;
}

tarn_dtype tarn__arg_dtype(const tarn_arg_def *arg, const tarn_attrs *attrs, int64_t k) {
  if (arg->type_attr) {
    const tarn_attr *type = tarn__attr_find(attrs, arg->type_attr);
    return type && type->kind == TARN_ATTR_TYPE ? type->type.dtype : TARN_NO_DTYPE;
  }
  if (arg->list_attr) {
    const tarn_attr *list = tarn__attr_find(attrs, arg->list_attr);
    return list && list->kind == TARN_ATTR_LIST && k >= 0 && (uint64_t)k < list->list.count
               ? list->list.type[k]
               : TARN_NO_DTYPE;
  }
  return arg->dtype;
}

/* ---- the cache ----------------------------------------------------------------------------- */

/* One slot an op, in the order of tarn__ops; filled under the lock, read without it. Everything
 * lives in one arena for the life of the process. */
typedef _Atomic(const tarn_signature *) slot;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(slot *) slots;
static tarn_arena *cache;

static tarn_status fill(const tarn_op *op, int64_t index, const tarn_signature **signature) {
  if (!cache) TARN_TRY(tarn__arena_create(tarn__allocator_default(), &cache));
  slot *table = atomic_load_explicit(&slots, memory_order_relaxed);
  if (!table) {
    size_t count;
    tarn__ops(&count);
    table = tarn__arena_array(cache, count, sizeof *table);
    if (!table) return TARN_NO_MEMORY;
    atomic_store_explicit(&slots, table, memory_order_release);
  }
  *signature = atomic_load_explicit(&table[index], memory_order_relaxed);
  if (*signature) return TARN_OK;
  tarn_signature *made = tarn__arena_alloc(cache, sizeof *made);
  if (!made) return TARN_NO_MEMORY;
  TARN_TRY(tarn__signature_parse(cache, op, made));
  atomic_store_explicit(&table[index], made, memory_order_release);
  *signature = made;
  return TARN_OK;
}

tarn_status tarn__signature_of(const tarn_op *op, const tarn_signature **signature) {
  int64_t index = tarn__op_index(op);
  if (index < 0) return tarn_fail(TARN_INVALID, "op %s is not registered", op->name);
  slot *table = atomic_load_explicit(&slots, memory_order_acquire);
  const tarn_signature *known =
      table ? atomic_load_explicit(&table[index], memory_order_acquire) : NULL;
  if (known) {
    *signature = known;
    return TARN_OK;
  }
  pthread_mutex_lock(&lock);
  tarn_status status = fill(op, index, signature);
  pthread_mutex_unlock(&lock);
  return status;
}
