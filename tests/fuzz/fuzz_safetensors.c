/* .safetensors files. */
#include "loader/safetensors/safetensors.h"
#include "tests/fuzz/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_safetensors *f;
  if (tarn__safetensors_open(a, image_put(data, bytes), &f) != TARN_OK) return 0;
  for (size_t i = 0; i < tarn__safetensors_count(f); i++) {
    tarn_tensor t;
    if (tarn__safetensors_read(f, a, i, &t) == TARN_OK) tarn__tensor_clear(&t);
  }
  tarn__safetensors_close(f);
  return 0;
}
