#include "graph/window.h"

tarn_status tarn__window_list(const char *name, size_t count, const int64_t *list,
                              tarn_window_params *p, int64_t axis[TARN_AXES], int64_t *depth) {
  if (count != (size_t)p->spatial + 2)
    return tarn_fail(TARN_INVALID, "%s: expected %d numbers, got %zu", name, p->spatial + 2, count);
  for (size_t i = 0; i < count; i++)
    if (list[i] < 1 || list[i] > INT32_MAX)
      return tarn_fail(TARN_INVALID, "%s: expected positive 32-bit numbers, got %lld", name,
                       (long long)list[i]);
  if (list[0] != 1)
    return tarn_fail(TARN_UNSUPPORTED, "%s: over the batch it must be 1, got %lld", name,
                     (long long)list[0]);
  int64_t channels = list[tarn__window_channel_dim(p)];
  if (depth) *depth = channels;
  else if (channels != 1)
    return tarn_fail(TARN_UNSUPPORTED, "%s: over channels it must be 1, got %lld", name,
                     (long long)channels);
  for (int a = 0; a < TARN_AXES; a++) {
    int dim = tarn__window_dim(p, a);
    axis[a] = dim < 0 ? 1 : list[dim];
  }
  return TARN_OK;
}

static tarn_status attr_list(const tarn_attrs *attrs, const char *name, tarn_window_params *p,
                             int64_t axis[TARN_AXES], int64_t *depth) {
  const tarn_attr *list = tarn__attr_list(attrs, name);
  return tarn__window_list(name, list->list.count, list->list.i, p, axis, depth);
}

static tarn_status explicit_paddings(const tarn_attrs *attrs, tarn_window_params *p) {
  const tarn_attr *list = tarn__attr_list(attrs, "explicit_paddings");
  size_t wanted = p->padding == TARN_PAD_EXPLICIT ? 2 * ((size_t)p->spatial + 2) : 0;
  if (list->list.count != wanted)
    return tarn_fail(TARN_INVALID, "explicit_paddings: expected %zu numbers, got %zu", wanted,
                     list->list.count);
  for (size_t i = 0; i < wanted; i++) {
    int64_t n = list->list.i[i];
    if (n < 0 || n > INT32_MAX)
      return tarn_fail(TARN_INVALID, "explicit_paddings: expected 32-bit numbers from 0, got %lld",
                       (long long)n);
    int dim = (int)(i / 2);
    if ((dim == 0 || dim == tarn__window_channel_dim(p)) && n != 0)
      return tarn_fail(TARN_INVALID,
                       "explicit_paddings: batch and channels must have none, got %lld",
                       (long long)n);
  }
  for (int a = 0; wanted && a < TARN_AXES; a++) {
    int dim = tarn__window_dim(p, a);
    if (dim < 0) continue;
    p->before[a] = list->list.i[2 * dim];
    p->after[a] = list->list.i[2 * dim + 1];
  }
  return TARN_OK;
}

tarn_status tarn__window_parse(const tarn_attrs *attrs, int spatial, unsigned declared,
                               tarn_window_params *p, int64_t *depth_window) {
  p->spatial = spatial;
  for (int a = 0; a < TARN_AXES; a++) p->window[a] = p->stride[a] = p->dilation[a] = 1;
  if (declared & TARN_WINDOW_FORMAT) {
    if (tarn__attr_is(attrs, "data_format", "NCHW_VECT_C"))
      return tarn_fail(TARN_UNSUPPORTED, "data_format NCHW_VECT_C");
    p->channels_first =
        tarn__attr_is(attrs, "data_format", "NCHW") || tarn__attr_is(attrs, "data_format", "NCDHW");
  }
  p->padding = tarn__attr_is(attrs, "padding", "SAME")    ? TARN_PAD_SAME
               : tarn__attr_is(attrs, "padding", "VALID") ? TARN_PAD_VALID
                                                          : TARN_PAD_EXPLICIT;
  int64_t depth_stride = 1;
  if (depth_window) *depth_window = 1;
  if (declared & TARN_WINDOW_STRIDES)
    TARN_TRY(attr_list(attrs, "strides", p, p->stride, depth_window ? &depth_stride : NULL));
  if (declared & TARN_WINDOW_KSIZE) TARN_TRY(attr_list(attrs, "ksize", p, p->window, depth_window));
  if (declared & TARN_WINDOW_DILATIONS)
    TARN_TRY(attr_list(attrs, "dilations", p, p->dilation, NULL));
  if (declared & TARN_WINDOW_EXPLICIT) TARN_TRY(explicit_paddings(attrs, p));
  if (depth_window && (*depth_window != 1 || depth_stride != 1)) {
    if (*depth_window != depth_stride)
      return tarn_fail(TARN_UNSUPPORTED,
                       "a window over channels must step by its size: ksize %lld, stride %lld",
                       (long long)*depth_window, (long long)depth_stride);
    for (int a = 0; a < TARN_AXES; a++)
      if (p->window[a] != 1 || p->stride[a] != 1)
        return tarn_fail(TARN_UNSUPPORTED, "a window over channels and space at once");
  }
  return TARN_OK;
}

tarn_status tarn__window_check(const tarn_window_params *p, int axis, int64_t in, int64_t window,
                               tarn_axis *made) {
  static const char *const names[] = {"depth", "height", "width"};
  if (in > INT32_MAX || window > INT32_MAX)
    return tarn_fail(TARN_SHAPE, "%s: input %lld and window %lld must fit 31 bits", names[axis],
                     (long long)in, (long long)window);
  *made = tarn__window_axis(p, axis, in, window);
  if (made->out < 0)
    return tarn_fail(TARN_SHAPE,
                     "%s: a window of %lld (dilation %lld) is larger than the padded input of %lld",
                     names[axis], (long long)window, (long long)made->dilation,
                     (long long)(in + p->before[axis] + p->after[axis]));
  return TARN_OK;
}

tarn_status tarn__window_shape(const tarn_window_params *p, int64_t n,
                               const tarn_axis axis[TARN_AXES], int64_t channels,
                               tarn_shape *shape) {
  int64_t dims[TARN_AXES + 2];
  dims[0] = n;
  dims[tarn__window_channel_dim(p)] = channels;
  for (int a = 0; a < TARN_AXES; a++) {
    int dim = tarn__window_dim(p, a);
    if (dim >= 0) dims[dim] = axis[a].out;
  }
  return tarn__shape_make(p->spatial + 2, dims, shape);
}
