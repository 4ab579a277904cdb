/* Opening a compiled file: every offset, size and count in it is checked before it is used. */
#include "loader/compiled/reader.h"

#include <inttypes.h>

#include "core/crc32c.h"
#include "core/wire/tensor_message.h"
#include "loader/compiled/compiled.h"
#include "loader/compiled/format.h"
#include "loader/graphdef/schema.h"

bool tarn__compiled_is(const unsigned char *data, size_t size) {
  return size >= COMPILED_MAGIC_BYTES && memcmp(data, COMPILED_MAGIC, COMPILED_MAGIC_BYTES) == 0;
}

/* [offset, offset + bytes) between the head and the description. */
static tarn_status check_range(const tarn_compiled *c, uint64_t offset, uint64_t bytes,
                               size_t align, const char *what) {
  if (offset < COMPILED_HEAD || offset > c->data_end || bytes > c->data_end - offset)
    return tarn_fail(TARN_CORRUPT,
                     "%s of %" PRIu64 " bytes at offset %" PRIu64
                     ", expected it between %d and %" PRIu64,
                     what, bytes, offset, COMPILED_HEAD, c->data_end);
  if (offset % align)
    return tarn_fail(TARN_CORRUPT, "%s at offset %" PRIu64 ", expected a multiple of %zu", what,
                     offset, align);
  return TARN_OK;
}

static tarn_status read_name(tarn_compiled *c, const tarn_wire_field *f, const char **name) {
  const char *text;
  size_t bytes;
  TARN_TRY(tarn__wire_text(f, &text, &bytes));
  if (bytes && memchr(text, 0, bytes))
    return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a name with a zero byte", f->data_offset);
  *name = tarn__arena_strndup(c->arena, bytes ? text : "", bytes);
  return *name ? TARN_OK : TARN_NO_MEMORY;
}

static tarn_status read_weight(tarn_compiled *c, tarn_wire w, compiled_weight *to) {
  int64_t number = 0, elements;
  bool deep = false, is_ref;
  *to = (compiled_weight){.shape = {.rank = 0}};
  const uint64_t at = w.offset;
  for (;;) {
    tarn_wire_field f;
    tarn_wire shape;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == WEIGHT_VARIABLE) TARN_TRY(read_name(c, &f, &to->variable));
    if (f.number == WEIGHT_DTYPE) TARN_TRY(tarn__wire_int64(&f, &number));
    if (f.number == WEIGHT_OFFSET) TARN_TRY(tarn__wire_fixed64(&f, &to->offset));
    if (f.number == WEIGHT_CONTENTS) TARN_TRY(tarn__wire_fixed64(&f, &to->contents));
    if (f.number == WEIGHT_CRC) TARN_TRY(tarn__wire_fixed32(&f, &to->crc));
    if (f.number == WEIGHT_PACKED) TARN_TRY(tarn__wire_bool(&f, &to->packed));
    if (f.number != WEIGHT_SHAPE) continue;
    TARN_TRY(tarn__wire_message(&f, "TensorShapeProto", &shape));
    TARN_TRY(tarn__shape_message_read(shape, &to->shape, &deep));
  }
  to->dtype = tarn__dtype_from_number(number, &is_ref);
  if (is_ref || !tarn__dtype_in(to->dtype, TARN_PLAIN))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a weight of data type %" PRId64 ", expected a number's",
                     at, number);
  if (deep || !tarn__shape_known(&to->shape))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a weight of a shape that is not known or too deep", at);
  TARN_TRY_IN(tarn__shape_bytes(&to->shape, tarn_dtype_bytes(to->dtype), &elements, &to->bytes),
              "reading the weight described at offset %" PRIu64, at);
  TARN_TRY_IN(check_range(c, to->offset, to->bytes, COMPILED_ALIGN, "a weight"),
              "reading the weight described at offset %" PRIu64, at);
  return TARN_OK;
}

static tarn_status read_form(tarn_compiled *c, tarn_wire w, compiled_form *to) {
  size_t n = 0;
  *to = (compiled_form){.kernel = ""};
  const uint64_t at = w.offset;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number == FORM_KERNEL) TARN_TRY(read_name(c, &f, &to->kernel));
    if (f.number == FORM_KEY) TARN_TRY(tarn__wire_fixed64(&f, &to->key));
    if (f.number == FORM_BYTES) TARN_TRY(tarn__wire_uint64(&f, &to->bytes));
    if (f.number == FORM_OFFSET) TARN_TRY(tarn__wire_fixed64(&f, &to->offset));
    if (f.number == FORM_CRC) TARN_TRY(tarn__wire_fixed32(&f, &to->crc));
    if (f.number != FORM_CONTENTS) continue;
    if (n == TARN_PACKED_INPUTS)
      return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a form of more than %d weights", at,
                       TARN_PACKED_INPUTS);
    TARN_TRY(tarn__wire_fixed64(&f, &to->contents[n++]));
  }
  if (to->bytes == 0) return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": an empty form", at);
  TARN_TRY_IN(check_range(c, to->offset, to->bytes, COMPILED_PAGE, "a form"),
              "reading the form described at offset %" PRIu64, at);
  return TARN_OK;
}

/* How many messages of each kind there are: no more than the description has bytes. */
static tarn_status count(tarn_wire w, size_t *weights, size_t *forms) {
  *weights = *forms = 0;
  for (;;) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) return TARN_OK;
    *weights += f.number == FIELD_WEIGHT;
    *forms += f.number == FIELD_FORM;
  }
}

static tarn_status read_description(tarn_compiled *c, tarn_wire w) {
  size_t weights, forms;
  const char *kernels = "";
  bool has_meta = false;
  TARN_TRY(count(w, &weights, &forms));
  c->tarn = c->machine = "";
  c->weight = tarn__arena_array(c->arena, weights + 1, sizeof *c->weight);
  c->form = tarn__arena_array(c->arena, forms + 1, sizeof *c->form);
  if (!c->weight || !c->form) return TARN_NO_MEMORY;
  for (;;) {
    tarn_wire_field f;
    tarn_wire inner;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    switch (f.number) {
      case FIELD_TARN:
        TARN_TRY(read_name(c, &f, &c->tarn));
        break;
      case FIELD_KERNELS:
        TARN_TRY(read_name(c, &f, &kernels));
        break;
      case FIELD_MACHINE:
        TARN_TRY(read_name(c, &f, &c->machine));
        break;
      case FIELD_WEIGHT:
        TARN_TRY(tarn__wire_message(&f, "weight", &inner));
        TARN_TRY(read_weight(c, inner, &c->weight[c->weights++]));
        break;
      case FIELD_FORM:
        TARN_TRY(tarn__wire_message(&f, "form", &inner));
        TARN_TRY(read_form(c, inner, &c->form[c->forms++]));
        break;
      case FIELD_META:
        if (has_meta)
          return tarn_fail(TARN_CORRUPT, "offset %" PRIu64 ": a second MetaGraphDef", f.offset);
        has_meta = true;
        TARN_TRY(tarn__wire_message(&f, "MetaGraphDef", &c->meta));
        break;
    }
  }
  if (!has_meta) return tarn_fail(TARN_CORRUPT, "the file has no MetaGraphDef");
  c->usable = strcmp(kernels, tarn__kernels_fingerprint) == 0;
  uint64_t reached;
  size_t known;
  return tarn__proto_check(c->meta, &tarn__proto_meta_graph_def, false, &reached, &known);
}

static tarn_status read_file(tarn_compiled *c, const unsigned char *data, size_t size) {
  if (size < COMPILED_HEAD + COMPILED_FOOT)
    return tarn_fail(TARN_CORRUPT, "a compiled file of %zu bytes, expected at least %d", size,
                     COMPILED_HEAD + COMPILED_FOOT);
  const uint32_t version = tarn__le32(data + COMPILED_MAGIC_BYTES);
  if (version != COMPILED_VERSION)
    return tarn_fail(TARN_UNSUPPORTED,
                     "a compiled file of version %" PRIu32 ", expected %d: compile the model again",
                     version, COMPILED_VERSION);
  for (size_t i = COMPILED_MAGIC_BYTES + 4; i < COMPILED_HEAD; i++)
    if (data[i])
      return tarn_fail(TARN_CORRUPT, "offset %zu: byte 0x%02x, expected zero", i, data[i]);
  const unsigned char *foot = data + size - COMPILED_FOOT;
  if (memcmp(foot + 32, COMPILED_END, COMPILED_MAGIC_BYTES))
    return tarn_fail(TARN_CORRUPT,
                     "offset %zu: the file does not end as a compiled file does: it was cut",
                     size - 8);
  const uint32_t crc = tarn__crc32c(0, foot, 28);
  if (crc != tarn__le32(foot + 28))
    return tarn_fail(TARN_CORRUPT,
                     "offset %zu: the end has crc 0x%08" PRIx32 ", expected 0x%08" PRIx32,
                     size - COMPILED_FOOT, crc, tarn__le32(foot + 28));
  const uint64_t at = tarn__le64(foot), bytes = tarn__le64(foot + 8), all = tarn__le64(foot + 16);
  const uint64_t end = size - COMPILED_FOOT;
  if (all != size)
    return tarn_fail(TARN_CORRUPT, "the file has %zu bytes, expected %" PRIu64, size, all);
  if (at < COMPILED_HEAD || at > end || bytes != end - at)
    return tarn_fail(TARN_CORRUPT,
                     "a description of %" PRIu64 " bytes at offset %" PRIu64
                     ", expected it to end at %" PRIu64,
                     bytes, at, end);
  const uint32_t found = tarn__crc32c(0, data + at, (size_t)bytes);
  if (found != tarn__le32(foot + 24))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": the description has crc 0x%08" PRIx32
                     ", expected 0x%08" PRIx32,
                     at, found, tarn__le32(foot + 24));
  c->data_end = at;
  return read_description(c, tarn__wire(data + at, (size_t)bytes, at, "description"));
}

tarn_status tarn__compiled_open(const tarn_allocator *a, tarn_source *source,
                                tarn_compiled **compiled) {
  tarn_compiled *c = tarn__alloc_zero(a, sizeof *c);
  if (!c) return TARN_NO_MEMORY;
  tarn_status status;
  c->allocator = a;
  atomic_init(&c->references, 1);
  pthread_mutex_init(&c->lock, NULL);
  c->source = tarn__source_retain(source);
  TARN_GOTO(tarn__arena_create(a, &c->arena));
  TARN_GOTO(read_file(c, source->data, source->size));
  c->packed = (tarn_packed_source){.find = tarn__compiled_find,
                                   .check = tarn__compiled_check,
                                   .retain = tarn__compiled_retain,
                                   .release = tarn__compiled_release,
                                   .owner = c};
  TARN_GOTO(tarn__compiled_check_weights(c, !c->usable));
  source->beside = tarn__compiled_beside;
  source->beside_context = c;
done:
  if (status != TARN_OK)
    tarn__compiled_release(c);
  else
    *compiled = c;
  return status;
}

void *tarn__compiled_retain(void *compiled) {
  tarn_compiled *c = compiled;
  atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
  return c;
}

void tarn__compiled_release(void *compiled) {
  tarn_compiled *c = compiled;
  if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1) return;
  tarn__arena_destroy(c->arena);
  tarn__source_release(c->source);
  pthread_mutex_destroy(&c->lock);
  tarn__free(c->allocator, c, sizeof *c);
}

tarn_wire tarn__compiled_meta(const tarn_compiled *c) {
  return c->meta;
}
const tarn_packed_source *tarn__compiled_forms(const tarn_compiled *c) {
  return &c->packed;
}

tarn_compiled_facts tarn__compiled_facts(const tarn_compiled *c) {
  tarn_compiled_facts facts = {.tarn = c->tarn,
                               .machine = c->machine,
                               .usable = c->usable,
                               .weights = c->weights,
                               .forms = c->forms};
  for (size_t i = 0; i < c->weights; i++) facts.weight_bytes += c->weight[i].bytes;
  for (size_t i = 0; i < c->forms; i++) facts.form_bytes += c->form[i].bytes;
  return facts;
}
