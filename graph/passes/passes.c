#include "graph/passes/passes.h"
#include "graph/export/freeze.h"

#include "core/knobs.h"
#include "graph/passes/dump.h"

#include <string.h>

const tarn_pass tarn__passes[] = {
    {"fold_constants", "what follows from constants and shapes is computed while planning", NULL},
    {"forward_identity", "users of an Identity take its input", tarn__pass_forward_identity},
    {"straighten_frame", "loops of Enter, Merge, Switch and NextIteration without dead values",
     tarn__pass_straighten_frame},
    {"straighten_while", "While's condition and body as one block of the same form",
     tarn__pass_straighten_while},
    {"recurrent", "LSTM and GRU cells in loops as whole sequences", tarn__pass_recurrent},
    {"channels_last", "convolutions with channels first, and what stands between, with them last",
     tarn__pass_channels_last},
    {"simplify", "steps that give their input, or what fewer steps give", tarn__pass_simplify},
    {"merge_equal", "steps that compute the same from the same are computed once",
     tarn__pass_merge_equal},
    {"pad_unique",
     "with a device: the distinct rows of an embedding's gradient, as many as there are indices",
     tarn__pass_pad_unique},
    {"fuse_rows", "softmax, its logarithm and layer norm where they are written by hand",
     tarn__pass_fuse_rows},
    {"fuse_product",
     "convolutions and matrix products with padding, batch norm, bias, sum and activation",
     tarn__pass_fuse_product},
    {"chain_convolutions", "depthwise and 1x1 convolutions in a row, a few rows at a time",
     tarn__pass_chain_convolutions},
    {"narrow",
     "with a device and --precision fp16 or bf16: products, and what stands between them, in 16 "
     "bits",
     tarn__pass_narrow},
    {"fuse_elementwise", "trees of elementwise steps run over blocks that stay in the cache",
     tarn__pass_fuse_elementwise},
    {"side_by_side", "when kernels are chosen: small branches at the same time, each on one thread",
     NULL},
    {"share_parts", "while memory is laid out: splits and slices that lie in their input's memory",
     NULL},
    {"join_in_place",
     "while memory is laid out: what a Concat or Pack joins is made where its output has it", NULL},
    {"remove_unused", "after every pass: steps without effect whose results nobody uses", NULL},
    {0},
};

bool tarn__pass_disabled(const tarn_builder *b, const char *name) {
  const tarn_plan_context *c = b->context;
  for (size_t i = 0; i < c->n_disabled; i++)
    if (!strcmp(c->disabled[i], name) || !strcmp(c->disabled[i], "all")) return true;
  return false;
}

static tarn_status remove_unused(tarn_builder *b) {
  if (tarn__pass_disabled(b, "remove_unused")) return TARN_OK;
  for (int i = 0; i < b->plan->blocks; i++)
    TARN_TRY(tarn__pass_remove_unused(b, b->plan->block[i]));
  return TARN_OK;
}

tarn_status tarn__plan_passes(tarn_builder *b) {
  const char *folder = tarn__knobs()->dump;
  const unsigned number = folder[0] ? tarn__dump_number() : 0;
  int stage = 0;
  if (folder[0]) TARN_TRY(tarn__dump_stage(b->plan, folder, number, stage++, "start"));
  TARN_TRY(remove_unused(b));
  for (const tarn_pass *pass = tarn__passes; pass->name; pass++) {
    if (!pass->run || tarn__pass_disabled(b, pass->name) ||
        !tarn__export_allows(pass->name, b->context->purpose))
      continue;
    for (int i = 0; i < b->plan->blocks; i++)
      TARN_TRY_IN(pass->run(b, b->plan->block[i]), "in pass '%s'", pass->name);
    TARN_TRY(remove_unused(b));
    if (folder[0]) TARN_TRY(tarn__dump_stage(b->plan, folder, number, stage++, pass->name));
  }
  return TARN_OK;
}
