/* Telling GraphDef, MetaGraphDef and SavedModel apart: see kind.h.
 *
 * A binary file says nowhere what it is, but the three messages use their first field numbers for
 * such different things that a walk of the whole file by each schema leaves one that fits. */
#include "loader/model/kind.h"

#include "core/foreign.h"
#include "loader/graphdef/pbtxt.h"

enum { KINDS = 3 };

static bool ends_with(const char *path, const char *suffix) {
  size_t n = strlen(path), m = strlen(suffix);
  return n >= m && strcmp(path + n - m, suffix) == 0;
}

/* The candidates, the one that the name speaks for first. */
static void order(const char *path, const tarn_proto_message *kinds[KINDS]) {
  bool meta = ends_with(path, ".meta"), saved = ends_with(path, "saved_model.pb");
  kinds[0] = meta    ? &tarn__proto_meta_graph_def
             : saved ? &tarn__proto_saved_model
                     : &tarn__proto_graph_def;
  kinds[1] = meta || saved ? &tarn__proto_graph_def : &tarn__proto_meta_graph_def;
  kinds[2] = saved ? &tarn__proto_meta_graph_def : &tarn__proto_saved_model;
}

static tarn_status binary_kind(const char *path, const tarn_source *source,
                               const tarn_proto_message **kind) {
  const tarn_proto_message *kinds[KINDS];
  order(path, kinds);
  tarn_wire wires[KINDS];
  for (int i = 0; i < KINDS; i++)
    wires[i] = tarn__wire(source->data, source->size, 0, kinds[i]->name);
  uint64_t reached, furthest = 0;
  size_t known;
  int best = 0;
  for (int i = 0; i < KINDS; i++) {
    if (tarn__proto_check(wires[i], kinds[i], true, &reached, &known) == TARN_OK && known > 0) {
      *kind = kinds[i];
      return TARN_OK;
    }
    if (reached > furthest) {
      furthest = reached;
      best = i;
    }
  }
  /* None fits to the letter. A newer writer may have added fields; but then one kind fits but for
   * those. */
  for (int i = 0; i < KINDS; i++) {
    if (tarn__proto_check(wires[i], kinds[i], false, &reached, &known) == TARN_OK && known > 0) {
      *kind = kinds[i];
      return TARN_OK;
    }
  }
  TARN_TRY_IN(tarn__proto_check(wires[best], kinds[best], false, &reached, &known),
              "reading a file that looks most like a %s", kinds[best]->name);
  return tarn_fail(TARN_CORRUPT,
                   "the file has no field of a GraphDef, a MetaGraphDef or a SavedModel");
}

/* Whether the start of a file could be protobuf text: only printable characters and blanks, and a
 * field's name first. */
static bool looks_like_text(const tarn_source *source) {
  size_t n = source->size < 512 ? source->size : 512;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = source->data[i];
    if (c == 0x7f || (c < ' ' && c != '\n' && c != '\r' && c != '\t')) return false;
  }
  return tarn__pbtxt_kind((const char *)source->data, source->size) != NULL;
}

static tarn_status from_text(tarn_source **source, const tarn_proto_message **kind,
                             bool *text_form) {
  const char *text = (const char *)(*source)->data;
  size_t size = (*source)->size;
  const tarn_allocator *a = (*source)->allocator;
  const tarn_proto_message *k = tarn__pbtxt_kind(text, size);
  tarn_bytes wire;
  tarn__bytes_init(&wire, a);
  /* With no kind, the reading itself says what is wrong at the first word. */
  tarn_status status = tarn__pbtxt_to_wire(text, size, k ? k : &tarn__proto_graph_def, &wire);
  if (status == TARN_OK && wire.size == 0)
    status = tarn_fail(TARN_CORRUPT, "the text has no fields");
  if (status != TARN_OK) {
    tarn__bytes_clear(&wire);
    return status;
  }
  tarn_source *binary;
  TARN_TRY(tarn__source_take(a, &wire, &binary));
  tarn__source_release(*source);
  *source = binary;
  *text_form = true;   /* from here on, offsets are those of the binary form */
  *kind = k;
  uint64_t reached;
  size_t known;
  TARN_TRY_IN(tarn__proto_check(tarn__wire(binary->data, binary->size, 0, k->name), k, false,
                                &reached, &known),
              "reading the binary form of the text");
  return TARN_OK;
}

tarn_status tarn__model_kind(const char *path, tarn_source **source,
                             const tarn_proto_message **kind, bool *text) {
  *text = false;
  if ((*source)->size == 0) return tarn_fail(TARN_CORRUPT, "the file is empty, expected a graph");
  const bool named = ends_with(path, ".pbtxt") || ends_with(path, ".txt");
  tarn_status status = named ? TARN_CORRUPT : binary_kind(path, *source, kind);
  if (status == TARN_CORRUPT && (named || looks_like_text(*source)))
    status = from_text(source, kind, text);
  return tarn__foreign_refuse(status, (*source)->data, (*source)->size,
                              "a GraphDef, a MetaGraphDef or a SavedModel");
}
