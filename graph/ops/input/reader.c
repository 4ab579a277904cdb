/* Readers: names of files from a queue, records out. V1 names have a Ref(string) handle, V2 names a
 * resource. */
#include "graph/op.h"
#include "kernels/params/input.h"

static tarn_status compression(const tarn_attrs *attrs, const char *name, tarn_reader_params *p) {
  const tarn_string text = tarn__attr_string(attrs, name);
  return tarn__compression_of(&text, &p->compression);
}

static tarn_status make(const tarn_attrs *attrs, tarn_reader_params *p, tarn_reader_kind kind) {
  p->shared_name = tarn__attr_string(attrs, "shared_name");
  p->kind = kind;
  return TARN_OK;
}

static tarn_status tfrecord_parse(const tarn_attrs *attrs, void *params) {
  TARN_TRY(compression(attrs, "compression_type", params));
  return make(attrs, params, TARN_READER_TFRECORD);
}

static tarn_status text_parse(const tarn_attrs *attrs, void *params) {
  tarn_reader_params *p = params;
  p->skip_lines = tarn__attr_int(attrs, "skip_header_lines");
  return make(attrs, p, TARN_READER_TEXT);
}

static tarn_status fixed_parse(const tarn_attrs *attrs, void *params) {
  tarn_reader_params *p = params;
  p->header_bytes = tarn__attr_int(attrs, "header_bytes");
  p->record_bytes = tarn__attr_int(attrs, "record_bytes");
  p->footer_bytes = tarn__attr_int(attrs, "footer_bytes");
  p->hop_bytes = tarn__attr_int(attrs, "hop_bytes");
  if (p->header_bytes < 0 || p->record_bytes <= 0 || p->footer_bytes < 0 || p->hop_bytes < 0)
    return tarn_fail(
        TARN_INVALID,
        "record_bytes must be positive, and header, footer and hop bytes not negative");
  if (tarn__attr_find(attrs, "encoding")) TARN_TRY(compression(attrs, "encoding", p));
  return make(attrs, p, TARN_READER_FIXED);
}

static tarn_status whole_parse(const tarn_attrs *attrs, void *params) {
  return make(attrs, params, TARN_READER_WHOLE);
}
static tarn_status identity_parse(const tarn_attrs *attrs, void *params) {
  return make(attrs, params, TARN_READER_IDENTITY);
}

static tarn_status up_to_infer(tarn_infer *t) { return tarn__infer_scalar(t, 2); }

static tarn_status state_infer(tarn_infer *t) { return tarn__infer_scalar(t, 1); }

#define MAKE(kind)                                                                              \
  .flags = TARN_OP_STATEFUL, .params_bytes = sizeof(tarn_reader_params), .parse = kind##_parse, \
  .infer = tarn__infer_scalars
#define NAMES "container: string = ''; shared_name: string = ''"
#define FIXED \
  "header_bytes: int = 0; record_bytes: int; footer_bytes: int = 0; hop_bytes: int = 0; " NAMES
#define COUNT .flags = TARN_OP_STATEFUL, .infer = tarn__infer_scalars

#define READER_OPS(V, HANDLE)                                                               \
  {.name = "TFRecordReader" V,                                                              \
   .outputs = "reader_handle: " HANDLE,                                                     \
   .attrs = NAMES "; compression_type: string = ''",                                        \
   MAKE(tfrecord),                                                                          \
   .formula = "reads TFRecord files; checksums are verified"},                              \
      {.name = "TextLineReader" V,                                                          \
       .outputs = "reader_handle: " HANDLE,                                                 \
       .attrs = "skip_header_lines: int = 0; " NAMES,                                       \
       MAKE(text),                                                                          \
       .formula = "reads text by line"},                                                    \
      {.name = "WholeFileReader" V,                                                         \
       .outputs = "reader_handle: " HANDLE,                                                 \
       .attrs = NAMES,                                                                      \
       MAKE(whole),                                                                         \
       .formula = "reads each file as one record"},                                         \
      {.name = "IdentityReader" V,                                                          \
       .outputs = "reader_handle: " HANDLE,                                                 \
       .attrs = NAMES,                                                                      \
       MAKE(identity),                                                                      \
       .formula = "gives the queued strings themselves"},                                   \
      {.name = "ReaderRead" V,                                                              \
       .inputs = "reader_handle: " HANDLE ", queue_handle: " HANDLE,                        \
       .outputs = "key: string, value: string",                                             \
       COUNT,                                                                               \
       .formula = "the next record, and where it was"},                                     \
      {.name = "ReaderReadUpTo" V,                                                          \
       .inputs = "reader_handle: " HANDLE ", queue_handle: " HANDLE ", num_records: int64", \
       .outputs = "keys: string, values: string",                                           \
       .flags = TARN_OP_STATEFUL,                                                           \
       .infer = up_to_infer,                                                                \
       .formula = "up to num_records records of one file"},                                 \
      {.name = "ReaderNumRecordsProduced" V,                                                \
       .inputs = "reader_handle: " HANDLE,                                                  \
       .outputs = "records_produced: int64",                                                \
       COUNT,                                                                               \
       .formula = "how many records there were"},                                           \
      {.name = "ReaderNumWorkUnitsCompleted" V,                                             \
       .inputs = "reader_handle: " HANDLE,                                                  \
       .outputs = "units_completed: int64",                                                 \
       COUNT,                                                                               \
       .formula = "how many files were read to their end"},                                 \
      {.name = "ReaderSerializeState" V,                                                    \
       .inputs = "reader_handle: " HANDLE,                                                  \
       .outputs = "state: string",                                                          \
       COUNT,                                                                               \
       .formula = "where a reader of whole files or names is"},                             \
      {.name = "ReaderRestoreState" V,                                                      \
       .inputs = "reader_handle: " HANDLE ", state: string",                                \
       .flags = TARN_OP_STATEFUL,                                                           \
       .infer = state_infer,                                                                \
       .formula = "goes on where another reader was"},                                      \
  {                                                                                         \
    .name = "ReaderReset" V, .inputs = "reader_handle: " HANDLE, .flags = TARN_OP_STATEFUL, \
    .formula = "begins anew"                                                                \
  }

const tarn_op tarn_ops_reader[] = {
    READER_OPS("V2", "resource"),
    READER_OPS("", "Ref(string)"),
    {.name = "FixedLengthRecordReaderV2",
     .outputs = "reader_handle: resource",
     .attrs = FIXED "; encoding: string = ''",
     MAKE(fixed),
     .formula = "reads records of one length"},
    {.name = "FixedLengthRecordReader",
     .outputs = "reader_handle: Ref(string)",
     .attrs = FIXED,
     MAKE(fixed),
     .formula = "reads records of one length"},
    {0},
};
