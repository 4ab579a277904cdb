/* Facts about element types, and the half conversions. */
#include "core/tensor/dtype.h"

/* What TARN_DTYPE_MAP does not say. X(dtype, numpy's name, short name, name after DT_). */
#define SPELLING_MAP(X)                            \
  X(TARN_F32, "float32", "f32", "FLOAT")           \
  X(TARN_F64, "float64", "f64", "DOUBLE")          \
  X(TARN_I32, "int32", "i32", "INT32")             \
  X(TARN_U8, "uint8", "u8", "UINT8")               \
  X(TARN_I16, "int16", "i16", "INT16")             \
  X(TARN_I8, "int8", "i8", "INT8")                 \
  X(TARN_STRING, "object", "str", "STRING")        \
  X(TARN_C64, "complex64", "c64", "COMPLEX64")     \
  X(TARN_I64, "int64", "i64", "INT64")             \
  X(TARN_BOOL, "bool", "bool", "BOOL")             \
  X(TARN_QI8, "qint8", "qi8", "QINT8")             \
  X(TARN_QU8, "quint8", "qu8", "QUINT8")           \
  X(TARN_QI32, "qint32", "qi32", "QINT32")         \
  X(TARN_BF16, "bfloat16", "bf16", "BFLOAT16")     \
  X(TARN_QI16, "qint16", "qi16", "QINT16")         \
  X(TARN_QU16, "quint16", "qu16", "QUINT16")       \
  X(TARN_U16, "uint16", "u16", "UINT16")           \
  X(TARN_C128, "complex128", "c128", "COMPLEX128") \
  X(TARN_F16, "float16", "f16", "HALF")            \
  X(TARN_RESOURCE, "resource", "res", "RESOURCE")  \
  X(TARN_VARIANT, "variant", "var", "VARIANT")     \
  X(TARN_U32, "uint32", "u32", "UINT32")           \
  X(TARN_U64, "uint64", "u64", "UINT64")

#define NUMBERS 24 /* one more than the largest of TensorFlow's numbers that we know */

typedef struct spelling {
  const char *numpy, *brief, *proto;
} spelling;

static const spelling spellings[NUMBERS] = {
#define X(dtype, numpy_, brief_, proto_) \
  [dtype] = {.numpy = numpy_, .brief = brief_, .proto = proto_},
    SPELLING_MAP(X)
#undef X
};

static const struct {
  const char *name;
  size_t bytes;
} facts[NUMBERS] = {
#define X(dtype, number, bytes_, text) [number] = {.name = text, .bytes = bytes_},
    TARN_DTYPE_MAP(X)
#undef X
};

static bool known(int64_t number) {
  return number > 0 && number < NUMBERS && facts[number].name;
}

const char *tarn_dtype_name(tarn_dtype dtype) {
  return known((int64_t)dtype) ? facts[dtype].name : "?";
}

size_t tarn_dtype_bytes(tarn_dtype dtype) {
  return known((int64_t)dtype) ? facts[dtype].bytes : 0;
}

const char *tarn__dtype_numpy(tarn_dtype dtype) {
  return known((int64_t)dtype) ? spellings[dtype].numpy : "?";
}

const char *tarn__dtype_short(tarn_dtype dtype) {
  return known((int64_t)dtype) ? spellings[dtype].brief : "?";
}

tarn_dtype tarn__dtype_from_number(int64_t number, bool *is_ref) {
  bool ref = number > 100;
  if (ref) number -= 100;
  if (!known(number)) return TARN_NO_DTYPE;
  if (is_ref) *is_ref = ref;
  return (tarn_dtype)number;
}

static bool same(const char *name, size_t bytes, const char *text) {
  return strlen(text) == bytes && memcmp(name, text, bytes) == 0;
}

tarn_dtype tarn__dtype_from_name(const char *name, size_t bytes) {
  bool proto = bytes > 3 && memcmp(name, "DT_", 3) == 0;
  for (int i = 1; i < NUMBERS; i++) {
    if (!known(i)) continue;
    if (proto ? same(name + 3, bytes - 3, spellings[i].proto)
              : same(name, bytes, facts[i].name) || same(name, bytes, spellings[i].numpy) ||
                    same(name, bytes, spellings[i].brief))
      return (tarn_dtype)i;
  }
  return TARN_NO_DTYPE;
}
