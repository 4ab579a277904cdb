/* The protobuf reader: fields, sub-messages to a depth, packed values. */
#include "core/wire/wire.h"
#include "tests/fuzz/image.h"

static void walk(tarn_wire w) {
  tarn_wire_field f;
  while (tarn__wire_next(&w, &f) == TARN_OK && f.number != 0) {
    tarn_wire inner;
    static const tarn_wire_type types[] = {TARN_WIRE_VARINT, TARN_WIRE_FIXED32, TARN_WIRE_FIXED64};
    for (int i = 0; i < 3; i++) {
      tarn_wire_values v;
      uint64_t x;
      if (tarn__wire_values(&f, types[i], &v) != TARN_OK) continue;
      for (size_t k = 0; k < v.count && tarn__wire_value(&v, &x) == TARN_OK; k++) {
      }
    }
    /* One field in two may hold a message, so that the walk stays linear. */
    if (f.number % 2 == 0 && tarn__wire_message(&f, "Thing", &inner) == TARN_OK) walk(inner);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  walk(tarn__wire(data, bytes, 0, "Thing"));
  return 0;
}
