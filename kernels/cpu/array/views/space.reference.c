/* Space to batch and to depth: one strided copy per offset within a block, or one for all. */
#include "kernels/cpu/array/views/view_copy.h"
#include "kernels/params/array.h"
#include "kernels/cpu/array/views/space.body.h"

const tarn_kernel tarn_kernels_views_space_reference[] = {
  {.op = "SpaceToBatch", .run = space_to_batch},
  {.op = "SpaceToBatchND", .run = space_to_batch_nd},
  {.op = "BatchToSpace", .run = batch_to_space},
  {.op = "BatchToSpaceND", .run = batch_to_space_nd},
  {.op = "SpaceToDepth", .run = space_to_depth},
  {.op = "DepthToSpace", .run = depth_to_space},
  {0},
};
