/* In two steps: the written entries become one entry per dim of x (the ellipsis, one implied at the
 * end where none is written, stands for the dims that are not named; new axes name none), then each
 * entry is clamped to its dim. */
#include "kernels/params/strided_slice.h"

#include "kernels/cpu/array/elements.h"

enum { MAX_ENTRIES = 31, NEW_AXIS = -1, SHRUNK = -2 };

typedef struct entry {
  int64_t begin, end, stride;
  bool begin_masked, end_masked, shrink;
} entry;

static bool bit(int64_t mask, int i) { return (mask >> i & 1) != 0; }

/* begin or end in [low, high] after counting a negative one from the end. */
static int64_t clamp(int64_t at, int64_t dim, int64_t low, int64_t high) {
  if (at < 0) at += dim;
  return at < low ? low : at > high ? high : at;
}

static tarn_status dim_of_entry(const entry *e, int d, int64_t dim, tarn_strided_slice *s) {
  int64_t begin, end;
  if (e->stride == 0) return tarn_fail(TARN_INVALID, "the stride of dim %d is zero", d);
  if (e->shrink) {
    if (e->stride < 0)
      return tarn_fail(TARN_INVALID, "dim %d is indexed, its stride must be positive", d);
    begin = e->begin < 0 ? e->begin + dim : e->begin;
    if (begin < 0 || begin >= dim)
      return tarn_fail(TARN_INVALID, "index %lld is outside dim %d of length %lld",
                       (long long)e->begin, d, (long long)dim);
    end = begin + 1;
  } else {
    bool up = e->stride > 0;
    int64_t low = up ? 0 : -1, high = up ? dim : dim - 1;
    begin = e->begin_masked ? (up ? low : high) : clamp(e->begin, dim, low, high);
    end = e->end_masked ? (up ? high : low) : clamp(e->end, dim, low, high);
  }
  int64_t length = end - begin;
  s->begin[d] = begin;
  s->stride[d] = e->stride;
  s->size[d] = length == 0 || (length < 0) != (e->stride < 0)
                   ? 0
                   : length / e->stride + (length % e->stride != 0);
  if (s->size[d] == 0) s->begin[d] = 0;
  if (s->size[d] <= 1) s->stride[d] = 1; /* not used; keeps products with it small */
  return TARN_OK;
}

tarn_status tarn__strided_slice_make(const tarn_strided_slice_params *p, const tarn_shape *x,
                                     const tarn_tensor *begin, const tarn_tensor *end,
                                     const tarn_tensor *strides, tarn_strided_slice *slice) {
  int64_t n64 = tarn__tensor_elements(begin);
  if (begin->shape.rank != 1 || !tarn__shape_equal(&begin->shape, &end->shape) ||
      !tarn__shape_equal(&begin->shape, &strides->shape))
    return tarn_fail(TARN_SHAPE, "begin, end and strides must be vectors of one length");
  if (n64 > MAX_ENTRIES)
    return tarn_fail(TARN_SHAPE, "at most %d entries are possible, got %lld", MAX_ENTRIES,
                     (long long)n64);
  int n = (int)n64, new_after_ellipsis = 0, ellipsis = -1;
  const uint64_t mask = (uint64_t)p->ellipsis_mask;
  if ((mask & (mask - 1)) != 0)
    return tarn_fail(TARN_INVALID, "ellipsis_mask %lld: at most one entry can be an ellipsis",
                     (long long)p->ellipsis_mask);
  for (int i = 0; i < n; i++) {
    if (bit(p->ellipsis_mask, i)) {
      ellipsis = i;
    } else if (ellipsis >= 0 && bit(p->new_axis_mask, i)) {
      new_after_ellipsis++;
    }
  }
  int entries = ellipsis >= 0 ? n : n + 1;
  if (ellipsis < 0) ellipsis = n;
  tarn_strided_slice s = {.rank = x->rank};
  entry dense[TARN_MAX_RANK];
  int source[MAX_ENTRIES + 1 + TARN_MAX_RANK], outs = 0,
                                               d = 0; /* which dim each dim of the result is */
  for (int i = 0; i < entries; i++) {
    if (i == ellipsis) {
      int next = x->rank - (entries - i) + 1 + new_after_ellipsis;
      if (next > x->rank) next = x->rank;
      for (; d < next; d++) {
        dense[d] = (entry){.stride = 1, .begin_masked = true, .end_masked = true};
        source[outs++] = d;
      }
    } else if (bit(p->new_axis_mask, i)) {
      source[outs++] = NEW_AXIS;
    } else {
      if (d == x->rank)
        return tarn_fail(TARN_SHAPE, "entry %d indexes a dim that a tensor of rank %d has not", i,
                         x->rank);
      bool shrink = bit(p->shrink_axis_mask, i);
      dense[d] =
          (entry){tarn__index_at(begin, i), tarn__index_at(end, i), tarn__index_at(strides, i),
                  bit(p->begin_mask, i),    bit(p->end_mask, i),    shrink};
      source[outs++] = shrink ? SHRUNK : d;
      d++;
    }
  }
  for (d = 0; d < x->rank; d++) TARN_TRY(dim_of_entry(&dense[d], d, x->dim[d], &s));
  for (d = 0; d < x->rank; d++) s.at[d] = -1;
  for (int i = 0; i < outs; i++) {
    if (source[i] == SHRUNK) continue;
    if (s.out.rank == TARN_MAX_RANK)
      return tarn_fail(TARN_SHAPE, "the slice has more than %d dims", TARN_MAX_RANK);
    if (source[i] != NEW_AXIS) s.at[source[i]] = s.out.rank;
    s.out.dim[s.out.rank++] = source[i] == NEW_AXIS ? 1 : s.size[source[i]];
  }
  *slice = s;
  return TARN_OK;
}

tarn_status tarn__strided_slice_takes(const tarn_strided_slice *slice, const tarn_shape *value) {
  const int extra = value->rank - slice->out.rank;
  bool fits = true;
  for (int d = 0; fits && d < value->rank; d++)
    fits = value->dim[d] == 1 || (d >= extra && value->dim[d] == slice->out.dim[d - extra]);
  char a[TARN_SHAPE_TEXT], b[TARN_SHAPE_TEXT];
  return fits ? TARN_OK
              : tarn_fail(TARN_SHAPE, "the slice is %s, what is put there is %s",
                          tarn__shape_print(&slice->out, a), tarn__shape_print(value, b));
}
