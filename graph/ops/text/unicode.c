/* Characters in encodings: read into code points, written from them, and both. */
#include "core/bytes.h"
#include "graph/op.h"
#include "kernels/params/unicode.h"

/* Names are compared without case, '-', '_' and blanks. */
static const struct {
  const char *name;
  tarn_encoding encoding;
} encodings[] = {{"utf8", TARN_UTF8},        {"usascii", TARN_ASCII},    {"ascii", TARN_ASCII},
                 {"iso88591", TARN_LATIN1},  {"latin1", TARN_LATIN1},    {"utf16", TARN_UTF16},
                 {"utf16be", TARN_UTF16_BE}, {"utf16le", TARN_UTF16_LE}, {"utf32", TARN_UTF32},
                 {"utf32be", TARN_UTF32_BE}, {"utf32le", TARN_UTF32_LE}};

static tarn_status encoding_of(const tarn_attrs *attrs, const char *attr, tarn_encoding *encoding) {
  const tarn_string given = tarn__attr_string(attrs, attr);
  char name[16], shown[100];
  size_t n = 0;
  for (size_t i = 0; i < given.size && n < sizeof name - 1; i++) {
    const char c = given.data[i];
    if (c != '-' && c != '_' && c != ' ') name[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
  }
  name[n] = 0;
  for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
    if (strcmp(name, encodings[i].name) == 0) {
      *encoding = encodings[i].encoding;
      return TARN_OK;
    }
  return tarn_fail(TARN_INVALID,
                   "Could not create converter for input encoding: %s; there are UTF-8, UTF-16, "
                   "UTF-32 with -BE and -LE, "
                   "US-ASCII and ISO-8859-1",
                   tarn__printable(given.size ? given.data : "", given.size, shown, sizeof shown));
}

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_unicode_params *p = params;
  const int64_t replacement = tarn__attr_int(attrs, "replacement_char");
  if (replacement < 0 || replacement > 0x10ffff)
    return tarn_fail(TARN_INVALID, "replacement_char out of unicode codepoint range: %lld",
                     (long long)replacement);
  p->replacement = (uint32_t)replacement;
  p->errors = tarn__attr_is(attrs, "errors", "strict")   ? TARN_ERRORS_STRICT
              : tarn__attr_is(attrs, "errors", "ignore") ? TARN_ERRORS_IGNORE
                                                         : TARN_ERRORS_REPLACE;
  p->replace_controls = tarn__attr_find(attrs, "replace_control_characters") &&
                        tarn__attr_bool(attrs, "replace_control_characters");
  if (tarn__attr_find(attrs, "input_encoding"))
    TARN_TRY(encoding_of(attrs, "input_encoding", &p->from));
  return tarn__attr_find(attrs, "output_encoding") ? encoding_of(attrs, "output_encoding", &p->to)
                                                   : TARN_OK;
}

/* The characters are counted by the kernel. */
static tarn_status decode_infer(tarn_infer *t) {
  t->out[0] = tarn__shape_vector(tarn__shape_elements(&t->in[0]) + 1);
  return TARN_OK;
}

static tarn_status encode_infer(tarn_infer *t) {
  TARN_TRY(tarn__infer_vector(t, 0));
  TARN_TRY(tarn__infer_vector(t, 1));
  if (t->in[1].dim[0] == 0) return tarn_fail(TARN_SHAPE, "Input_splits should contain elements");
  t->out[0] = tarn__shape_vector(t->in[1].dim[0] - 1);
  return TARN_OK;
}

#define UNICODE .params_bytes = sizeof(tarn_unicode_params), .parse = parse
#define ERRORS "errors: {'strict', 'replace', 'ignore'} = 'replace'; replacement_char: int = 65533"
#define CONTROLS "; replace_control_characters: bool = false"
#define WRITTEN "output_encoding: {'UTF-8', 'UTF-16-BE', 'UTF-32-BE'}; "
#define SPLITS "; Tsplits: {int32, int64} = DT_INT64"

const tarn_op tarn_ops_unicode[] = {
    {.name = "UnicodeDecode",
     .inputs = "input: string",
     .outputs = "row_splits: Tsplits, char_values: int32",
     .attrs = "input_encoding: string; " ERRORS CONTROLS SPLITS,
     UNICODE,
     .infer = decode_infer,
     .formula = "the code points of each string, as a ragged tensor",
     .cases = {"input=str[3] input_encoding=UTF-8",
               "input=str[2x2] input_encoding=UTF-16LE errors=ignore",
               "input=str[0] input_encoding=latin1"}},
    {.name = "UnicodeDecodeWithOffsets",
     .inputs = "input: string",
     .outputs = "row_splits: Tsplits, char_values: int32, char_to_byte_starts: int64",
     .attrs = "input_encoding: string; " ERRORS CONTROLS SPLITS,
     UNICODE,
     .infer = decode_infer,
     .formula = "the code points of each string and the byte where each starts, as a ragged tensor",
     .cases = {"input=str[3] input_encoding=UTF-8"}},
    {.name = "UnicodeEncode",
     .inputs = "input_values: int32, input_splits: Tsplits",
     .outputs = "output: string",
     .attrs = WRITTEN ERRORS SPLITS,
     UNICODE,
     .infer = encode_infer,
     .formula = "strings of code points",
     .cases =
         {"input_values=i32{97,8364,128512,98} input_splits=i64{0,1,1,4} output_encoding=UTF-8",
          "input_values=i32{97,8364,128512,-1} input_splits=i32{0,4} output_encoding=UTF-16-BE"}},
    {.name = "UnicodeTranscode",
     .inputs = "input: string",
     .outputs = "output: string",
     .attrs = "input_encoding: string; " WRITTEN ERRORS CONTROLS,
     UNICODE,
     .formula = "strings in another encoding",
     .cases = {"input=str[3] input_encoding=UTF-8 output_encoding=UTF-32-BE"}},
    {.name = "UnicodeScript",
     .inputs = "input: int32",
     .outputs = "output: int32",
     .formula = "the script of each code point, as ICU numbers them; -1 for no code point",
     .cases = {"input=i32{-1,0,97,945,1072,20013,128512,1114111,1114112}", "input=i32[0x2]"}},
    {0},
};
