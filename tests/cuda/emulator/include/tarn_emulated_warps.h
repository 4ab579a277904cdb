/* Shuffles, votes and barriers that count. A lane that is shuffled from and is not in the mask
 * gives bytes of 0xff. */
#ifndef TARN_EMULATED_WARPS_H
#define TARN_EMULATED_WARPS_H

namespace tarn_emulated {

inline int lane() { return static_cast<int>(thread_rank() % 32); }

template <typename T>
T shuffle(const char *call, unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= 8, "shuffles move up to 8 bytes");
  uint64_t word = 0;
  memcpy(&word, &value, sizeof value);
  const uint64_t *words = exchange(call, mask, word);
  word = mask >> source & 1 ? words[source] : ~uint64_t{0};
  memcpy(&value, &word, sizeof value);
  return value;
}

inline unsigned vote(const char *call, unsigned mask, bool yes) {
  const uint64_t *words = exchange(call, mask, yes);
  unsigned votes = 0;
  for (int i = 0; i < 32; i++)
    if (mask >> i & 1 && words[i]) votes |= 1u << i;
  return votes;
}

}  // namespace tarn_emulated

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  return tarn_emulated::shuffle(__func__, mask, value,
                                tarn_emulated::lane() / width * width + source % width);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32) {
  const int lane = tarn_emulated::lane(), from = lane - static_cast<int>(by);
  return tarn_emulated::shuffle(__func__, mask, value, from < lane / width * width ? lane : from);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32) {
  const int lane = tarn_emulated::lane(), from = lane + static_cast<int>(by);
  return tarn_emulated::shuffle(__func__, mask, value,
                                from >= lane / width * width + width ? lane : from);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int with, int width = 32) {
  const int lane = tarn_emulated::lane(), from = lane ^ with;
  return tarn_emulated::shuffle(__func__, mask, value,
                                from >= lane / width * width + width ? lane : from);
}
inline unsigned __ballot_sync(unsigned mask, int yes) {
  return tarn_emulated::vote(__func__, mask, yes != 0);
}
inline int __any_sync(unsigned mask, int yes) {
  return tarn_emulated::vote(__func__, mask, yes != 0) != 0;
}
inline int __all_sync(unsigned mask, int yes) {
  return tarn_emulated::vote(__func__, mask, yes == 0) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  tarn_emulated::exchange(__func__, mask, 0);
}

#endif
