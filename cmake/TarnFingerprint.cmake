# cmake -DLIST=FILE -DOUT=FILE -P TarnFingerprint.cmake: a C source with a hash of all files that LIST names, one a line.
file(STRINGS ${LIST} sources)
set(all "")
foreach(source ${sources})
  file(SHA256 ${source} hash)
  string(APPEND all ${hash})
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 32 hash)
file(WRITE ${OUT} "/* Generated: see cmake/TarnFingerprint.cmake. */
extern const char tarn__kernels_fingerprint[];
const char tarn__kernels_fingerprint[] = \"${hash}\";
")
