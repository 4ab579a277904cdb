/* The functions of the module's table, one by one, as the library uses them; and, on the emulated
 * device, with each call that can fail failing once. Exit status 77: there is no device. */
#include "kernels/device.h"
#include "tests/unit/suite.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define OK(call) ck_assert_msg((call) == TARN_OK, "%s", tarn_error())

static const tarn_backend *backend;
static const tarn_device_api *api;
static tarn_device *device;

/* Of the emulated device; NULL on a real one. */
static long (*fail_at)(long);
static size_t (*allocations)(void);

/* y = relu(x) of n floats in device memory, put into a queue. */
static tarn_status relu(tarn_queue *queue, void *x, void *y, int64_t n) {
  const tarn_dtype dtype = TARN_F32;
  const tarn_shape shape = tarn__shape_vector(n);
  const tarn_problem p = {.op = "Relu",
                          .node = "relu",
                          .inputs = 1,
                          .outputs = 1,
                          .in_dtype = &dtype,
                          .out_dtype = &dtype,
                          .in_shape = &shape,
                          .out_shape = &shape};
  tarn_machine machine;
  tarn__machine_guess(1, &machine);
  tarn_kernel_ref k;
  if (!tarn__backend_select(backend, &p, &machine, TARN_TARGETS, &k)) return TARN_UNSUPPORTED;
  const tarn_tensor in = {.dtype = dtype, .shape = shape, .data = x};
  tarn_tensor out = {.dtype = dtype, .shape = shape, .data = y};
  const tarn_tensor *ins[] = {&in};
  tarn_tensor *outs[] = {&out};
  return k.kernel->run(&(tarn_call){.problem = &p, .in = ins, .out = outs, .queue = queue});
}

START_TEST(it_is_described) {
  tarn_device_info info;
  OK(api->describe(device, &info));
  ck_assert_uint_gt(strlen(info.name), 0);
  ck_assert_ptr_nonnull(strstr(info.versions, "cuDNN 9."));
  ck_assert_int_ge(info.major * 10 + info.minor, 75);
  ck_assert_int_gt(info.processors, 0);
  ck_assert(info.gflops > 0 && info.gbytes_per_s > 0);
  ck_assert_uint_gt(info.memory_bytes, 0);
  ck_assert_uint_le(info.free_bytes, info.memory_bytes);
}
END_TEST

START_TEST(memory_has_its_limits) {
  void *memory, *more;
  OK(api->alloc(device, 1000, &memory));
  ck_assert_uint_eq((uintptr_t)memory % 256, 0);
  api->free(device, memory);
  OK(api->alloc(device, 0, &memory));
  OK(api->alloc(device, 0, &more));
  ck_assert_ptr_ne(memory, more);
  api->free(device, memory);
  api->free(device, more);
  api->free(device, NULL);
  ck_assert_int_eq(api->alloc(device, (size_t)1 << 50, &memory), TARN_NO_MEMORY);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "no 1125899906842624 bytes of the device's memory"));
  OK(api->alloc(device, 1000, &memory));   /* and after that there is some */
  api->free(device, memory);
  OK(api->alloc_host(device, 0, &memory));
  api->free_host(device, memory);
}
END_TEST

START_TEST(an_ordinal_that_is_not_there) {
  tarn_device *none;
  ck_assert_int_eq(api->open(1000, &none), TARN_UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(tarn_error(), "there is no CUDA device 1000"));
}
END_TEST

START_TEST(copies_keep_their_order) {
  enum { N = 1000 };
  tarn_queue *queue;
  void *a, *b;
  float *host;
  OK(api->queue_create(device, &queue));
  OK(api->alloc(device, N * sizeof(float), &a));
  OK(api->alloc(device, N * sizeof(float), &b));
  OK(api->alloc_host(device, 2 * N * sizeof(float), (void **)&host));
  for (int i = 0; i < N; i++) host[i] = (float)(i - N / 2);
  OK(api->copy_in(queue, a, host, N * sizeof(float)));
  OK(relu(queue, a, b, N));
  OK(api->copy_within(queue, a, b, N / 2 * sizeof(float)));
  OK(api->copy_in(queue, a, host, 0));
  OK(api->copy_out(queue, host + N, a, N * sizeof(float)));
  OK(api->sync(queue));
  for (int i = 0; i < N; i++) ck_assert(host[N + i] == (i < N / 2 ? 0 : (float)(i - N / 2)));
  float fresh[N];
  for (int i = 0; i < N; i++) fresh[i] = (float)-i;
  OK(api->upload(device, a, fresh, sizeof fresh));
  fresh[7] = 0;   /* it has arrived */
  OK(api->copy_out(queue, host, a, sizeof fresh));
  OK(api->sync(queue));
  ck_assert(host[7] == -7);
  api->free_host(device, host);
  api->free(device, a);
  api->free(device, b);
  api->queue_destroy(queue);
}
END_TEST

/* All that a plan does with a queue. Whatever happened, nothing is left. */
static tarn_status all_at_once(float *sum) {
  enum { N = 300 };
  tarn_queue *queue = NULL;
  tarn_recording *recording = NULL;
  tarn_mark *first = NULL, *last = NULL;
  void *a = NULL, *host = NULL;
  float elements[N];
  tarn_status status, ended;
  for (int i = 0; i < N; i++) elements[i] = (float)(i % 5 - 2);
  TARN_GOTO(api->queue_create(device, &queue));
  TARN_GOTO(api->alloc(device, 2 * sizeof elements, &a));
  TARN_GOTO(api->alloc_host(device, sizeof elements, &host));
  TARN_GOTO(api->upload(device, a, elements, sizeof elements));
  TARN_GOTO(api->record_begin(queue));
  status = relu(queue, a, (char *)a + sizeof elements, N);
  if (status == TARN_OK)
    status = api->copy_within(queue, a, (char *)a + sizeof elements, sizeof elements);
  ended = api->record_end(queue, &recording);
  if (status == TARN_OK) status = ended;
  if (status != TARN_OK) goto done;
  TARN_GOTO(api->mark_create(device, &first));
  TARN_GOTO(api->mark_create(device, &last));
  TARN_GOTO(api->mark(queue, first));
  for (int i = 0; i < 3; i++) TARN_GOTO(api->replay(queue, recording));
  TARN_GOTO(api->mark(queue, last));
  TARN_GOTO(api->copy_out(queue, host, a, sizeof elements));
  TARN_GOTO(api->sync(queue));
  double us = -1;
  TARN_GOTO(api->mark_between(first, last, &us));
  if (us < 0) status = TARN_FAILED;
  *sum = 0;
  for (int i = 0; i < N; i++) *sum += ((float *)host)[i];
done:
  api->mark_destroy(first);
  api->mark_destroy(last);
  api->queue_destroy(queue);
  api->recording_destroy(recording);
  api->free(device, a);
  api->free_host(device, host);
  return status;
}

START_TEST(a_recording_repeats_work) {
  float sum;
  OK(all_at_once(&sum));
  ck_assert(sum == 180);   /* 60 times 1 + 2 */
}
END_TEST

START_TEST(every_call_may_fail) {
  if (!fail_at) return;
  const size_t before = allocations();
  long calls = 0;
  for (;; calls++) {
    float sum = 0;
    fail_at(calls);
    const tarn_status status = all_at_once(&sum);
    const long left = fail_at(-1);
    ck_assert_uint_eq(allocations(), before);
    if (left >= 0) {   /* none was left to fail */
      ck_assert_int_eq(status, TARN_OK);
      break;
    }
    /* what fails while things are given back is nobody's to report */
    ck_assert_msg(status != TARN_OK || sum == 180, "call %ld failed and nobody said so", calls);
    if (status != TARN_OK) ck_assert_uint_gt(strlen(tarn_error()), 0);
    OK(all_at_once(&sum));   /* and all is well after it */
    ck_assert(sum == 180);
  }
  ck_assert_int_gt(calls, 12);
}
END_TEST

static void *use(void *failed) {
  for (int i = 0; i < 20; i++) {
    float sum = 0;
    const tarn_status status = all_at_once(&sum);
    if (status == TARN_OK && sum == 180) continue;
    *(bool *)failed = true;
    fprintf(stderr, "%s, sum %g\n", status == TARN_OK ? "done" : tarn_error(), (double)sum);
  }
  return NULL;
}

START_TEST(threads_have_queues_of_their_own) {
  pthread_t threads[4];
  bool failed[4] = {false};
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, use, &failed[i]), 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 4; i++) ck_assert(!failed[i]);
}
END_TEST

int main(void) {
  if (tarn__backend_cuda(&backend) != TARN_OK) {
    printf("skipped: %s\n", tarn_error());
    return 77;
  }
  api = backend->api;
  device = backend->device;
  void *module = dlopen(getenv("TARN_CUDA_MODULE"), RTLD_NOW | RTLD_NOLOAD);
  if (module) {
    *(void **)&fail_at = dlsym(module, "tarn_emulated_fail");
    *(void **)&allocations = dlsym(module, "tarn_emulated_allocations");
  }
  const TTest *const tests[] = {it_is_described,
                                memory_has_its_limits,
                                an_ordinal_that_is_not_there,
                                copies_keep_their_order,
                                a_recording_repeats_work,
                                every_call_may_fail,
                                threads_have_queues_of_their_own,
                                NULL};
  return suite_run("the CUDA module", NULL, NULL, tests);
}
