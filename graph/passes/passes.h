/* Rewrites of a plan's blocks, one file each. A pass changes steps and values of a block after
 * shapes and known elements have been found and before kernels are chosen; it makes only rewrites
 * that it can prove. Each can be switched off by name. */
#ifndef TARN_GRAPH_PASSES_PASSES_H
#define TARN_GRAPH_PASSES_PASSES_H

#include "graph/plan/builder.h"

/* run NULL: it is done where its file says (while shapes are found, after every other pass). */
typedef struct tarn_pass {
  const char *name, *help;
  tarn_status (*run)(tarn_builder *b, tarn_block *block);
} tarn_pass;

tarn_status tarn__pass_forward_identity(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_straighten_frame(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_straighten_while(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_recurrent(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_channels_last(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_merge_equal(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_simplify(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_pad_unique(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_fuse_rows(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_fuse_product(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_chain_convolutions(tarn_builder *b,
                                          tarn_block *block); /* chain_convolutions.c */
tarn_status tarn__pass_narrow(tarn_builder *b, tarn_block *block);
tarn_status tarn__pass_fuse_elementwise(tarn_builder *b, tarn_block *block);

/* Not enabled: named by the session, or all are. */
bool tarn__pass_disabled(const tarn_builder *b, const char *name);
/* Steps without effect whose outputs nobody uses (any more) go, and constants that nobody uses with
 * them (remove_unused.c). */
tarn_status tarn__pass_remove_unused(tarn_builder *b, tarn_block *block);
/* The elements of a step's outputs, computed now where that is allowed and does not make the model
 * larger (fold_constants.c). dtype, shape, value: of the step's inputs, and shapes of its outputs
 * after them; value[i] NULL: not known. What is found is set in the block's values. */
tarn_status tarn__fold_step(tarn_builder *b, tarn_block *block, int at, const tarn_dtype *dtype,
                            const tarn_shape *shape, const tarn_tensor **value);

/* Of a straight loop: variables that no round changes become inputs that enter once
 * (straighten_frame.c). */
void tarn__loop_drop_invariants(tarn_block *block);

/* In the order they run, ended by an empty row. */
extern const tarn_pass tarn__passes[];

#endif
