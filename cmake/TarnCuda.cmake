# The CUDA module (kernels/cuda/): finds the toolkit, cuBLAS and cuDNN, and the sources with the table of kernels from their
# names. Nothing of it is needed by the library itself; without a toolkit everything else is built the same.
set(TARN_CUDA AUTO CACHE STRING "Build the CUDA module: AUTO (where a toolkit is found), ON or OFF")
set_property(CACHE TARN_CUDA PROPERTY STRINGS AUTO ON OFF)
set(TARN_CUDA_ARCHITECTURES "75-real;80-real;86-real;89-real;90" CACHE STRING
  "Devices that the CUDA module is built for, as CMAKE_CUDA_ARCHITECTURES has them")

# Sets TARN_CUDA_MISSING to what is not there, or to nothing.
macro(tarn_find_cuda)
  set(TARN_CUDA_MISSING "")
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(TARN_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
    if(TARN_NVCC)
      set(CMAKE_CUDA_COMPILER ${TARN_NVCC} CACHE FILEPATH "CUDA compiler")
    endif()
    mark_as_advanced(TARN_NVCC)
  endif()
  # CMake asks for this when it tries the compiler; our targets name their own.
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 90)
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(TARN_CUDA_MISSING "a CUDA compiler (nvcc)")
  else()
    find_package(CUDAToolkit QUIET)
    if(NOT CUDAToolkit_FOUND OR CUDAToolkit_VERSION VERSION_LESS 12)
      set(TARN_CUDA_MISSING "the CUDA toolkit, 12 or later")
    elseif(NOT TARGET CUDA::cublas OR NOT TARGET CUDA::cublasLt)
      set(TARN_CUDA_MISSING "cuBLAS")
    else()
      find_path(TARN_CUDNN_INCLUDE_DIR cudnn_version.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
      find_library(TARN_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
      if(TARN_CUDNN_INCLUDE_DIR)
        file(STRINGS ${TARN_CUDNN_INCLUDE_DIR}/cudnn_version.h TARN_CUDNN_MAJOR REGEX "^#define CUDNN_MAJOR +9")
      endif()
      if(NOT TARN_CUDNN_LIBRARY OR NOT TARN_CUDNN_MAJOR)
        set(TARN_CUDA_MISSING "cuDNN 9")
      endif()
    endif()
  endif()
endmacro()

# The sources of the module: TARN_CUDA_SOURCES (C, with the generated table) and TARN_CUDA_DEVICE_SOURCES (.cu).
function(tarn_cuda_sources)
  set(folder ${CMAKE_SOURCE_DIR}/kernels/cuda)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
  file(GLOB_RECURSE device CONFIGURE_DEPENDS ${folder}/*.cu)
  list(SORT sources)
  set(declarations "")
  set(rows "")
  foreach(source ${sources})
    tarn_kernel_row(${source} "cuda|cublas|cudnn" target declarations rows)
  endforeach()
  tarn_generate(table ${CMAKE_BINARY_DIR}/generated/cuda_kernel_table.c kernels/device.h
    "/* Generated from the file names under kernels/cuda/. */
#include \"kernels/device.h\"

${declarations}
extern const tarn_kernel_file tarn__cuda_kernel_files[];
const tarn_kernel_file tarn__cuda_kernel_files[] = {
${rows}  {0},
};
")
  set(TARN_CUDA_SOURCES ${sources} ${table} PARENT_SCOPE)
  set(TARN_CUDA_DEVICE_SOURCES ${device} PARENT_SCOPE)
endfunction()

set(TARN_CUDA_FOUND OFF)
if(NOT TARN_CUDA STREQUAL "OFF")
  tarn_find_cuda()
  if(NOT TARN_CUDA_MISSING)
    enable_language(CUDA)
    # That is the host's side, which only makes launches; the device's is optimised by default. -O3 takes a quarter longer.
    set(CMAKE_CUDA_FLAGS_RELEASE "-O1 -DNDEBUG")
    set(TARN_CUDA_FOUND ON)
    message(STATUS "CUDA module: toolkit ${CUDAToolkit_VERSION}, for ${TARN_CUDA_ARCHITECTURES}")
  elseif(TARN_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA module: left out, ${TARN_CUDA_MISSING} was not found")
  else()
    message(FATAL_ERROR "TARN_CUDA=${TARN_CUDA}: ${TARN_CUDA_MISSING} was not found")
  endif()
endif()

if(TARN_CUDA_FOUND)
  if(NOT CMAKE_CUDA_COMPILER_LAUNCHER AND CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
  endif()
  tarn_cuda_sources()
  # What the module uses of core/, all but the messages, which it hands on (kernels/cuda/module.c), and of kernels/params. An
  # archive: only the members that are called become part of it.
  file(GLOB params CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/params/*.c)
  add_library(tarn_cuda_core STATIC ${params} $<FILTER:$<TARGET_OBJECTS:tarn_core>,EXCLUDE,status\\.c>)
  target_link_libraries(tarn_cuda_core PRIVATE tarn_flags)
  set_target_properties(tarn_cuda_core PROPERTIES LINKER_LANGUAGE C)
  # tarn_flags with the options for C files alone: nvcc and C++ have their own.
  add_library(tarn_flags_c INTERFACE)
  target_include_directories(tarn_flags_c INTERFACE $<TARGET_PROPERTY:tarn_flags,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(tarn_flags_c INTERFACE $<TARGET_PROPERTY:tarn_flags,INTERFACE_COMPILE_DEFINITIONS>)
  target_compile_options(tarn_flags_c INTERFACE
    $<$<COMPILE_LANGUAGE:C>:$<TARGET_PROPERTY:tarn_flags,INTERFACE_COMPILE_OPTIONS>>)
  target_link_libraries(tarn_flags_c INTERFACE Threads::Threads)
  set(TARN_CUDA_FLAGS -fmad=true --expt-relaxed-constexpr -Xcompiler=-Wall,-Wextra,-fno-exceptions,-fno-rtti
    -Xcompiler=-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)
  if(TARN_WERROR)
    list(APPEND TARN_CUDA_FLAGS -Werror=all-warnings -Xcompiler=-Werror)
  endif()
  if(TARN_TESTS)   # the emulated device is C++; it is sanitized as the rest is
    enable_language(CXX)
    string(REGEX MATCHALL "-f(no-)?(sanitize|omit-frame-pointer)[^ ]*" sanitizers "${CMAKE_C_FLAGS}")
    string(JOIN " " sanitizers ${sanitizers})
    string(APPEND CMAKE_CXX_FLAGS " ${sanitizers}")
    if(NOT CMAKE_CXX_COMPILER_LAUNCHER AND CMAKE_C_COMPILER_LAUNCHER)
      set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
    endif()
  endif()
  # Device code cannot be sanitized, and half a module that is serves nobody.
  if(NOT CMAKE_C_FLAGS MATCHES "sanitize")
    add_subdirectory(kernels/cuda)
  endif()
endif()
