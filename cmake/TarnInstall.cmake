# `cmake --install`: libraries, the one public header, the command, its man page and completions, the demos' data (in
# demos/CMakeLists.txt), a pkg-config file and a CMake package. Nothing in them names the prefix, so that an installed tree
# may be moved, and `--prefix` and DESTDIR may be used.
include(CMakePackageConfigHelpers)

add_library(tarn::tarn ALIAS tarn_shared)
add_library(tarn::tarn_static ALIAS tarn_static)
foreach(library tarn_shared tarn_static)
  target_include_directories(${library} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
set_target_properties(tarn_shared PROPERTIES EXPORT_NAME tarn)
# What an installed libtarn.a needs, by plain names: imported targets of this build do not exist elsewhere.
set(needed snappy z jansson)
set(TARN_PC_REQUIRES "jansson, zlib")
set(TARN_PC_LIBS "")
foreach(row "OPENBLAS;openblas" "PNG;png;libpng" "JPEG;jpeg;libjpeg")
  list(GET row 0 name)
  list(GET row 1 library)
  list(GET row -1 package)
  if(${name}_FOUND)
    list(APPEND needed ${library})
    # OpenBLAS is named by library: its own pkg-config file asks for the Fortran compiler's when linking is static, but libtarn.a
    # takes it as a shared library.
    if(name STREQUAL "OPENBLAS")
      set(TARN_PC_LIBS "-lopenblas ")
    else()
      string(APPEND TARN_PC_REQUIRES ", ${package}")
    endif()
  endif()
endforeach()
foreach(library ${needed} m Threads::Threads)
  target_link_libraries(tarn_static INTERFACE $<INSTALL_INTERFACE:${library}>)
endforeach()

install(TARGETS tarn_shared tarn_static EXPORT tarnTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS tarn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/include/tarn.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tarn)
install(EXPORT tarnTargets NAMESPACE tarn:: DESTINATION ${package})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/tarnConfig.cmake.in ${CMAKE_BINARY_DIR}/tarnConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/tarnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tarnConfig.cmake ${CMAKE_BINARY_DIR}/tarnConfigVersion.cmake DESTINATION ${package})

# From lib/pkgconfig or lib/<multiarch>/pkgconfig back to the prefix.
string(REGEX REPLACE "[^/]+" ".." TARN_PC_UP "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
configure_file(${CMAKE_SOURCE_DIR}/cmake/tarn.pc.in ${CMAKE_BINARY_DIR}/tarn.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/tarn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Made by the command from its table of verbs (tools/CMakeLists.txt). Debian's zsh looks in a folder of its own under /usr.
if(TARGET tarn_pages)
  install(FILES ${CMAKE_BINARY_DIR}/pages/tarn.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${CMAKE_BINARY_DIR}/pages/tarn DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  set(zsh site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(zsh vendor-completions)
  endif()
  install(FILES ${CMAKE_BINARY_DIR}/pages/_tarn DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/${zsh})
endif()
