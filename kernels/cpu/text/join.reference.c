/* Strings joined, split and cut. Strings are bytes. */
#include "core/bytes.h"
#include "kernels/cpu/array/elements.h"
#include "kernels/params/text.h"
#include "kernels/run.h"

#include <string.h>

static const tarn_string *strings(const tarn_call *call, int i) {
  return call->in[i]->data;
}
static tarn_status add(tarn_bytes *b, const tarn_string *s) {
  return s->size ? tarn__bytes_add(b, s->data, s->size) : TARN_OK;
}
static tarn_status put(const tarn_call *call, int64_t i, const tarn_bytes *b) {
  return tarn__string_set(call->out[0], i, b->data ? b->data : "", b->size);
}

/* Element i of the output: its length first, then its bytes where they will be. */
static tarn_status join_one(const tarn_call *call, int64_t i) {
  const tarn_text_params *p = call->problem->params;
  size_t bytes = 0;
  char *room;
  for (int k = 0; k < call->problem->inputs; k++) {
    const tarn_string *s = &strings(call, k)[call->in[k]->shape.rank ? i : 0];
    if ((k && tarn__add_overflow(bytes, p->separator.size, &bytes)) ||
        tarn__add_overflow(bytes, s->size, &bytes))
      return tarn_fail(TARN_NO_MEMORY, "no memory for a string of more bytes than there can be");
  }
  TARN_TRY(tarn__string_room(call->out[0], i, bytes, &room));
  for (int k = 0; k < call->problem->inputs; k++) {
    const tarn_string *s = &strings(call, k)[call->in[k]->shape.rank ? i : 0];
    if (k && p->separator.size)
      room = (char *)memcpy(room, p->separator.data, p->separator.size) + p->separator.size;
    if (s->size) room = (char *)memcpy(room, s->data, s->size) + s->size;
  }
  return TARN_OK;
}

static tarn_status join(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) TARN_TRY(join_one(call, i));
  return TARN_OK;
}

/* Elements along the reduced axes, the first axis given fastest. */
static tarn_status reduce_join(const tarn_call *call) {
  const tarn_text_params *p = call->problem->params;
  const tarn_shape *x = &call->in[0]->shape;
  const int axes = (int)tarn__tensor_elements(call->in[1]);
  int64_t stride[TARN_MAX_RANK], inner = 1, n = tarn__tensor_elements(call->out[0]);
  int axis[TARN_MAX_RANK], kept[TARN_MAX_RANK], keeps = 0;
  bool gone[TARN_MAX_RANK] = {false};
  if (axes == 0 && x->rank > 0)
    return tarn__tensor_copy_elements(call->out[0], 0, call->in[0], 0, n);
  tarn__strides(x, stride);
  for (int k = 0; k < axes; k++) {
    TARN_TRY(tarn__shape_axis(tarn__tensor_int(call->in[1], k), x->rank, &axis[k]));
    gone[axis[k]] = true;
    inner *= x->dim[axis[k]];
  }
  for (int k = 0; k < x->rank; k++)
    if (!gone[k]) kept[keeps++] = k;
  tarn_bytes b;
  tarn_status status = TARN_OK;
  tarn__bytes_init(&b, tarn__call_allocator(call));
  for (int64_t i = 0; i < n && status == TARN_OK; i++) {
    int64_t base = 0;
    for (int64_t left = i, k = keeps - 1; k >= 0; left /= x->dim[kept[k]], k--)
      base += left % x->dim[kept[k]] * stride[kept[k]];
    b.size = 0;
    for (int64_t j = 0; j < inner && status == TARN_OK; j++) {
      int64_t at = base;
      for (int64_t left = j, k = 0; k < axes; left /= x->dim[axis[k]], k++)
        at += left % x->dim[axis[k]] * stride[axis[k]];
      if (j) status = add(&b, &p->separator);
      if (status == TARN_OK) status = add(&b, &strings(call, 0)[at]);
    }
    if (status == TARN_OK) status = put(call, i, &b);
  }
  tarn__bytes_clear(&b);
  return status;
}

/* ---- splitting ------------------------------------------------------------------------------- */

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next piece of s from *at on; false when there is none. *at moves behind the separator. `any`:
 * each byte of sep separates. `last`: as many splits were made as are allowed, and the rest is one
 * piece. */
static bool piece(const tarn_string *s, const tarn_string *sep, bool any, bool last, size_t *at,
                  tarn_string *found) {
  const char *data = s->size ? s->data : "";
  if (*at > s->size || (any && s->size == 0)) return false;
  if (!any && last) {
    *found = (tarn_string){data + *at, s->size - *at};
    *at = s->size + 1;
    return true;
  }
  if (!any &&
      sep->size == 0) { /* runs of white space; what follows them is where the next piece starts */
    size_t from = *at, end;
    while (from < s->size && is_space(data[from])) from++;
    if (from >= s->size) return false;
    for (end = from; end < s->size && !is_space(data[end]);) end++;
    *found = (tarn_string){data + from, end - from};
    while (end < s->size && is_space(data[end])) end++;
    *at = end;
    return true;
  }
  if (any && sep->size == 0) { /* bytes by themselves */
    if (*at >= s->size) return false;
    *found = (tarn_string){data + (*at)++, 1};
    return true;
  }
  size_t end = *at;
  const size_t width = any ? 1 : sep->size;
  if (any)
    while (end < s->size && !memchr(sep->data, data[end], sep->size)) end++;
  else
    while (end < s->size && (s->size - end < width || memcmp(data + end, sep->data, width) != 0))
      end++;
  *found = (tarn_string){data + *at, end - *at};
  *at = end >= s->size ? s->size + 1 : end + width;
  return true;
}

/* Counts, or with indices writes, the pieces of every string; *widest is the most that one gave. */
static tarn_status walk(const tarn_call *call, bool any, bool write, int64_t *count,
                        int64_t *widest) {
  const tarn_text_params *p = call->problem->params;
  const int64_t n = call->in[0]->shape.dim[0];
  *count = *widest = 0;
  for (int64_t i = 0; i < n; i++) {
    size_t at = 0;
    tarn_string found;
    int64_t k = 0;
    while (piece(&strings(call, 0)[i], strings(call, 1), any,
                 p->max_split >= 0 && k >= p->max_split, &at, &found)) {
      if (p->skip_empty && found.size == 0) continue;
      if (write) {
        ((int64_t *)call->out[0]->data)[2 * *count] = i;
        ((int64_t *)call->out[0]->data)[2 * *count + 1] = k;
        TARN_TRY(tarn__string_set(call->out[1], *count, found.data, found.size));
      }
      k++;
      (*count)++;
    }
    if (k > *widest) *widest = k;
  }
  return TARN_OK;
}

static tarn_status split_by(const tarn_call *call, bool any) {
  int64_t count, widest;
  TARN_TRY(walk(call, any, false, &count, &widest));
  const tarn_shape indices = {.rank = 2, .dim = {count, 2}}, values = tarn__shape_vector(count);
  TARN_TRY(tarn__call_allocate(call, 0, &indices));
  TARN_TRY(tarn__call_allocate(call, 1, &values));
  TARN_TRY(walk(call, any, true, &count, &widest));
  ((int64_t *)call->out[2]->data)[0] = call->in[0]->shape.dim[0];
  ((int64_t *)call->out[2]->data)[1] = widest;
  return TARN_OK;
}

static tarn_status split(const tarn_call *call) {
  return split_by(call, true);
}
static tarn_status split_v2(const tarn_call *call) {
  return split_by(call, false);
}

/* ---- measuring and cutting ------------------------------------------------------------------- */

static bool starts_character(char c) {
  return ((unsigned char)c & 0xc0) != 0x80;
}

static int64_t characters(const tarn_string *s) {
  int64_t n = 0;
  for (size_t i = 0; i < s->size; i++) n += starts_character(s->data[i]);
  return n;
}

static tarn_status length(const tarn_call *call) {
  const tarn_text_params *p = call->problem->params;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) {
    const tarn_string *s = &strings(call, 0)[i];
    ((int32_t *)call->out[0]->data)[i] = (int32_t)(p->utf8 ? characters(s) : (int64_t)s->size);
  }
  return TARN_OK;
}

/* Moves *at forward or back over `count` characters; false when there are fewer. As in TensorFlow,
 * bytes that continue a character belong to what stands before them, and to one of their own at the
 * start of the string. */
static bool forward(const tarn_string *s, int64_t count, size_t *at) {
  for (; count > 0 && *at < s->size; count--) do
      ++*at;
    while (*at < s->size && !starts_character(s->data[*at]));
  return count <= 0;
}
static bool back(const tarn_string *s, int64_t count, size_t *at) {
  for (; count > 0 && *at > 0; count--) do
      --*at;
    while (*at > 0 && !starts_character(s->data[*at]));
  return count <= 0;
}

/* Bytes [*from, *to) of s; false when pos is outside of it. */
static bool find_bytes(const tarn_string *s, int64_t pos, int64_t len, size_t *from, size_t *to) {
  const int64_t all = (int64_t)s->size;
  if (pos < -all || pos > all) return false;
  *from = (size_t)(pos < 0 ? pos + all : pos);
  *to = len < 0 || (uint64_t)len > s->size - *from ? s->size : *from + (size_t)len;
  return true;
}
static bool find_characters(const tarn_string *s, int64_t pos, int64_t len, size_t *from,
                            size_t *to) {
  *from = pos < 0 ? s->size : 0;
  if (pos < 0 ? pos == INT64_MIN || !back(s, -pos, from) : !forward(s, pos, from)) return false;
  *to = *from;
  forward(s, len, to);
  return true;
}

/* A negative length is the rest of the bytes; of characters it is none, and wrong where they are
 * counted from the end. */
static tarn_status cut(const tarn_call *call, int64_t i, const tarn_string *s, int64_t pos,
                       int64_t len) {
  const tarn_text_params *p = call->problem->params;
  char shown[100];
  size_t from, to;
  if (p->utf8 && len < 0 && pos < 0)
    return tarn_fail(TARN_INVALID, "len %lld of characters at index %lld", (long long)len,
                     (long long)i);
  if (!(p->utf8 ? find_characters(s, pos, len, &from, &to) : find_bytes(s, pos, len, &from, &to)))
    return tarn_fail(
        TARN_INVALID, "pos %lld out of range for string b'%s' at index %lld", (long long)pos,
        tarn__printable(s->size ? s->data : "", s->size, shown, sizeof shown), (long long)i);
  return tarn__string_set(call->out[0], i, s->size ? s->data + from : "", to - from);
}

/* Inputs broadcast: an index of the output with dims of length 1, or missing, left out. */
static int64_t source(const tarn_shape *out, const tarn_shape *in, int64_t i) {
  int64_t at = 0, stride = 1;
  for (int k = out->rank - 1, j = in->rank - 1; j >= 0; k--, j--) {
    if (in->dim[j] != 1) at += i % out->dim[k] * stride;
    stride *= in->dim[j];
    i /= out->dim[k];
  }
  return at;
}

static tarn_status substr(const tarn_call *call) {
  const tarn_shape *y = &call->out[0]->shape;
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = source(y, &call->in[1]->shape, i);
    TARN_TRY(cut(call, i, &strings(call, 0)[source(y, &call->in[0]->shape, i)],
                 tarn__tensor_int(call->in[1], at), tarn__tensor_int(call->in[2], at)));
  }
  return TARN_OK;
}

static tarn_status strip(const tarn_call *call) {
  const int64_t n = tarn__tensor_elements(call->out[0]);
  for (int64_t i = 0; i < n; i++) {
    const tarn_string *s = &strings(call, 0)[i];
    size_t from = 0, to = s->size;
    while (from < to && is_space(s->data[from])) from++;
    while (to > from && is_space(s->data[to - 1])) to--;
    TARN_TRY(tarn__string_set(call->out[0], i, to ? s->data + from : "", to - from));
  }
  return TARN_OK;
}

const tarn_kernel tarn_kernels_text_join_reference[] = {
    {.op = "StringJoin", .run = join},
    {.op = "ReduceJoin", .name = "reduce_join", .run = reduce_join},
    {.op = "StringSplit", .name = "split", .run = split},
    {.op = "StringSplitV2", .name = "split", .run = split_v2},
    {.op = "StringLength", .name = "length", .run = length},
    {.op = "Substr", .name = "substr", .run = substr},
    {.op = "StringStrip", .name = "strip", .run = strip},
    {0},
};
