/* _Elementwise: a program of functions of single elements, f32, in one pass over memory.
 *
 * A thread takes V neighbours of y (4, or 1 where rows of the folded axes are not multiples of
 * four) through all instructions. The last result stays in registers, where most chains want it;
 * others lie in the thread's own column of shared memory, by the slots that the planner gave
 * (params/elementwise.h), so no thread waits for another. The program is uniform: every warp takes
 * the same way through the switch. Shared memory: SLOTS * THREADS * 16 bytes, at most 32 KiB. */
#include "kernels/cuda/elementwise/launch.h"
#include "kernels/cuda/elementwise/map.cuh"

#define RESULT(E) ((A)(E))
UNARY_ARITHMETIC(UNARY_FUNCTOR)
UNARY_EXPONENTIAL(UNARY_FUNCTOR)
BINARY_ARITHMETIC(BINARY_FUNCTOR)
BINARY_DIVISION(BINARY_FUNCTOR)
BINARY_GRADIENT(BINARY_FUNCTOR)

/* The rows of functions.h that are those of f32. */
using unary_Relu_FLOAT = unary_Relu_ORDERED;
using unary_Relu6_FLOAT = unary_Relu6_ORDERED;
using unary_Inv_FLOAT = unary_Reciprocal_FLOAT;
using unary_Round_FLOAT = unary_Rint_FLOAT;
using binary_AddV2_FLOAT = binary_Add_FLOAT;
using binary_BiasAdd_FLOAT = binary_Add_FLOAT;
using binary_BiasAddV1_FLOAT = binary_Add_FLOAT;
using binary_Div_FLOAT = binary_RealDiv_FLOAT;
using binary_SquaredDifference_FLOAT = binary_SquaredDifference_WIDE_FLOAT;

template <int V>
__device__ inline void apply(int code, float alpha, const pack<float, V> &a,
                             const pack<float, V> &b, pack<float, V> &y) {
  switch (code) {
#define X(NAME)                                                                                   \
  case TARN_ELEMENTWISE_##NAME:                                                                   \
    _Pragma("unroll") for (int k = 0; k < V; k++) y.at[k] = unary_##NAME##_FLOAT{alpha}(a.at[k]); \
    break;
    TARN_ELEMENTWISE_UNARY_MAP(X)
#undef X
#define X(NAME)                                             \
  case TARN_ELEMENTWISE_##NAME:                             \
    _Pragma("unroll") for (int k = 0; k < V; k++) y.at[k] = \
        binary_##NAME##_FLOAT{alpha}(a.at[k], b.at[k]);     \
    break;
    TARN_ELEMENTWISE_BINARY_MAP(X)
#undef X
    default:
      break;
  }
}

/* Element i of the index, along up to three axes, which are what most chains have: an argument's
 * offset is then three products. (An array of all arguments' offsets would lie in memory.) */
enum { FEW = 3 };
struct place {
  int64_t i, at[FEW];
};
__device__ inline place place_of(const tarn_view_axes &axes, int64_t i) {
  place p = {i, {i, 0, 0}};
  if (axes.rank == 1 || axes.rank > FEW) return p;
  if (axes.elements <= INT32_MAX) {
    const uint32_t first = (uint32_t)i / (uint32_t)axes.dim[0];
    p.at[0] = (uint32_t)i - first * (uint32_t)axes.dim[0];
    const uint32_t second = axes.rank > 2 ? first / (uint32_t)axes.dim[1] : 0;
    p.at[1] = axes.rank > 2 ? first - second * (uint32_t)axes.dim[1] : first;
    p.at[2] = second;
  } else {
    const int64_t first = i / axes.dim[0], second = axes.rank > 2 ? first / axes.dim[1] : 0;
    p.at[0] = i - first * axes.dim[0];
    p.at[1] = axes.rank > 2 ? first - second * axes.dim[1] : first;
    p.at[2] = second;
  }
  return p;
}
/* Steps beyond the rank are 0. */
__device__ inline int64_t offset_of(const tarn_view_axes &axes, const place &p,
                                    const int64_t *step) {
  if (axes.rank <= FEW) return p.at[0] * step[0] + p.at[1] * step[1] + p.at[2] * step[2];
  int64_t offset = 0, rest = p.i;
  for (int d = 0; d < axes.rank; d++) {
    offset += rest % axes.dim[d] * step[d];
    rest /= axes.dim[d];
  }
  return offset;
}

template <int V, int SLOTS, int THREADS>
__global__ void __launch_bounds__(THREADS) program_run(const tarn_cuda_program p, float *y) {
  __shared__ pack<float, V> room[SLOTS * THREADS];
  for (int64_t i = EACH_FIRST * V; i < p.axes.elements; i += EACH_STEP * V) {
    const place here = place_of(p.axes, i);
    pack<float, V> last = {};
    for (int k = 0; k < p.ops; k++) {
      pack<float, V> operand[2] = {};
      for (int side = 0; side < 2; side++) {
        const int which = side ? p.op[k].b : p.op[k].a;
        if (which < 0) continue;
        if (which < p.args)
          operand[side] = read_row<float, V>(p.arg[which], offset_of(p.axes, here, p.step[which]),
                                             p.step[which][0]);
        else if (which == p.args + k - 1)
          operand[side] = last;
        else
          operand[side] = room[p.op[which - p.args].slot * THREADS + (int)threadIdx.x];
      }
      apply<V>(p.op[k].code, p.op[k].alpha, operand[0], operand[1], last);
      if (p.op[k].slot >= 0) room[p.op[k].slot * THREADS + (int)threadIdx.x] = last;
    }
    *(pack<float, V> *)(y + i) = last;
  }
}

template <int V>
static int launch(cudaStream_t stream, const tarn_cuda_program *p, float *y) {
  const int64_t n = p->axes.elements / V;
  if (p->slots <= 4)
    TARN_LAUNCH((program_run<V, 4, 256>), each_blocks_of(n, 256), 256, 0, stream, *p, y);
  else if (p->slots <= 8)
    TARN_LAUNCH((program_run<V, 8, 256>), each_blocks_of(n, 256), 256, 0, stream, *p, y);
  else
    TARN_LAUNCH((program_run<V, TARN_ELEMENTWISE_STEPS, 64>), each_blocks_of(n, 64), 64, 0, stream,
                *p, y);
  return tarn_launched();
}

extern "C" int tarn__cuda_program(cudaStream_t stream, const tarn_cuda_program *p, float *y) {
  bool fits = p->axes.elements % 4 == 0 && each_aligned(y, 16);
  for (int i = 0; i < p->args && fits; i++)
    fits = each_row_fits(p->axes, p->step[i], p->arg[i], 4, sizeof(float));
  return fits ? launch<4>(stream, p, y) : launch<1>(stream, p, y);
}
