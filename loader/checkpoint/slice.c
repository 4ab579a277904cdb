/* Shapes and boxes of checkpoints as messages, keys and text: see slice.h. */
#include "loader/checkpoint/slice.h"

#include <inttypes.h>

/* ---- messages -------------------------------------------------------------------------------- */

static tarn_status dim_read(const tarn_wire_field *f, int64_t *size) {
  tarn_wire w;
  tarn_wire_field d;
  *size = 0; /* proto3 leaves zeros out */
  TARN_TRY(tarn__wire_message(f, "TensorShapeProto.Dim", &w));
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &d));
    if (d.number == 0) return TARN_OK;
    if (d.number == 1) TARN_TRY(tarn__wire_int64(&d, size));
  }
}

tarn_status tarn__shape_read(const tarn_wire_field *f, tarn_shape *shape) {
  tarn_wire w;
  tarn_wire_field d;
  bool unknown = false;
  int64_t dims[TARN_MAX_RANK];
  int rank = 0;
  TARN_TRY(tarn__wire_message(f, "TensorShapeProto", &w));
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &d));
    if (d.number == 0) break;
    if (d.number == 3) TARN_TRY(tarn__wire_bool(&d, &unknown));
    if (d.number != 2) continue;
    if (rank == TARN_MAX_RANK)
      return tarn_fail(TARN_LIMIT, "offset %" PRIu64 ": a tensor of more than %d dims", d.offset,
                       TARN_MAX_RANK);
    TARN_TRY(dim_read(&d, &dims[rank]));
    if (dims[rank] < 0)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": dim %d is %" PRId64 ", expected 0 or more", d.offset,
                       rank, dims[rank]);
    rank++;
  }
  if (unknown)
    return tarn_fail(
        TARN_CORRUPT,
        "offset %" PRIu64 ": a shape of unknown rank, expected that of a stored tensor", f->offset);
  tarn_status status = tarn__shape_make(rank, dims, shape);
  if (status == TARN_NO_MEMORY || status == TARN_OK) return status;
  return tarn_fail(TARN_CORRUPT,
                   "offset %" PRIu64 ": the dims of a shape multiply to more than 2^63", f->offset);
}

tarn_status tarn__shape_add(tarn_bytes *b, uint32_t field, const tarn_shape *shape) {
  size_t mark, dim;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  for (int i = 0; i < shape->rank; i++) {
    TARN_TRY(tarn__wire_begin(b, 2, &dim));
    if (shape->dim[i] != 0) TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)shape->dim[i]));
    TARN_TRY(tarn__wire_end(b, dim));
  }
  return tarn__wire_end(b, mark);
}

static tarn_status extent_read(const tarn_wire_field *f, int64_t *start, int64_t *length) {
  tarn_wire w;
  tarn_wire_field e;
  *start = 0;
  *length = -1;
  TARN_TRY(tarn__wire_message(f, "TensorSliceProto.Extent", &w));
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &e));
    if (e.number == 0) break;
    if (e.number == 1) TARN_TRY(tarn__wire_int64(&e, start));
    if (e.number != 2) continue;
    TARN_TRY(tarn__wire_int64(&e, length));
    if (*length < 0)
      return tarn_fail(TARN_CORRUPT,
                       "offset %" PRIu64 ": a slice of length %" PRId64 ", expected 0 or more",
                       e.offset, *length);
  }
  if (*start < 0 || (*length < 0 && *start != 0))
    return tarn_fail(TARN_CORRUPT,
                     "offset %" PRIu64 ": a slice starts at %" PRId64 ", expected 0%s", f->offset,
                     *start, *length < 0 ? " for a whole dimension" : " or more");
  return TARN_OK;
}

tarn_status tarn__slice_read(const tarn_wire_field *f, tarn_slice *slice) {
  tarn_wire w;
  tarn_wire_field e;
  *slice = (tarn_slice){0};
  TARN_TRY(tarn__wire_message(f, "TensorSliceProto", &w));
  for (;;) {
    TARN_TRY(tarn__wire_next(&w, &e));
    if (e.number == 0) return TARN_OK;
    if (e.number != 1) continue;
    if (slice->rank == TARN_MAX_RANK)
      return tarn_fail(TARN_LIMIT, "offset %" PRIu64 ": a slice of more than %d dims", e.offset,
                       TARN_MAX_RANK);
    TARN_TRY(extent_read(&e, &slice->start[slice->rank], &slice->length[slice->rank]));
    slice->rank++;
  }
}

tarn_status tarn__slice_add(tarn_bytes *b, uint32_t field, const tarn_slice *slice) {
  size_t mark, extent;
  TARN_TRY(tarn__wire_begin(b, field, &mark));
  for (int i = 0; i < slice->rank; i++) {
    TARN_TRY(tarn__wire_begin(b, 1, &extent));
    if (slice->start[i] != 0) TARN_TRY(tarn__wire_add_int(b, 1, (uint64_t)slice->start[i]));
    if (slice->length[i] >= 0) TARN_TRY(tarn__wire_add_int(b, 2, (uint64_t)slice->length[i]));
    TARN_TRY(tarn__wire_end(b, extent));
  }
  return tarn__wire_end(b, mark);
}

/* ---- boxes ----------------------------------------------------------------------------------- */

tarn_slice tarn__slice_whole(int rank) {
  tarn_slice s = {.rank = rank};
  for (int i = 0; i < rank; i++) s.length[i] = -1;
  return s;
}

tarn_status tarn__slice_resolve(const tarn_slice *slice, const tarn_shape *shape, tarn_slice *box) {
  if (slice->rank != shape->rank)
    return tarn_fail(TARN_CORRUPT, "a slice of %d dims of a tensor of %d", slice->rank,
                     shape->rank);
  *box = *slice;
  for (int i = 0; i < shape->rank; i++) {
    if (box->length[i] < 0) box->length[i] = shape->dim[i];
    if (box->start[i] < 0 || box->start[i] > shape->dim[i] ||
        box->length[i] > shape->dim[i] - box->start[i])
      return tarn_fail(TARN_CORRUPT,
                       "a slice [%" PRId64 ", +%" PRId64 ") leaves dim %d of length %" PRId64,
                       box->start[i], box->length[i], i, shape->dim[i]);
  }
  return TARN_OK;
}

int64_t tarn__slice_elements(const tarn_slice *box) {
  int64_t n = 1; /* no overflow: a box lies inside a shape whose product was checked */
  for (int i = 0; i < box->rank; i++) n *= box->length[i];
  return n;
}

bool tarn__slice_intersect(const tarn_slice *a, const tarn_slice *b, tarn_slice *both) {
  both->rank = a->rank;
  for (int i = 0; i < a->rank; i++) {
    int64_t a_end = a->start[i] + a->length[i], b_end = b->start[i] + b->length[i];
    int64_t start = a->start[i] > b->start[i] ? a->start[i] : b->start[i];
    int64_t end = a_end < b_end ? a_end : b_end;
    if (start >= end) return false;
    both->start[i] = start;
    both->length[i] = end - start;
  }
  return true;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* An unsigned number: how many bytes, then those bytes, high one first. 0 has none. */
static tarn_status key_number(tarn_bytes *key, uint64_t v) {
  unsigned char p[9];
  int n = 0;
  while (n < 8 && v >> 8 * n != 0) n++;
  p[0] = (unsigned char)n;
  for (int i = 0; i < n; i++) p[1 + i] = (unsigned char)(v >> 8 * (n - 1 - i));
  return tarn__bytes_add(key, p, (size_t)n + 1);
}

/* Bytes with 00 as 00 ff and ff as ff 00, ended by 00 01, so that no string is the beginning of
 * another. */
static tarn_status key_text(tarn_bytes *key, const char *text, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    unsigned char c = (unsigned char)text[i];
    unsigned char escape[2] = {c, (unsigned char)(c == 0 ? 0xff : 0)};
    TARN_TRY(tarn__bytes_add(key, escape, c == 0 || c == 0xff ? 2 : 1));
  }
  return tarn__bytes_add(key, "\0\1", 2);
}

/* A signed number in n bytes, n the least for which it lies in -2^(7n-1) .. 2^(7n-1) - 1: two's
 * complement, high byte first, with the sign bit flipped and n - 1 further header bits behind it
 * flipped too, so that more bytes sort further from zero. */
static tarn_status key_signed(tarn_bytes *key, int64_t v) {
  static const unsigned char header[11][2] = {{0, 0},    {0x80, 0},    {0xc0, 0},   {0xe0, 0},
                                              {0xf0, 0}, {0xf8, 0},    {0xfc, 0},   {0xfe, 0},
                                              {0xff, 0}, {0xff, 0x80}, {0xff, 0xc0}};
  uint64_t magnitude = (uint64_t)(v < 0 ? ~v : v);
  int n = 1;
  while (n < 10 && magnitude >> (7 * n - 1) != 0) n++;
  unsigned char p[10];
  for (int i = 0; i < n; i++) {
    int shift = 8 * (n - 1 - i);
    uint64_t high = shift >= 64 ? (v < 0 ? UINT64_MAX : 0) : (uint64_t)v >> shift;
    p[i] = (unsigned char)high;
  }
  p[0] = (unsigned char)(p[0] ^ header[n][0]);
  if (n > 1) p[1] = (unsigned char)(p[1] ^ header[n][1]);
  return tarn__bytes_add(key, p, (size_t)n);
}

tarn_status tarn__slice_key(tarn_bytes *key, const char *name, size_t name_bytes,
                            const tarn_slice *slice) {
  TARN_TRY(key_number(key, 0));
  TARN_TRY(key_text(key, name, name_bytes));
  TARN_TRY(key_number(key, (uint64_t)slice->rank));
  for (int i = 0; i < slice->rank; i++) {
    TARN_TRY(key_signed(key, slice->start[i]));
    TARN_TRY(key_signed(key, slice->length[i]));
  }
  return TARN_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Digits at *at; false when there are none or they pass 2^63. */
static bool digits(const char **at, const char *end, int64_t *value) {
  const char *start = *at;
  *value = 0;
  while (*at < end && **at >= '0' && **at <= '9') {
    if (tarn__mul_overflow(*value, (int64_t)10, value) ||
        tarn__add_overflow(*value, (int64_t)(**at - '0'), value))
      return false;
    ++*at;
  }
  return *at > start;
}

tarn_status tarn__slice_spec(const char *text, size_t bytes, bool *any, tarn_shape *shape,
                             tarn_slice *slice) {
  *any = bytes > 0;
  if (bytes == 0) return TARN_OK;
  const char *at = text, *end = text + bytes;
  int64_t dims[TARN_MAX_RANK];
  int rank = 0;
  tarn_slice s = {0};
  /* Dims are followed by a space; what is not is the first extent. */
  for (;;) {
    const char *word = at;
    int64_t dim;
    if (!digits(&at, end, &dim) || at == end || *at != ' ') {
      at = word;
      break;
    }
    at++;
    if (rank == TARN_MAX_RANK)
      return tarn_fail(TARN_LIMIT, "a slice of more than %d dims", TARN_MAX_RANK);
    dims[rank++] = dim;
  }
  for (; s.rank < rank; s.rank++) {
    if (s.rank > 0 && (at == end || *at++ != ':')) goto refuse;
    if (at < end && *at == '-') {
      at++;
      s.length[s.rank] = -1;
      continue;
    }
    if (!digits(&at, end, &s.start[s.rank])) goto refuse;
    if (at == end || *at++ != ',') goto refuse;
    if (!digits(&at, end, &s.length[s.rank])) goto refuse;
  }
  if (rank == 0 || at != end) goto refuse;
  TARN_TRY(tarn__shape_make(rank, dims, shape));
  tarn_slice box;
  TARN_TRY(tarn__slice_resolve(&s, shape, &box));
  *slice = s;
  return TARN_OK;
refuse:;
  char shown[96];
  return tarn_fail(TARN_INVALID, "shape and slice '%s', expected text like '10 300 0,4:-'",
                   tarn__printable(text, bytes, shown, sizeof shown));
}
