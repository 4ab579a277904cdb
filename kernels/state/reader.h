/* Readers: objects that take names of files from a queue and cut the files into records.
 * Thread-safe. */
#ifndef TARN_KERNELS_STATE_READER_H
#define TARN_KERNELS_STATE_READER_H

#include "core/bytes.h"
#include "kernels/params/input.h"
#include "kernels/run.h"
#include "kernels/state/waiting/queue.h"

typedef struct tarn_reader tarn_reader;

extern const tarn_object_type tarn__reader_type;

/* The next record of `file`, found at *at, which moves past it. TARN_END when there is none;
 * TARN_CORRUPT when the record lies. *number counts records or lines. key gets what follows the
 * file's name and a colon; text backs a record that had to be rebuilt. */
tarn_status tarn__record_next(const tarn_reader_params *p, const tarn_string *file, size_t *at,
                              int64_t *number, int64_t *key, tarn_bytes *text, tarn_string *record);

/* The reader of that name; retained for the caller. params must live as long as the session. */
tarn_status tarn__reader_get(tarn_resources *resources, const char *name,
                             const tarn_reader_params *params, tarn_reader **reader);
/* Up to n records from the next file that has any, into elements of the two string vectors [n].
 * Waits at the queue; TARN_END when it is closed and empty. */
tarn_status tarn__reader_read(tarn_reader *reader, const tarn_run *run, tarn_queue *queue,
                              int64_t n, tarn_tensor *keys, tarn_tensor *values, int64_t *count);
int64_t tarn__reader_produced(tarn_reader *reader);
int64_t tarn__reader_completed(tarn_reader *reader);   /* files read to their end */
/* Where a reader is, as TensorFlow's ReaderBaseState message; readers that stop inside of files
 * have none: TARN_FAILED. */
tarn_status tarn__reader_serialize(tarn_reader *reader, tarn_tensor *state);
tarn_status tarn__reader_restore(tarn_reader *reader, const tarn_string *state);
void tarn__reader_reset(tarn_reader *reader);

#endif
