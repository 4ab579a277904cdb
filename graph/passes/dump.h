/* Plans written out while they are optimised: TARN_DUMP names a folder that gets, for each plan, a
 * GraphDef as text and a DOT drawing of every block, before the first pass (stage 0) and after
 * each one.
 *
 *   DIR/plan0003-05-simplify-block0.pbtxt, .dot
 *
 * Steps that TensorFlow has no op for have names of their own (_Loop, _Gate); the blocks
 * that a step runs are in its attribute _blocks. Constants of more than a KiB are written without
 * their elements. */
#ifndef TARN_GRAPH_PASSES_DUMP_H
#define TARN_GRAPH_PASSES_DUMP_H

#include "graph/plan.h"

/* A number for a plan of this process. */
unsigned tarn__dump_number(void);
/* Writes every block. `pass` becomes part of file names: letters, digits and '_' only, TARN_INVALID
 * otherwise. TARN_IO when a file cannot be written. */
tarn_status tarn__dump_stage(const tarn_plan *plan, const char *folder, unsigned number, int stage,
                             const char *pass);

#endif
