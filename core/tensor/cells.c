/* Cells for short strings: see cells.h. */
#include "core/tensor/cells.h"

#include <string.h>

/* Cells of 8, 16, 24, 32, 48, 64, 96 and 128 bytes. A block holds BLOCK bytes of them at most. */
enum { LONGEST = 128, BLOCK = 1 << 16 };

struct tarn_cell_block {
  tarn_cell_block *next;
  size_t bytes; /* of the whole block */
};

/* Where the cells begin: behind the head, 16-aligned. */
#define HEAD ((sizeof(tarn_cell_block) + 15) / 16 * 16)

bool tarn__cells_is_long(size_t bytes) {
  return bytes > LONGEST;
}

static size_t cell_of(size_t bytes, int *size) {
  if (bytes <= 32) {
    *size = (int)((bytes - 1) / 8);
    return ((size_t)*size + 1) * 8;
  }
  *size = bytes <= 48 ? 4 : bytes <= 64 ? 5 : bytes <= 96 ? 6 : 7;
  return bytes <= 48 ? 48 : bytes <= 64 ? 64 : bytes <= 96 ? 96 : 128;
}

/* A block with room for a cell: what all strings would need were they no longer than this one, or
 * twice the last block. */
static bool grow(tarn_cells *cells, const tarn_allocator *a, size_t cell, int64_t strings) {
  size_t bytes =
      strings < BLOCK / (int64_t)cell ? (size_t)(strings > 0 ? strings : 1) * cell : BLOCK;
  if (cells->blocks && 2 * cells->blocks->bytes > bytes) bytes = 2 * cells->blocks->bytes;
  if (bytes > BLOCK) bytes = BLOCK;
  tarn_cell_block *block = tarn__alloc_small(a, HEAD + bytes);
  if (!block) return false;
  *block = (tarn_cell_block){cells->blocks, HEAD + bytes};
  cells->blocks = block;
  cells->at = (char *)block + HEAD;
  cells->left = bytes;
  return true;
}

char *tarn__cells_take(tarn_cells *cells, const tarn_allocator *a, size_t bytes, int64_t strings) {
  if (tarn__cells_is_long(bytes)) return tarn__alloc_small(a, bytes);
  int size;
  const size_t cell = cell_of(bytes, &size);
  char *room = cells->spare[size];
  if (room) {
    memcpy(&cells->spare[size], room, sizeof cells->spare[size]);
    return room;
  }
  if (cells->left < cell && !grow(cells, a, cell, strings)) return NULL;
  room = cells->at;
  cells->at += cell;
  cells->left -= cell;
  return room;
}

void tarn__cells_give(tarn_cells *cells, const tarn_allocator *a, char *room, size_t bytes) {
  if (!room || tarn__cells_is_long(bytes)) {
    tarn__free(a, room, bytes);
    return;
  }
  int size;
  (void)cell_of(bytes, &size);
  memcpy(room, &cells->spare[size], sizeof cells->spare[size]);
  cells->spare[size] = room;
}

void tarn__cells_clear(tarn_cells *cells, const tarn_allocator *a) {
  while (cells->blocks) {
    tarn_cell_block *block = cells->blocks;
    cells->blocks = block->next;
    tarn__free(a, block, block->bytes);
  }
  *cells = (tarn_cells){.blocks = NULL};
}
