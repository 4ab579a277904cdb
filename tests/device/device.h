/* The parts of a device for tests; see README.md. */
#ifndef TARN_TESTS_DEVICE_DEVICE_H
#define TARN_TESTS_DEVICE_DEVICE_H

#include "kernels/device.h"

extern const tarn_device_host *test_host;
/* A failure as the library hears of it; the message is this copy's last one when `why` is NULL. */
tarn_status test_fail(tarn_status status, const char *why);
/* The Nth call fails when the environment says so. */
tarn_status test_may_fail(const char *what);

/* ---- memory.c */
tarn_status memory_take(size_t bytes, void **memory);
void memory_give(void *memory);
/* The whole [memory, memory + bytes) is the device's. */
bool memory_holds(const void *memory, size_t bytes);
/* From here to memory_close the device's memory may be touched; several threads may have it
 * open. */
void memory_open(void);
void memory_close(void);

/* ---- queue.c: a piece of work; `argument` is freed by `drop`. */
tarn_status queue_put(tarn_queue *queue, tarn_status (*run)(void *argument),
                      void (*drop)(void *argument), void *argument);
tarn_status queue_create(tarn_device *device, tarn_queue **queue);
void queue_destroy(tarn_queue *queue);
tarn_status queue_sync(tarn_queue *queue);
tarn_status record_begin(tarn_queue *queue);
tarn_status record_end(tarn_queue *queue, tarn_recording **recording);
tarn_status replay(tarn_queue *queue, tarn_recording *recording);
void recording_destroy(tarn_recording *recording);
tarn_status mark_create(tarn_device *device, tarn_mark **mark);
void mark_destroy(tarn_mark *mark);
tarn_status mark_put(tarn_queue *queue, tarn_mark *mark);
tarn_status mark_between(const tarn_mark *first, const tarn_mark *last, double *us);
tarn_status copy_in(tarn_queue *queue, void *to, const void *from, size_t bytes);
tarn_status copy_out(tarn_queue *queue, void *to, const void *from, size_t bytes);
tarn_status copy_within(tarn_queue *queue, void *to, const void *from, size_t bytes);

/* Since the module was opened: waits for a queue, copies between the sides. */
typedef struct test_device_counts {
  long waits, copies_in, copies_out;
} test_device_counts;
void queue_counts(test_device_counts *counts);

/* ---- kernels.c: made at the first call; NULL: no memory */
const tarn_kernel_file *test_kernels(void);

#endif
