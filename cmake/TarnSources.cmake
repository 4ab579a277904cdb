# Finds the sources of each layer and generates the tables of ops and kernels from the file names, so that a
# new file is built, tested and listed without being named anywhere.

# tarn_layer(NAME): an object library tarn_NAME of every .c file under NAME/.
function(tarn_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.c)
  add_library(tarn_${name} OBJECT ${sources})
  target_link_libraries(tarn_${name} PRIVATE tarn_flags)
endfunction()

# Writes `text` to `path` only when it changed, so that nothing is rebuilt for nothing.
function(tarn_write path text)
  set(old "")
  if(EXISTS ${path})
    file(READ ${path} old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE ${path} "${text}")
  endif()
endfunction()

# tarn_generate(VARIABLE PATH CONTRACT TEXT): writes a generated table and sets VARIABLE to it; while the header
# that it includes is not there, an empty object library still needs a source: one without a table.
function(tarn_generate variable path contract text)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${contract})
    set(text "/* ${contract} is missing: no table. */\ntypedef int tarn_no_table;\n")
  endif()
  tarn_write(${path} "${text}")
  set(${variable} ${path} PARENT_SCOPE)
endfunction()

# Compiler flags by the target in a kernel's file name. reference and openblas files are plain C.
set(TARN_FLAGS_reference -O2)
set(TARN_FLAGS_openblas -O3)
set(TARN_FLAGS_avx2 -O3 -mavx2 -mfma -mf16c -ffp-contract=fast)
set(TARN_FLAGS_avx512 -O3 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mavx2 -mfma -mf16c
    -mprefer-vector-width=512 -ffp-contract=fast)
# For loops that the compiler makes vectors of: errno and the floating-point exception flags are nobody's business, so square
# roots, roundings and choices may be vectors; `omp simd` loops are. Neither changes a result. The folders that are written
# vector by vector do without: their code came out slower by up to a tenth.
set(TARN_LANES -fopenmp-simd -fno-math-errno -fno-trapping-math)
set(TARN_BY_HAND "^(conv2d|winograd|gemm|narrow|lstm|gru)$")
# Where integer registers run out, as in tiles with a pointer a row, gcc's usual tuning keeps pointers in vector registers, and each
# that comes back takes the place of a multiply-add: three beside 20 in tiles of ten rows. Tuned for a server it uses the stack.
set(TARN_TILES "${TARN_BY_HAND}|^convolution$")
set(TARN_TUNE_avx512 -mtune=icelake-server)
# Loops of many ops in many dtypes: each a few hundred bytes, in which -O3 writes every remainder again in narrower vectors.
# Without that they are half as large and no slower (single calls took 0.94 to 1.03 of the time). Sums over rows, ArgMax and
# functions of complex numbers do not become vectors at all below -O3.
set(TARN_MANY_LOOPS "/((unary|binary|combine|bias|activation|batch_norm|contract)/lanes|optimiser/apply"
  "|convolution/depthwise|array/(cast|select|fill)|segment/segment|image/crop|pool/halves|lrn/rows"
  "|quantize/round_trip)\\.")
list(JOIN TARN_MANY_LOOPS "" TARN_MANY_LOOPS)
set(TARN_SOME_LOOPS "/((reduce|pool|softmax)/lanes|convolution/.*)\\.")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(TARN_ONE_REMAINDER --param=vect-epilogues-nomask=0)
endif()

# tarn_compile_options(SOURCE FLAGS...): levels of optimisation in FLAGS are for every build but Checked, which has one for all.
function(tarn_compile_options source)
  list(TRANSFORM ARGN REPLACE "^-O[23]$" "$<$<NOT:$<CONFIG:Checked>>:\\0>")
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${ARGN}")
endfunction()

# tarn_kernel_row(SOURCE TARGETS TARGET DECLARATIONS ROWS): for a file called <method>.<target>.c adds the declaration of its table and
# the table's row to those two variables, and sets TARGET; for a plain <name>.c sets TARGET to nothing. Any other name, or a target that the
# regular expression TARGETS does not have, ends the configuration.
function(tarn_kernel_row source targets target_variable declarations_variable rows_variable)
  get_filename_component(file ${source} NAME)
  set(${target_variable} "" PARENT_SCOPE)
  if(file MATCHES "^([a-z0-9_]+)\\.([a-z0-9]+)\\.c$")
    set(method ${CMAKE_MATCH_1})
    set(target ${CMAKE_MATCH_2})
    if(NOT target MATCHES "^(${targets})$")
      string(REPLACE "|" ", " targets "${targets}")
      message(FATAL_ERROR "${source}: '${target}' is no target of this folder: ${targets}")
    endif()
    get_filename_component(folder ${source} DIRECTORY)
    get_filename_component(folder ${folder} NAME)
    set(symbol tarn_kernels_${folder}_${method}_${target})
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
    string(TOUPPER ${target} upper)
    set(${target_variable} ${target} PARENT_SCOPE)
    set(${declarations_variable} "${${declarations_variable}}extern const tarn_kernel ${symbol}[];\n" PARENT_SCOPE)
    set(${rows_variable} "${${rows_variable}}  {${symbol}, \"${method}\", TARN_TARGET_${upper}, \"${relative}\"},\n" PARENT_SCOPE)
  elseif(NOT file MATCHES "^[a-z0-9_]+\\.c$")
    message(FATAL_ERROR "${source}: a kernel file is called <method>.<target>.c")
  endif()
endfunction()

# Nothing is ever thrown through these layers; in a release the tables for that would be a tenth of the library.
set(TARN_NO_UNWINDING $<$<CONFIG:Release>:-fno-asynchronous-unwind-tables>)

# kernels/: plain sources, and kernels/cpu/**/<method>.<target>.c, whose names register them: the file must
# define `const tarn_kernel tarn_kernels_<folder>_<method>_<target>[]`, ended by an empty row. kernels/cuda is a module of its own
# (TarnCuda.cmake).
function(tarn_kernel_layer)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.c)
  list(FILTER sources EXCLUDE REGEX "/kernels/cuda/")
  list(SORT sources)
  set(declarations "")
  set(rows "")
  set(built "")
  foreach(source ${sources})
    if(source MATCHES "\\.openblas\\.c$" AND NOT OPENBLAS_FOUND)
      continue()
    endif()
    if(source MATCHES "\\.avx[0-9]+\\.c$" AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
      continue()
    endif()
    tarn_kernel_row(${source} "reference|avx2|avx512|openblas" target declarations rows)
    if(target)
      get_filename_component(folder ${source} DIRECTORY)
      get_filename_component(folder ${folder} NAME)
      set(flags ${TARN_FLAGS_${target}})
      if(target MATCHES "^avx" AND NOT folder MATCHES "${TARN_BY_HAND}")
        list(APPEND flags ${TARN_LANES})
      endif()
      if(folder MATCHES "${TARN_TILES}")
        list(APPEND flags ${TARN_TUNE_${target}})
      endif()
      if(target MATCHES "^avx" AND source MATCHES "${TARN_MANY_LOOPS}")
        list(REMOVE_ITEM flags -O3)
        list(APPEND flags -O2 -ftree-vectorize -fvect-cost-model=dynamic ${TARN_ONE_REMAINDER})
      elseif(target MATCHES "^avx" AND source MATCHES "${TARN_SOME_LOOPS}")
        list(APPEND flags ${TARN_ONE_REMAINDER})
      endif()
      # Whole numbers come of quantization: one rounding for two would make others at the ties. Products of complex numbers
      # would keep a rest where equal parts cancel.
      if(folder STREQUAL "quantize" OR source MATCHES "/pairs\\.")
        list(APPEND flags -ffp-contract=off)
      endif()
      # Their numbers are finite: products need no look at infinite parts.
      if(method STREQUAL "spectral")
        list(APPEND flags -fcx-limited-range)
      endif()
      tarn_compile_options(${source} ${flags})
    endif()
    list(APPEND built ${source})
  endforeach()
  tarn_generate(table ${CMAKE_BINARY_DIR}/generated/kernel_table.c kernels/kernel.h "/* Generated from the file names under kernels/. */
#include \"kernels/kernel.h\"

${declarations}
const tarn_kernel_file tarn__kernel_files[] = {
${rows}  {0},
};
")
  add_library(tarn_kernels OBJECT ${built} ${table})
  if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")   # where the CUDA module is beside an installed program
    set_source_files_properties(${CMAKE_SOURCE_DIR}/kernels/device.c PROPERTIES
      COMPILE_DEFINITIONS TARN_LIBDIR="${CMAKE_INSTALL_LIBDIR}")
  endif()
  target_link_libraries(tarn_kernels PRIVATE tarn_flags ZLIB::ZLIB PkgConfig::JANSSON)
  target_compile_options(tarn_kernels PRIVATE ${TARN_NO_UNWINDING})
  foreach(name OPENBLAS PNG JPEG)
    if(${name}_FOUND)
      target_link_libraries(tarn_kernels PRIVATE PkgConfig::${name})
    endif()
  endforeach()
endfunction()

# graph/: plain sources, and graph/ops/**/<family>.c, each of which must define
# `const tarn_op tarn_ops_<family>[]`, ended by an empty row.
function(tarn_graph_layer)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/graph/*.c)
  list(SORT sources)
  set(declarations "")
  set(rows "")
  foreach(source ${sources})
    if(source MATCHES "/graph/ops/(.*/)?([a-z0-9_]+)\\.c$")
      set(family ${CMAKE_MATCH_2})
      file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
      string(APPEND declarations "extern const tarn_op tarn_ops_${family}[];\n")
      string(APPEND rows "  {tarn_ops_${family}, \"${relative}\"},\n")
    endif()
  endforeach()
  tarn_generate(table ${CMAKE_BINARY_DIR}/generated/op_table.c graph/op.h "/* Generated from the file names under graph/ops/. */
#include \"graph/op.h\"

${declarations}
const tarn_op_file tarn__op_files[] = {
${rows}  {0},
};
")
  add_library(tarn_graph OBJECT ${sources} ${table})
  target_link_libraries(tarn_graph PRIVATE tarn_flags)
  target_compile_options(tarn_graph PRIVATE ${TARN_NO_UNWINDING})
endfunction()

# loader/: the checkpoint reader and writer are a library of their own that needs only core.
function(tarn_loader_layer)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/loader/*.c)
  if(NOT sources)
    tarn_generate(sources ${CMAKE_BINARY_DIR}/generated/loader_none.c loader/checkpoint "")
  endif()
  # Packed weights in a file are for the kernels that packed them, and for what was folded into them: a hash of the sources.
  file(GLOB_RECURSE packing CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/*.c ${CMAKE_SOURCE_DIR}/kernels/*.h
    ${CMAKE_SOURCE_DIR}/graph/passes/*.c ${CMAKE_SOURCE_DIR}/graph/plan/fold.c ${CMAKE_SOURCE_DIR}/graph/exec/packed.c)
  list(FILTER packing EXCLUDE REGEX "/kernels/cuda/")
  list(SORT packing)
  string(REPLACE ";" "\n" lines "${packing}")
  tarn_write(${CMAKE_BINARY_DIR}/generated/packing_sources.txt "${lines}\n")
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/generated/kernels_fingerprint.c
    COMMAND ${CMAKE_COMMAND} -DLIST=${CMAKE_BINARY_DIR}/generated/packing_sources.txt
      -DOUT=${CMAKE_BINARY_DIR}/generated/kernels_fingerprint.c -P ${CMAKE_SOURCE_DIR}/cmake/TarnFingerprint.cmake
    DEPENDS ${packing} ${CMAKE_SOURCE_DIR}/cmake/TarnFingerprint.cmake VERBATIM)
  add_library(tarn_loader OBJECT ${sources} ${CMAKE_BINARY_DIR}/generated/kernels_fingerprint.c)
  target_include_directories(tarn_loader PRIVATE ${SNAPPY_INCLUDE_DIR})
  target_link_libraries(tarn_loader PRIVATE tarn_flags PkgConfig::JANSSON ZLIB::ZLIB)
  target_compile_options(tarn_loader PRIVATE ${TARN_NO_UNWINDING})
  file(GLOB_RECURSE checkpoint CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/loader/checkpoint/*.c)
  if(checkpoint)
    add_library(tarn_checkpoint STATIC ${checkpoint} $<TARGET_OBJECTS:tarn_core>)
    target_include_directories(tarn_checkpoint PRIVATE ${SNAPPY_INCLUDE_DIR})
    target_link_libraries(tarn_checkpoint PUBLIC tarn_flags ${SNAPPY_LIBRARY} m)
  endif()
endfunction()
