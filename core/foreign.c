#include "core/foreign.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

typedef struct sign {
  size_t at;
  const char *bytes;
  size_t count;
  const char *kind;
} sign;

#define SIGN(AT, TEXT, KIND) {AT, TEXT, sizeof(TEXT) - 1, KIND}

static const sign signs[] = {
    SIGN(0, "version https://git-lfs.github.com/spec/",
         "a Git LFS pointer that stands for the file ('git lfs pull' fetches it)"),
    SIGN(0, "\x89HDF\r\n\x1a\n",
         "HDF5, as Keras's .h5 are (TensorFlow can write a SavedModel of the model in it)"),
    SIGN(4, "TFL3", "a TensorFlow Lite model (what is needed is what it was converted from)"),
    SIGN(0, "PK\x03\x04",
         "a ZIP archive, as .keras, .npz, PyTorch's files and packed SavedModels are (unpack "
         "the last of these)"),
    SIGN(0, "\x1f\x8b", "compressed by gzip (unpack it first)"),
    SIGN(0, "BZh", "compressed by bzip2 (unpack it first)"),
    SIGN(0, "\xfd" "7zXZ", "compressed by xz (unpack it first)"),
    SIGN(257, "ustar", "a tar archive (unpack it first)"),
    SIGN(0, "\x80\x02", "a Python pickle, as PyTorch's old files are"),
    SIGN(0, "\x80\x03", "a Python pickle"),
    SIGN(0, "\x80\x04", "a Python pickle"),
    SIGN(0, "\x80\x05", "a Python pickle"),
    SIGN(0, "\x93NUMPY", "an array of NumPy (.npy)"),
};

/* Where the next that is not blank is. */
static size_t past_blanks(const unsigned char *data, size_t bytes, size_t at) {
  while (at < bytes && memchr(" \t\r\n", data[at], 4)) at++;
  return at;
}

static bool is_page(const unsigned char *data, size_t bytes) {
  const size_t at = past_blanks(data, bytes, 0), left = bytes - at;
  const char *text = (const char *)data + at;
  return (left >= 9 && strncasecmp(text, "<!doctype", 9) == 0) ||
         (left >= 5 && strncasecmp(text, "<html", 5) == 0);
}

/* An object with a first key. */
static bool is_json(const unsigned char *data, size_t bytes) {
  const size_t at = past_blanks(data, bytes, 0);
  if (at == bytes || data[at] != '{') return false;
  const size_t key = past_blanks(data, bytes, at + 1);
  return key < bytes && data[key] == '"';
}

/* ModelProto of ONNX: ir_version, then a short producer_name, which a SavedModel's second field
 * (a MetaGraphDef) is never. */
static bool is_onnx(const unsigned char *data, size_t bytes) {
  if (bytes < 8 || data[0] != 0x08 || data[1] == 0 || data[1] > 31 || data[2] != 0x12) return false;
  if (data[3] == 0 || data[3] > 64 || bytes < 4u + data[3]) return false;
  for (size_t i = 0; i < data[3]; i++)
    if (data[4 + i] < ' ' || data[4 + i] > '~') return false;
  return true;
}

const char *tarn__foreign_kind(const unsigned char *data, size_t bytes) {
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    const sign *s = &signs[i];
    if (bytes >= s->at + s->count && memcmp(data + s->at, s->bytes, s->count) == 0) return s->kind;
  }
  if (is_page(data, bytes)) return "a web page, not what its address was to give";
  if (is_json(data, bytes)) return "JSON, as TensorFlow.js's model.json is";
  if (is_onnx(data, bytes)) return "an ONNX model (what is needed is what it was converted from)";
  return NULL;
}

tarn_status tarn__foreign_refuse(tarn_status status, const unsigned char *data, size_t bytes,
                                 const char *expected) {
  if (status != TARN_CORRUPT) return status;
  const char *kind = tarn__foreign_kind(data, bytes);
  return kind ? tarn_fail(TARN_CORRUPT, "the file is %s, expected %s", kind, expected) : status;
}
