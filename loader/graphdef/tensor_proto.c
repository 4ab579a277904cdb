/* TensorProto to a constant of the graph: see import.h.
 *
 * The message is read by core/wire/tensor_message.h. Raw content that is aligned for its type in a
 * mapped file is not copied: the tensor points into the mapping and keeps it. */
#include "loader/graphdef/import.h"

#include "core/wire/tensor_message.h"

#include <inttypes.h>

tarn_status tarn__shape_proto_read(tarn_import *im, tarn_wire message, tarn_shape *shape) {
  bool deep = false;
  TARN_TRY(tarn__shape_message_read(message, shape, &deep));
  if (deep)
    tarn__import_problem(im, TARN_UNSUPPORTED, "a shape of more than %d dimensions", TARN_MAX_RANK);
  return TARN_OK;
}

/* The elements where they lie in the file. A byte of a boolean may be anything there; kernels count
 * on 0 and 1. */
static bool can_map(const tarn_import *im, const tarn_tensor_message *m) {
  return m->content_bytes > 0 && im->source && im->source->file.data && m->dtype != TARN_BOOL &&
         m->dtype != TARN_STRING && (uintptr_t)m->content % tarn_dtype_bytes(m->dtype) == 0;
}

static tarn_status map(tarn_import *im, const tarn_tensor_message *m, tarn_tensor *t) {
  tarn__source_retain(im->source);
  const tarn_status status =
      tarn__tensor_wrap(im->graph->allocator, m->dtype, &m->shape, (void *)(uintptr_t)m->content,
                        tarn__source_release, im->source, t);
  if (status != TARN_OK) tarn__source_release(im->source);
  else tarn__tensor_set_mapped(t);
  return status;
}

enum { LARGE = 64 << 10 };

/* A copy, for content that is not aligned, booleans, and values that are listed. The file's own
 * pages of what is large are not wanted any more. */
static tarn_status copy(tarn_import *im, const tarn_tensor_message *m, tarn_tensor *t) {
  TARN_TRY(tarn__tensor_message_read(im->graph->allocator, m, &im->expanded,
                                     TARN_IMPORT_EXPANSION, t));
  if (im->source && im->source->file.data && m->content_bytes >= LARGE)
    tarn__pages_forget(m->content, m->content_bytes);
  return TARN_OK;
}

/* The number under which the elements lie beside the message. */
static tarn_status find_beside(const tarn_import *im, tarn_wire w, bool *found, uint64_t *number) {
  *found = false;
  while (im->source && im->source->beside) {
    tarn_wire_field f;
    TARN_TRY(tarn__wire_next(&w, &f));
    if (f.number == 0) break;
    if (f.number != TARN_TENSOR_BESIDE) continue;
    TARN_TRY(tarn__wire_uint64(&f, number));
    *found = true;
  }
  return TARN_OK;
}

tarn_status tarn__tensor_proto_read(tarn_import *im, tarn_wire message,
                                    const tarn_tensor **tensor) {
  tarn_tensor_message m;
  tarn_tensor t = {0};
  *tensor = NULL;
  TARN_TRY(tarn__tensor_message_open(message, &m));
  if (m.deep)
    tarn__import_problem(im, TARN_UNSUPPORTED, "a shape of more than %d dimensions", TARN_MAX_RANK);
  else if (!tarn__tensor_message_readable(&m))
    tarn__import_problem(im, TARN_UNSUPPORTED, "a constant of data type %" PRId64 " (%s)", m.number,
                         tarn_dtype_name(m.dtype));
  if (!tarn__tensor_message_readable(&m)) return TARN_OK;
  bool beside;
  uint64_t number;
  TARN_TRY(find_beside(im, message, &beside, &number));
  if (beside)
    TARN_TRY_IN(im->source->beside(im->source->beside_context, number, m.dtype, &m.shape, &t),
                "reading the tensor at offset %" PRIu64, message.offset);
  else if (can_map(im, &m))
    TARN_TRY(map(im, &m, &t));
  else
    TARN_TRY(copy(im, &m, &t));
  return tarn__graph_keep_tensor(im->graph, &t, tensor);
}
