/* What a compiler's -fsanitize=thread makes of accesses to memory: calls of these functions, which
 * are our own here, not that sanitizer's; and what -fsanitize=alignment makes of an address that is
 * not a multiple of what its type wants. */
#include <tarn_emulated.h>

#include <cstdio>

#include "check.h"

#ifdef TARN_CHECKED /* a build without sanitizers, whose libraries have them */

const bool tarn_emulated::accesses_are_told = true;
using namespace tarn_emulated;

namespace {

inline void note(access kind, const void *at, size_t bytes, const void *site) {
  if (here.working && !here.quiet) note_access(kind, at, bytes, site);
}
inline void note_whole(access kind, const void *at, size_t bytes, const void *site) {
  if (!here.working || here.quiet) return;
  if (reinterpret_cast<uintptr_t>(at) % bytes)
    note_wrong("an address that is not aligned", at, bytes, site);
  note_access(kind, at, bytes, site);
}
inline void note_volatile(bool writes, const void *at, size_t bytes, const void *site) {
  if (!here.working || here.quiet) return;
  note_whole(writes ? access::store : access::load, at, bytes, site);
  atomic_passed(at, !writes, writes);
}

}  // namespace

extern "C" {

#define SITE __builtin_return_address(0)
#define ENTRIES(BYTES)                                    \
  void __tsan_read##BYTES(void *at) {                     \
    note_whole(access::read, at, BYTES, SITE);            \
  }                                                       \
  void __tsan_write##BYTES(void *at) {                    \
    note_whole(access::write, at, BYTES, SITE);           \
  }                                                       \
  void __tsan_unaligned_read##BYTES(void *at) {           \
    note(access::read, at, BYTES, SITE);                  \
  }                                                       \
  void __tsan_unaligned_write##BYTES(void *at) {          \
    note(access::write, at, BYTES, SITE);                 \
  }                                                       \
  void __tsan_volatile_read##BYTES(void *at) {            \
    note_volatile(false, at, BYTES, SITE);                \
  }                                                       \
  void __tsan_volatile_write##BYTES(void *at) {           \
    note_volatile(true, at, BYTES, SITE);                 \
  }                                                       \
  void __tsan_unaligned_volatile_read##BYTES(void *at) {  \
    note_volatile(false, at, BYTES, SITE);                \
  }                                                       \
  void __tsan_unaligned_volatile_write##BYTES(void *at) { \
    note_volatile(true, at, BYTES, SITE);                 \
  }
ENTRIES(1)
ENTRIES(2)
ENTRIES(4)
ENTRIES(8)
ENTRIES(16)
#undef ENTRIES
void __tsan_read_range(void *at, size_t bytes) {
  note(access::read, at, bytes, SITE);
}
void __tsan_write_range(void *at, size_t bytes) {
  note(access::write, at, bytes, SITE);
}
void __tsan_init(void) {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit(void) {}
void __tsan_vptr_update(void **, void *) {}
void __tsan_vptr_read(void **) {}

struct misaligned {
  const char *file;
  unsigned line, column;
  const void *type;
  unsigned char log_alignment, kind;
};
void __ubsan_handle_type_mismatch_v1(misaligned *where, void *at) {
  if (!here.working || here.quiet) return;
  char text[200];
  snprintf(text, sizeof text, "%s:%u: an address that is not a multiple of %u", where->file,
           where->line, 1u << where->log_alignment);
  note_wrong(text, at, 0, SITE);
}
}

#else
const bool tarn_emulated::accesses_are_told = false;
#endif

namespace tarn_emulated {

atomic_access::atomic_access(const void *at, size_t bytes) {
  if (!here.working) return;
  note_access(access::atomic, at, bytes, __builtin_return_address(0));
  atomic_passed(at, true, true);
  here.quiet = true;
}
atomic_access::~atomic_access() {
  here.quiet = false;
}

}  // namespace tarn_emulated
