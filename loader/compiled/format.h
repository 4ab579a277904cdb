/* The bytes of a compiled file: see README.md. */
#ifndef TARN_LOADER_COMPILED_FORMAT_H
#define TARN_LOADER_COMPILED_FORMAT_H

/* Not text, not protobuf, and broken by whatever changes line ends. */
#define COMPILED_MAGIC "\x89TARN\r\n\x1a"
#define COMPILED_END "\x1a\n\rNRAT\x89"

enum {
  COMPILED_VERSION = 1,
  COMPILED_MAGIC_BYTES = 8,
  COMPILED_HEAD = 4096, /* magic, version (le32), zeros */
  COMPILED_ALIGN = 64,  /* of a weight */
  COMPILED_PAGE = 4096, /* of a packed form */
  /* le64 offset and le64 size of the description, le64 size of the file, le32 crc of the
   * description, le32 crc of the 28 bytes before, magic */
  COMPILED_FOOT = 40
};

/* Fields of the description, a protobuf message. */
enum {
  FIELD_TARN = 1,    /* string: version of tarn */
  FIELD_KERNELS = 2, /* string: what the kernels were built from; forms are for these alone */
  FIELD_MACHINE = 3, /* string: the processor, for people */
  FIELD_WEIGHT = 4,  /* repeated message, numbered from 0 */
  FIELD_FORM = 5,    /* repeated message */
  FIELD_META = 6     /* MetaGraphDef, whose large constants lie beside it */
};
enum {
  WEIGHT_VARIABLE = 1,
  WEIGHT_DTYPE,
  WEIGHT_SHAPE,
  WEIGHT_OFFSET,
  WEIGHT_CONTENTS,
  WEIGHT_CRC,
  WEIGHT_PACKED
};
enum { FORM_KERNEL = 1, FORM_KEY, FORM_BYTES, FORM_CONTENTS, FORM_OFFSET, FORM_CRC };

#endif
