/* Memory round a tensor of plain elements, all of it known bytes, so that writes beside it show. */
#ifndef TARN_TESTS_CONFORM_GUARDED_H
#define TARN_TESTS_CONFORM_GUARDED_H

#include "core/tensor/tensor.h"

typedef struct guarded {
  unsigned char *block;           /* NULL: there is none; from malloc's family */
  size_t bytes, offset, total;    /* of the elements, where they begin, of the block */
} guarded;

/* Room for a tensor whose elements are not set yet; misaligned: to no more than their own size.
 * Ends the program when there is no memory. */
guarded guard_make(tarn_tensor *t, tarn_dtype dtype, const tarn_shape *shape, bool misaligned);
/* Whether nothing beside the elements was written. */
bool guard_intact(const guarded *g);

#endif
