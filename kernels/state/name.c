#include "kernels/state/name.h"

#include "core/memory.h"

#include <string.h>

tarn_status tarn__state_name(const tarn_call *call, const tarn_string *shared_name,
                             tarn_state_name *name) {
  *name = (tarn_state_name){.text = call->problem->node, .allocator = call->run->allocator};
  if (!shared_name->size) return TARN_OK;
  name->bytes = shared_name->size + 1;
  name->copy = tarn__alloc(name->allocator, name->bytes);
  if (!name->copy) return TARN_NO_MEMORY;
  memcpy(name->copy, shared_name->data, shared_name->size);
  name->copy[shared_name->size] = 0;
  name->text = name->copy;
  return TARN_OK;
}

void tarn__state_name_clear(tarn_state_name *name) {
  if (name->copy) tarn__free(name->allocator, name->copy, name->bytes);
  name->copy = NULL;
}
