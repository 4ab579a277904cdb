/* Sums of products over named axes: "ij,jk->ik".
 *
 * One or two inputs. A label is any one character; "..." stands for axes that broadcast. A label
 * twice in one input is its diagonal, twice in the output puts the result on a diagonal of
 * zeros. */
#include "graph/op.h"
#include "kernels/params/einsum.h"

#define QUOTED(s) (int)((s).size > 200 ? 200 : (s).size), (s).data

/* Labels of text[*at...] up to a comma, an arrow or the end into operand o. */
static tarn_status operand(tarn_string text, size_t *at, int o, tarn_einsum_params *p) {
  bool ellipsis = false;
  while (*at < text.size && text.data[*at] != ',') {
    const char *here = text.data + *at;
    const size_t left = text.size - *at;
    if (left > 1 && here[0] == '-' && here[1] == '>') break;
    int label = (unsigned char)*here;
    size_t length = 1;
    if (label == '.') {
      if (left < 3 || here[1] != '.' || here[2] != '.' || ellipsis)
        return tarn_fail(TARN_INVALID,
                         "equation '%.*s': one ellipsis '...' an operand, at character %zu",
                         QUOTED(text), *at);
      ellipsis = true;
      label = TARN_EINSUM_ELLIPSIS;
      length = 3;
    }
    if (p->count[o] > TARN_MAX_RANK - (label != TARN_EINSUM_ELLIPSIS && !ellipsis))
      return tarn_fail(TARN_INVALID, "equation '%.*s': more than %d axes", QUOTED(text),
                       TARN_MAX_RANK);
    p->label[o][p->count[o]++] = (int16_t)label;
    *at += length;
  }
  return TARN_OK;
}

static tarn_status parse(const tarn_attrs *attrs, void *params) {
  tarn_einsum_params *p = params;
  const tarn_string text = tarn__attr_string(attrs, "equation");
  const int64_t n = tarn__attr_int(attrs, "N");
  size_t at = 0;
  if (n < 1 || n > 2)
    return tarn_fail(TARN_INVALID, "expected 1 or 2 inputs, got %lld", (long long)n);
  for (p->inputs = 0; p->inputs < 2;) {
    TARN_TRY(operand(text, &at, p->inputs++, p));
    if (at == text.size || text.data[at] != ',') break;
    at++;
  }
  if (p->inputs != n || text.size - at < 2 || text.data[at] != '-')
    return tarn_fail(TARN_INVALID,
                     "equation '%.*s': expected %lld inputs, then '->' and the output",
                     QUOTED(text), (long long)n);
  at += 2;
  TARN_TRY(operand(text, &at, TARN_EINSUM_OUT, p));
  if (at != text.size)
    return tarn_fail(TARN_INVALID, "equation '%.*s': more than one output", QUOTED(text));
  for (int k = 0; k < p->count[TARN_EINSUM_OUT]; k++) {
    const int label = p->label[TARN_EINSUM_OUT][k];
    bool known = label == TARN_EINSUM_ELLIPSIS;
    for (int i = 0; i < p->inputs; i++)
      for (int j = 0; j < p->count[i]; j++) known = known || p->label[i][j] == label;
    if (!known)
      return tarn_fail(TARN_INVALID, "equation '%.*s': output label '%c' is no input's",
                       QUOTED(text), label);
  }
  return TARN_OK;
}

/* One dim of input i: named axes must agree, those of the ellipsis broadcast. */
static tarn_status record(int64_t *size, int64_t dim, bool broadcast, int i) {
  if (*size < 0 || (broadcast && *size == 1)) *size = dim;
  else if (dim != *size && !(broadcast && dim == 1))
    return tarn_fail(TARN_SHAPE, "input %d: expected a dim of %lld for this label, got %lld", i,
                     (long long)*size, (long long)dim);
  return TARN_OK;
}

static tarn_status infer(tarn_infer *t) {
  const tarn_einsum_params *p = t->params;
  int64_t named[256], dotted[TARN_MAX_RANK];   /* dotted: from the right */
  int dots = 0;
  char text[TARN_SHAPE_TEXT];
  for (int c = 0; c < 256; c++) named[c] = -1;
  for (int k = 0; k < TARN_MAX_RANK; k++) dotted[k] = -1;
  for (int i = 0; i < p->inputs; i++) {
    const int own = tarn__einsum_ellipsis(p, i, t->in[i].rank);
    if (own < 0)
      return tarn_fail(TARN_SHAPE, "input %d: the equation names %d axes, got %s", i, p->count[i],
                       tarn__shape_print(&t->in[i], text));
    if (own > dots) dots = own;
    int dim = 0;
    for (int k = 0; k < p->count[i]; k++) {
      const int label = p->label[i][k];
      if (label != TARN_EINSUM_ELLIPSIS) {
        TARN_TRY(record(&named[label], t->in[i].dim[dim++], false, i));
        continue;
      }
      for (int d = 0; d < own; d++)
        TARN_TRY(record(&dotted[own - 1 - d], t->in[i].dim[dim++], true, i));
    }
  }
  int64_t dims[2 * TARN_MAX_RANK + 1];
  int rank = 0;
  bool ellipsis = false;
  for (int k = 0; k < p->count[TARN_EINSUM_OUT]; k++) {
    const int label = p->label[TARN_EINSUM_OUT][k];
    if (label != TARN_EINSUM_ELLIPSIS) {
      dims[rank++] = named[label];
      continue;
    }
    ellipsis = true;
    for (int d = 0; d < dots; d++) dims[rank++] = dotted[dots - 1 - d];
  }
  if (dots > 0 && !ellipsis)
    return tarn_fail(TARN_SHAPE, "the inputs' ellipsis covers %d axes, the output has none", dots);
  return tarn__shape_make(rank, dims, &t->out[0]);
}

const tarn_op tarn_ops_einsum[] = {
    {.name = "Einsum",
     .inputs = "inputs: N * T",
     .outputs = "output: T",
     .attrs = "equation: string; N: int >= 1; T: type",
     .params_bytes = sizeof(tarn_einsum_params),
     .parse = parse,
     .infer = infer,
     .formula = "y[output labels] = sum over the other labels of a[...] b[...]",
     .cases = {"inputs=T[3x5] inputs=T[5x7] equation='ij,jk->ik'",
               "inputs=T[3x5] equation='ij->ji'", "inputs=T[4x4] equation='ii->i'",
               "inputs=T[4x4] equation='ii->'", "inputs=T[3] equation='i->ii'",
               "inputs=T[2x1x3x4] inputs=T[5x4x3] equation='...ij,...jk->...ik'",
               "inputs=T[2x3x5x7] inputs=T[2x3x4x7] equation='bhqd,bhkd->bhqk'",
               "inputs=T[2x0] inputs=T[0x3] equation='ij,jk->ik'", "inputs=T[0x3] equation='ij->i'",
               "inputs=T[2x3x4] equation='ijk->ik'",
               "inputs=T[2x5x3x4] inputs=T[2x6x3x4] equation='BFNH,BTNH->BNFT'",
               "inputs=T[2x3x5x6] inputs=T[2x6x3x4] equation='BNFT,BTNH->BFNH'",
               "inputs=T[2x5x12] inputs=T[12x3x4] equation='abc,cde->abde'",
               "inputs=T[3x1] inputs=T[1x5] equation='ij,jk->ki'"}},
    {0},
};
