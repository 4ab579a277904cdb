/* ParseExample and its kin; the work is in features.c. */
#include "kernels/cpu/input/example.h"
#include "kernels/cpu/input/features.h"

tarn_status tarn__example_parse(const tarn_call *call) {
  return tarn__features_parse(call, call->problem->params);
}

const tarn_kernel tarn_kernels_input_example_reference[] = {
  {.op = "ParseExample", .name = "example", .run = tarn__example_parse},
  {.op = "ParseExampleV2", .name = "example", .run = tarn__example_parse},
  {.op = "ParseSingleExample", .name = "example", .run = tarn__example_parse},
  {0},
};
