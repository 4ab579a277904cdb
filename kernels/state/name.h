/* Names of state: the shared_name of the node that makes an object, or else the node's own name. */
#ifndef TARN_KERNELS_STATE_NAME_H
#define TARN_KERNELS_STATE_NAME_H

#include "kernels/run.h"

typedef struct tarn_state_name {
  const char *text;              /* ends with a zero */
  const tarn_allocator *allocator;
  char *copy;
  size_t bytes;
} tarn_state_name;

/* A shared_name is cut at a zero byte. The caller clears it. */
TARN_MUST_CHECK tarn_status tarn__state_name(const tarn_call *call, const tarn_string *shared_name,
                                             tarn_state_name *name);
void tarn__state_name_clear(tarn_state_name *name);

#endif
