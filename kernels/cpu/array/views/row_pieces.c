/* Rows of a block are so many that its results fill half of L1 or, of long rows, one row. Results
 * that are streamed are put together in a stage first: dense rows leave as whole lines. */
#include "kernels/cpu/array/views/row_pieces.h"

#include "kernels/cpu/array/stream.h"
#include "kernels/cpu/array/views/view_copy.h"

enum { BLOCK_BYTES = 1 << 14, CHUNK_BYTES = 1 << 18, LONG_PIECE = 1024 };

typedef struct job {
  const tarn_row_piece *pieces;
  int count;
  int64_t size;                  /* of an element */
  int64_t rows, row_bytes;       /* row_bytes: of all pieces */
  int64_t block, chunk;          /* rows */
  bool joined;                   /* pieces follow each other in dense rows of one result */
  bool streams;                  /* the results are larger than the caches */
} job;

/* n rows of a constant number of bytes: a load and a store, or a few. */
#define ROWS_OF(BYTES)                                                                         \
  case BYTES:                                                                                  \
    for (int64_t r = 0; r < n; r++, to += to_step, from += from_step) memcpy(to, from, BYTES); \
    return;

/* A few bytes in two words that may overlap. */
#define OVERLAPPING(WORD)                                                                       \
  for (int64_t r = 0; r < n; r++, to += to_step, from += from_step) {                           \
    WORD first, last;                                                                           \
    memcpy(&first, from, sizeof first), memcpy(&last, from + bytes - sizeof last, sizeof last); \
    memcpy(to, &first, sizeof first), memcpy(to + bytes - sizeof last, &last, sizeof last);     \
  }

static void copy_rows(char *to, int64_t to_step, const char *from, int64_t from_step, size_t bytes,
                      int64_t n) {
  if (to_step == (int64_t)bytes && from_step == (int64_t)bytes) {
    memcpy(to, from, bytes * (size_t)n);
    return;
  }
  switch (bytes) {
    ROWS_OF(1)
    ROWS_OF(2) ROWS_OF(3) ROWS_OF(4) ROWS_OF(8) ROWS_OF(12) ROWS_OF(16) ROWS_OF(24) ROWS_OF(32)
        ROWS_OF(48) ROWS_OF(64) default : break;
  }
  if (bytes < 8) {
    OVERLAPPING(uint32_t)
  } else if (bytes < 16) {
    OVERLAPPING(uint64_t)
  } else if (bytes <= 128) {
    for (int64_t r = 0; r < n; r++, to += to_step, from += from_step) {
      for (size_t k = 0; k + 16 < bytes; k += 16) memcpy(to + k, from + k, 16);
      memcpy(to + bytes - 16, from + bytes - 16, 16);
    }
  } else {
    for (int64_t r = 0; r < n; r++, to += to_step, from += from_step) memcpy(to, from, bytes);
  }
}
#undef ROWS_OF
#undef OVERLAPPING

static char *to_of(const job *j, const tarn_row_piece *p, int64_t row) {
  return (char *)p->to->data + (p->to_at + row * p->to_row) * j->size;
}
static void copy_piece(const job *j, const tarn_row_piece *p, int64_t row, int64_t n, char *to,
                       int64_t to_step) {
  const char *from = (const char *)p->from->data + (p->from_at + row * p->from_row) * j->size;
  copy_rows(to, to_step, from, p->from_row * j->size, (size_t)(p->run * j->size), n);
}

static void copy_block(const job *j, int64_t row, int64_t n, char *stage) {
  const bool staged = j->streams && n * j->row_bytes <= BLOCK_BYTES;
  int64_t at = 0;
  for (int i = 0; i < j->count; i++) {
    const tarn_row_piece *p = &j->pieces[i];
    const int64_t bytes = p->run * j->size;
    if (bytes == 0) continue;
    if (staged && j->joined) {
      copy_piece(j, p, row, n, stage + at, j->row_bytes);
      at += bytes;
    } else if (staged && p->to_row == p->run) {
      copy_piece(j, p, row, n, stage, bytes);
      tarn__stream_copy(to_of(j, p, row), stage, (size_t)(n * bytes));
    } else if (j->streams && bytes >= LONG_PIECE) {
      for (int64_t r = row; r < row + n; r++)
        tarn__stream_copy(to_of(j, p, r),
                          (const char *)p->from->data + (p->from_at + r * p->from_row) * j->size,
                          (size_t)bytes);
    } else {
      copy_piece(j, p, row, n, to_of(j, p, row), p->to_row * j->size);
    }
  }
  if (staged && j->joined)
    tarn__stream_copy(to_of(j, j->pieces, row), stage, (size_t)(n * j->row_bytes));
}

static tarn_status run_chunk(void *argument, int64_t chunk, int worker) {
  (void)worker;
  const job *j = argument;
  const int64_t end = (chunk + 1) * j->chunk < j->rows ? (chunk + 1) * j->chunk : j->rows;
  char stage[BLOCK_BYTES];
  for (int64_t row = chunk * j->chunk; row < end; row += j->block)
    copy_block(j, row, end - row < j->block ? end - row : j->block, stage);
  if (j->streams) tarn__stream_end();
  return TARN_OK;
}

/* A row that is all there is: its pieces are copies by themselves, cut up for the threads as rows
 * are. */
static tarn_status copy_long(const tarn_row_piece *pieces, int count, tarn_pool *pool) {
  for (int i = 0; i < count; i++) {
    const tarn_row_piece *p = &pieces[i];
    const int64_t part = CHUNK_BYTES / (int64_t)tarn_dtype_bytes(p->to->dtype),
                  whole = p->run / part;
    tarn_row_piece cut = {.to = p->to,
                          .from = p->from,
                          .run = part,
                          .to_at = p->to_at,
                          .to_row = part,
                          .from_at = p->from_at,
                          .from_row = part};
    if (whole > 1) TARN_TRY(tarn__copy_row_pieces(&cut, 1, whole, pool));
    const int64_t done = whole > 1 ? whole * part : 0;
    TARN_TRY(tarn__move(p->to, p->to_at + done, p->from, p->from_at + done, p->run - done));
  }
  return TARN_OK;
}

tarn_status tarn__copy_row_pieces(const tarn_row_piece *pieces, int count, int64_t rows,
                                  tarn_pool *pool) {
  if (count == 0 || rows == 0) return TARN_OK;
  if (!tarn__is_plain(pieces->to->dtype)) {
    for (int i = 0; i < count; i++) {
      const tarn_row_piece *p = &pieces[i];
      tarn_view_copy c = {.to_at = p->to_at, .from_at = p->from_at};
      tarn__view_add(&c, rows, p->to_row, p->from_row);
      tarn__view_add(&c, p->run, 1, 1);
      TARN_TRY(tarn__view_copy_run(&c, p->to, p->from, pool));
    }
    return TARN_OK;
  }
  if (rows == 1) return copy_long(pieces, count, pool);
  job j = {.pieces = pieces,
           .count = count,
           .size = (int64_t)tarn_dtype_bytes(pieces->to->dtype),
           .rows = rows,
           .joined = true};
  int64_t at = pieces->to_at;
  for (int i = 0; i < count; at += pieces[i++].run)
    j.joined = j.joined && pieces[i].to == pieces->to && pieces[i].to_at == at;
  j.joined = j.joined && at - pieces->to_at == pieces->to_row;
  for (int i = 0; i < count; i++) j.row_bytes += pieces[i].run * j.size;
  if (j.row_bytes == 0) return TARN_OK;
  j.streams = (size_t)(j.row_bytes * rows) >= TARN_STREAM_BYTES;
  j.block = j.row_bytes < BLOCK_BYTES ? BLOCK_BYTES / j.row_bytes : 1;
  j.chunk = j.row_bytes < CHUNK_BYTES ? CHUNK_BYTES / j.row_bytes / j.block * j.block : 1;
  return tarn__pool_run(j.chunk < rows ? pool : NULL, (rows + j.chunk - 1) / j.chunk, run_chunk,
                        &j);
}
