/* BatchFunction: a function that is called with the rows of many requests. Here each run is a batch
 * of its own: its rows, or as many of them as one call may have, filled up to an allowed number by
 * repeating the first. What the function gives has a row for each. */
#include "kernels/cpu/array/elements.h"
#include "kernels/params/flow.h"

typedef struct batch {
  const tarn_call *call;
  const tarn_batch_params *p;
  int64_t rows; /* of the run */
  int inputs, outputs;
  tarn_tensor *part, *out; /* [batched], [outputs] */
  const tarn_tensor **in;  /* [inputs] */
} batch;

static int64_t allowed(const tarn_batch_params *p, int64_t rows) {
  for (int64_t i = 0; i < p->n_sizes; i++)
    if (p->sizes[i] >= rows) return p->sizes[i];
  return rows;
}

static int64_t width(const tarn_tensor *t) {
  return tarn__dims_product(&t->shape, 1, t->shape.rank);
}

/* Rows [at, at + rows) of an input, and the first of them again up to `size`. */
static tarn_status cut(const batch *b, int i, int64_t at, int64_t rows, int64_t size) {
  const tarn_tensor *x = b->call->in[i];
  const int64_t each = width(x);
  tarn_shape shape = x->shape, checked;
  shape.dim[0] = size;
  TARN_TRY(tarn__shape_make(shape.rank, shape.dim, &checked));
  TARN_TRY(tarn__tensor_new_raw(b->call->run->allocator, x->dtype, &checked, &b->part[i]));
  TARN_TRY(tarn__move(&b->part[i], 0, x, at * each, rows * each));
  for (int64_t r = rows; r < size; r++)
    TARN_TRY(tarn__move(&b->part[i], r * each, x, at * each, each));
  return TARN_OK;
}

/* What a call gave for rows [at, at + rows) into output i. */
static tarn_status collect(const batch *b, int i, int64_t at, int64_t rows, int64_t size) {
  const tarn_tensor *made = &b->out[i];
  tarn_tensor *out = b->call->out[i];
  if (made->dtype != b->call->problem->out_dtype[i])
    return tarn_fail(TARN_DTYPE, "result %d of the function is %s, the node says %s", i,
                     tarn_dtype_name(made->dtype), tarn_dtype_name(b->call->problem->out_dtype[i]));
  if (made->shape.rank < 1 || made->shape.dim[0] != size)
    return tarn_fail(TARN_INVALID,
                     "Batched output tensor's 0th dimension does not equal the sum of the 0th "
                     "dimension sizes of the input tensors");
  tarn_shape shape = made->shape;
  shape.dim[0] = b->rows;
  if (at == 0) TARN_TRY(tarn__call_allocate(b->call, i, &shape));
  if (!tarn__shape_equal(&out->shape, &shape))
    return tarn_fail(TARN_INVALID, "result %d of the function has another shape for other rows", i);
  return tarn__move(out, at * width(made), made, 0, rows * width(made));
}

static tarn_status call_part(const batch *b, int64_t at, int64_t rows) {
  const int64_t size = allowed(b->p, rows);
  tarn_status status = TARN_OK;
  for (int i = 0; i < b->p->batched && status == TARN_OK; i++) status = cut(b, i, at, rows, size);
  if (status == TARN_OK)
    status = tarn__run_call(b->call->run, b->p->function, b->in, b->inputs, b->out, b->outputs);
  for (int i = 0; i < b->outputs; i++) {
    if (status == TARN_OK) status = collect(b, i, at, rows, size);
    tarn__tensor_clear(&b->out[i]);
  }
  for (int i = 0; i < b->p->batched; i++) tarn__tensor_clear(&b->part[i]);
  return status;
}

static tarn_status run(const tarn_call *call) {
  const tarn_allocator *a = call->run->allocator;
  batch b = {.call = call,
             .p = call->problem->params,
             .rows = call->in[0]->shape.dim[0],
             .inputs = call->problem->inputs,
             .outputs = call->problem->outputs};
  const size_t values = (size_t)(b.inputs + b.outputs) * sizeof(tarn_tensor),
               list = (size_t)b.inputs * sizeof(tarn_tensor *);
  b.part = tarn__alloc_zero(a, values);
  b.in = tarn__alloc_zero(a, list);
  tarn_status status = b.part && b.in ? TARN_OK : TARN_NO_MEMORY;
  if (status == TARN_OK) b.out = b.part + b.inputs;
  for (int i = 0; i < b.inputs && status == TARN_OK; i++)
    b.in[i] = i < b.p->batched ? &b.part[i] : call->in[i];
  int64_t at = 0;
  do {
    const int64_t left = b.rows - at, rows = left < b.p->call_rows ? left : b.p->call_rows;
    if (status == TARN_OK) status = call_part(&b, at, rows);
    at += rows;
  } while (at < b.rows && status == TARN_OK);
  tarn__free(a, b.part, values);
  tarn__free(a, b.in, list);
  return status;
}

const tarn_kernel tarn_kernels_flow_batch_reference[] = {
    {.op = "BatchFunction", .name = "batch", .run = run},
    {0},
};
