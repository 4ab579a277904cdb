/* .npy images and .npz archives. */
#include "loader/npy/npy.h"
#include "loader/npy/npz.h"
#include "tests/fuzz/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  const tarn_allocator *a = tarn__allocator_default();
  tarn_tensor t;
  if (tarn__npy_parse(a, data, bytes, &t) == TARN_OK) tarn__tensor_clear(&t);
  tarn_npz *z;
  if (tarn__npz_open(a, image_put(data, bytes), &z) != TARN_OK) return 0;
  for (size_t i = 0; i < tarn__npz_count(z); i++)
    if (tarn__npz_read(z, a, i, &t) == TARN_OK) tarn__tensor_clear(&t);
  tarn__npz_close(z);
  return 0;
}
