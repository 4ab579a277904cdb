/* Copies of rows between tensors of different row lengths, some pieces of a row each: what joining
 * and parting come down to.
 *
 * All pieces of a few rows go before those of the next, so that what they share, the rows of the
 * whole tensor, is in the cache once; one piece after the other would go through it as often as
 * there are pieces. */
#ifndef TARN_KERNELS_CPU_ARRAY_VIEWS_ROW_PIECES_H
#define TARN_KERNELS_CPU_ARRAY_VIEWS_ROW_PIECES_H

#include "kernels/cpu/array/elements.h"

/* `run` elements of every row: row r goes from from_at + r * from_row to to_at + r * to_row. */
typedef struct tarn_row_piece {
  tarn_tensor *to;
  const tarn_tensor *from;
  int64_t run, to_at, to_row, from_at, from_row;
} tarn_row_piece;

/* Pieces must lie within their tensors, which are of one dtype, and not overlap. Rows of plain
 * dtypes are shared among the threads. */
tarn_status tarn__copy_row_pieces(const tarn_row_piece *pieces, int count, int64_t rows,
                                  tarn_pool *pool);

#endif
