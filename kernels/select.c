/* Which kernel runs a problem: the one asked for, else the cheapest that can. */
#include "core/thread/cpu.h"
#include "kernels/device.h"

#include <math.h>
#include <stdio.h>

/* The dtype that a kernel's `dtypes` are about; TARN_NO_DTYPE when the problem has no such input or
 * output. */
static tarn_dtype keyed_dtype(const tarn_kernel *k, const tarn_problem *p) {
  if (k->keyed >= 0) return k->keyed < p->inputs ? p->in_dtype[k->keyed] : TARN_NO_DTYPE;
  int output = -1 - k->keyed;
  return output < p->outputs ? p->out_dtype[output] : TARN_NO_DTYPE;
}

static const char *refuse_dtype(tarn_dtype dtype) {
  switch (dtype) {
    case TARN_NO_DTYPE: return "the dtype it looks at is not known";
#define X(name, number, bytes, text) case name: return "does not take " text;
      TARN_DTYPE_MAP(X)
#undef X
  }
  return "does not take this dtype";
}

const char *tarn__kernel_refusal(tarn_kernel_ref k, const tarn_problem *p) {
  const char *why = tarn__target_refusal(k.file->target);
  if (why) return why;
  if (k.kernel->dtypes) {
    tarn_dtype dtype = keyed_dtype(k.kernel, p);
    if (!tarn__dtype_in(dtype, k.kernel->dtypes)) return refuse_dtype(dtype);
  }
  if (k.kernel->precision > p->precision)
    return k.kernel->precision == TARN_PRECISION_TF32
               ? "multiplies in tf32, which --precision does not allow"
           : k.kernel->precision == TARN_PRECISION_BF16
               ? "multiplies in bf16, which --precision does not allow"
               : "multiplies in int8, which --precision does not allow";
  return k.kernel->supports ? k.kernel->supports(p) : NULL;
}

static double tensor_bytes(const tarn_shape *shape, tarn_dtype dtype) {
  if (shape->rank < 0) return 0;
  double bytes = (double)tarn_dtype_bytes(dtype);
  for (int i = 0; i < shape->rank; i++) bytes *= (double)shape->dim[i];
  return bytes;
}

/* Packed weights that are larger than the originals: by more than the rounding up of small ones. */
static bool expands(tarn_kernel_ref k, const tarn_problem *p) {
  const size_t packed = k.kernel->prepared_bytes ? k.kernel->prepared_bytes(p) : 0;
  double stable = 0;
  for (int i = 0; packed && i < p->inputs; i++)
    if (p->stable && p->stable[i]) stable += tensor_bytes(&p->in_shape[i], p->in_dtype[i]);
  return (double)packed > 1.2 * stable + 65536;
}

double tarn__kernel_cost_us(tarn_kernel_ref k, const tarn_problem *p, const tarn_machine *m) {
  if (k.kernel->cost_us) return k.kernel->cost_us(p, m);
  double bytes = 0;
  for (int i = 0; i < p->inputs; i++) bytes += tensor_bytes(&p->in_shape[i], p->in_dtype[i]);
  for (int i = 0; i < p->outputs; i++) bytes += tensor_bytes(&p->out_shape[i], p->out_dtype[i]);
  /* 1 GB/s is 1000 bytes a microsecond. */
  double us = bytes / (1e3 * m->gbytes_per_s);
  if (tarn__target_on_device(k.file->target)) return 4 + us;   /* a launch */
  return k.file->target == TARN_TARGET_REFERENCE ? 8 * us : us;
}

/* Assumes 3.5 GHz and two vector units: 2 flops an FMA, 8 or 16 lanes. AMD cores run a 512-bit
 * operation in two halves, so AVX-512 gains them little; Intel's server cores have both units at
 * full width. Scalar C without vectors gets about a multiply-add a cycle at best, and half of that
 * with the loads around it. The numbers only rank kernels; tuned choices replace them. */
void tarn__machine_guess(int threads, tarn_machine *machine) {
  const tarn_cpu *cpu = tarn__cpu();
  double avx2 = 3.5 * 8 * 2 * 2;
  double avx512 =
      strstr(cpu->name, "AMD") ? avx2 : 1.7 * avx2; /* the clock drops under 512-bit load */
  *machine = (tarn_machine){.threads = threads < 1 ? 1 : threads, .gbytes_per_s = 25};
  machine->gflops[TARN_TARGET_REFERENCE] = 3.5;
  machine->gflops[TARN_TARGET_AVX2] = avx2;
  machine->gflops[TARN_TARGET_AVX512] = avx512;
  machine->gflops[TARN_TARGET_OPENBLAS] = 0.8 * (cpu->avx512 ? avx512
                                                 : cpu->avx2 ? avx2
                                                             : 3.5 * 4 * 2);
  machine->gflops[TARN_TARGET_CUDA] = machine->gflops[TARN_TARGET_CUBLAS] =
      machine->gflops[TARN_TARGET_CUDNN] = 10000;
}

/* The cheapest of those with `target` (TARN_TARGETS: any) that can; false when none can. Equal
 * costs: the later. With any target `reference` is the last resort, however small the problem: it
 * sums in double and would give other last digits than the kernels (and TensorFlow) do. */
static bool cheapest(const tarn_kernel_ref *rows, size_t count, const tarn_problem *p,
                     const tarn_machine *m, tarn_target target, tarn_kernel_ref *chosen) {
  bool found = false;
  double best = 0;
  for (size_t i = 0; i < count; i++) {
    if (target != TARN_TARGETS && rows[i].file->target != target) continue;
    if (tarn__kernel_refusal(rows[i], p)) continue;
    double cost = tarn__kernel_cost_us(rows[i], p, m);
    if (target == TARN_TARGETS && rows[i].file->target == TARN_TARGET_REFERENCE) cost = HUGE_VAL;
    /* the last resort but for the reference, which sums in another order */
    if (m->low_memory && cost < HUGE_VAL && expands(rows[i], p)) cost = 1e300;
    if (!(cost >= 0)) cost = HUGE_VAL;   /* an estimate that is no number counts as the dearest */
    if (found && cost > best) continue;
    found = true;
    best = cost;
    *chosen = rows[i];
  }
  return found;
}

static tarn_status refuse(const tarn_kernel_ref *rows, size_t count, const tarn_problem *p) {
  char text[1500], name[120];
  size_t used = 0;
  if (!count) return tarn_fail(TARN_UNSUPPORTED, "op %s has no kernel", p->op);
  text[0] = 0;
  for (size_t i = 0; i < count && used < sizeof text; i++) {
    int wrote = snprintf(text + used, sizeof text - used, "%s%s: %s", i ? "; " : "",
                         tarn__kernel_full_name(rows[i], name, sizeof name),
                         tarn__kernel_refusal(rows[i], p));
    if (wrote < 0) break;
    used += (size_t)wrote;
  }
  return tarn_fail(TARN_UNSUPPORTED, "no kernel of op %s can do this: %s", p->op, text);
}

tarn_status tarn__kernel_select(const tarn_problem *p, const tarn_machine *m, tarn_target request,
                                tarn_kernel_ref *chosen) {
  size_t count;
  const tarn_kernel_ref *rows = tarn__kernels_of(p->op, &count);
  if (request != TARN_TARGETS) {
    if (cheapest(rows, count, p, m, request, chosen)) return TARN_OK;
    if (cheapest(rows, count, p, m, TARN_TARGET_REFERENCE, chosen)) return TARN_OK;
  }
  if (cheapest(rows, count, p, m, TARN_TARGETS, chosen)) return TARN_OK;
  return refuse(rows, count, p);
}
