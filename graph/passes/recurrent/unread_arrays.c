/* TensorArrays that nobody reads any more: what was put into them before a loop need not be. */
#include <string.h>

#include "graph/passes/recurrent/recurrent.h"

/* A step that only fills the array, or asks what is known. */
static bool only_fills(const tarn_step *step, const int *uses) {
  static const char *const ops[] = {"TensorArrayScatter", "TensorArrayUnpack", "TensorArrayWrite",
                                    "TensorArraySplit", "TensorArraySize"};
  if (!step->op || step->kind != TARN_STEP_KERNEL || step->kept || step->outputs != 1 ||
      uses[step->out[0]])
    return false;
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (!strncmp(step->op->name, ops[i], strlen(ops[i]))) return true;
  return false;
}

tarn_status tarn__arrays_drop_unread(tarn_block *block) {
  int *uses = tarn__block_uses(block);
  if (!uses) return TARN_NO_MEMORY;
  for (int at = 0; at < block->steps; at++) {
    tarn_step *maker = &block->step[at];
    if (maker->removed || maker->kept || !maker->op || strcmp(maker->op->name, "TensorArrayV3"))
      continue;
    int fillers = 0, flow = 0;
    for (int s = at + 1; s < block->steps; s++) {
      const tarn_step *step = &block->step[s];
      for (int i = 0; !step->removed && i < step->inputs; i++) {
        const bool fills = !i && only_fills(step, uses);
        fillers += step->in[i] == maker->out[0] && fills;
        flow +=
            step->in[i] == maker->out[1] && step->in[0] == maker->out[0] && only_fills(step, uses);
      }
    }
    if (uses[maker->out[0]] != fillers || uses[maker->out[1]] != flow) continue;
    maker->removed = true;
    for (int s = at + 1; s < block->steps && fillers; s++) {
      tarn_step *step = &block->step[s];
      if (step->removed || !step->inputs || step->in[0] != maker->out[0]) continue;
      step->removed = true;
      for (int i = 0; i < step->inputs; i++) uses[step->in[i]]--;
    }
  }
  return TARN_OK;
}
