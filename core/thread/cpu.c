/* CPU features from CPUID and XGETBV (Intel SDM volume 2A, CPUID), clamped by the isa knob. On
 * other architectures every feature is off and `reference` runs. */
#include "core/thread/cpu.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core/knobs.h"

#if defined(__x86_64__) || defined(__i386__)
#define ON_X86 1
#include <cpuid.h>
#include <xmmintrin.h>
#else
#define ON_X86 0
#endif

static tarn_cpu cpu;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if ON_X86
/* Which register sets the system saves (XCR0); 0 without XSAVE. */
static unsigned long long saved_registers(unsigned leaf1_ecx) {
  if (!(leaf1_ecx & bit_OSXSAVE)) return 0;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long long)high << 32 | low;
}

static void detect_name(char name[64]) {
  unsigned words[12];
  if ((unsigned)__get_cpuid_max(0x80000000u, NULL) < 0x80000004u) return;
  for (unsigned i = 0; i < 3; i++)
    __cpuid(0x80000002u + i, words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]);
  char text[sizeof words + 1] = {0};
  memcpy(text, words, sizeof words);
  const char *start = text + strspn(text, " ");
  if (*start) memcpy(name, start, strlen(start) + 1);
}

static void detect_features(tarn_cpu *c) {
  unsigned a, b, cx, dx, b7 = 0, c7 = 0, d7 = 0, a71 = 0;
  if (!__get_cpuid(1, &a, &b, &cx, &dx)) return;
  unsigned leaf1 = cx, subleaves = 0;
  if (__get_cpuid_count(7, 0, &subleaves, &b7, &c7, &d7) && subleaves >= 1) {
    unsigned unused_b, unused_c, unused_d;
    (void)__get_cpuid_count(7, 1, &a71, &unused_b, &unused_c, &unused_d);
  }
  unsigned long long saved = saved_registers(leaf1);
  bool ymm = (saved & 0x6) == 0x6,
       zmm = (saved & 0xe6) == 0xe6; /* XMM, YMM; opmask, both ZMM parts */
  unsigned fma_f16c = bit_AVX | bit_FMA | bit_F16C;
  unsigned all512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
  c->avx2 = ymm && (leaf1 & fma_f16c) == fma_f16c && (b7 & bit_AVX2);
  c->avx512 = c->avx2 && zmm && (b7 & all512) == all512;
  c->avx512_vnni = c->avx512 && (c7 & 1u << 11);
  c->avx512_bf16 = c->avx512 && (a71 & 1u << 5);
  c->avx_vnni = c->avx2 && (a71 & 1u << 4);
}
#endif

static size_t cache_bytes(int name, size_t otherwise) {
  long bytes = sysconf(name);
  return bytes > 0 ? (size_t)bytes : otherwise;
}

static void detect(void) {
  tarn_cpu c = {.name = "unknown"};
#if ON_X86
  detect_name(c.name);
  detect_features(&c);
#endif
  c.l1d_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, (size_t)32 << 10);
  c.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, (size_t)512 << 10);
  c.l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, (size_t)8 << 20);
  const char *isa = tarn__knobs()->isa;
  bool reference = strcmp(isa, "reference") == 0, avx2 = strcmp(isa, "avx2") == 0;
  if (reference) c.avx2 = c.avx_vnni = false;
  if (reference || avx2) c.avx512 = c.avx512_vnni = c.avx512_bf16 = false;
  cpu = c;
}

const tarn_cpu *tarn__cpu(void) {
  (void)pthread_once(&once, detect);
  return &cpu;
}

void tarn__wide_registers_done(void) {
#if ON_X86
  if (tarn__cpu()->avx2) __asm__ volatile("vzeroupper" ::: "memory");
#endif
}

#if ON_X86 && defined(__SSE__)
unsigned tarn__denormals_off(void) {
  unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040u); /* FTZ is bit 15, DAZ bit 6 */
  return saved;
}

void tarn__denormals_restore(unsigned saved) {
  _mm_setcsr(saved);
}
#elif defined(__aarch64__)
unsigned tarn__denormals_off(void) {
  unsigned long saved;
  __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
  __asm__ volatile("msr fpcr, %0" : : "r"(saved | 1ul << 24)); /* FZ */
  return (unsigned)saved;
}

void tarn__denormals_restore(unsigned saved) {
  __asm__ volatile("msr fpcr, %0" : : "r"((unsigned long)saved));
}
#else
unsigned tarn__denormals_off(void) {
  return 0;
}

void tarn__denormals_restore(unsigned saved) {
  (void)saved;
}
#endif
