/* The format's names of element types. */
#ifndef TARN_LOADER_SAFETENSORS_DTYPES_H
#define TARN_LOADER_SAFETENSORS_DTYPES_H

#include <string.h>

#include "core/tensor/dtype.h"

typedef struct safetensors_dtype {
  const char *name;
  tarn_dtype dtype;
} safetensors_dtype;

/* A dtype's first row is what is written for it; the quantised ones are written as their integers
 * and never read. */
static const safetensors_dtype safetensors_dtypes[] = {
    {"BOOL", TARN_BOOL}, {"U8", TARN_U8},    {"I8", TARN_I8},     {"I16", TARN_I16},
    {"U16", TARN_U16},   {"F16", TARN_F16},  {"BF16", TARN_BF16}, {"I32", TARN_I32},
    {"U32", TARN_U32},   {"F32", TARN_F32},  {"F64", TARN_F64},   {"I64", TARN_I64},
    {"U64", TARN_U64},   {"C64", TARN_C64},  {"I8", TARN_QI8},    {"U8", TARN_QU8},
    {"I16", TARN_QI16},  {"U16", TARN_QU16}, {"I32", TARN_QI32},
};

#endif
