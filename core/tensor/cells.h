/* Where the bytes of a tensor's strings are: cells of a few sizes, cut from blocks that go with the
 * tensor. A string a cell costs no call of the allocator, and a cell that is given back is taken
 * again, so that strings which are set anew and anew need no more memory than the most there ever
 * were of each size. Long strings have blocks of their own.
 *
 * Zeroed storage is an empty store. The allocator is the same in all calls. Not thread-safe: one
 * writer. */
#ifndef TARN_CORE_TENSOR_CELLS_H
#define TARN_CORE_TENSOR_CELLS_H

#include "core/memory.h"

enum { TARN_CELL_SIZES = 8 };

typedef struct tarn_cell_block tarn_cell_block;
typedef struct tarn_cells {
  void
      *spare[TARN_CELL_SIZES]; /* cells given back, of each size, each with the next at its start */
  tarn_cell_block *blocks;
  char *at; /* the cells of the newest block that were never taken: `left` bytes */
  size_t left;
} tarn_cells;

/* Room for a string of `bytes` > 0; NULL and a TARN_NO_MEMORY message on failure. `strings`: about
 * how many there will be. */
char *tarn__cells_take(tarn_cells *cells, const tarn_allocator *a, size_t bytes, int64_t strings);
/* `bytes` is what it was taken for; NULL passes. */
void tarn__cells_give(tarn_cells *cells, const tarn_allocator *a, char *room, size_t bytes);
/* true when a string of `bytes` has a block of its own, which tarn__cells_clear does not free. */
bool tarn__cells_is_long(size_t bytes);
/* Frees the blocks of cells. */
void tarn__cells_clear(tarn_cells *cells, const tarn_allocator *a);

#endif
