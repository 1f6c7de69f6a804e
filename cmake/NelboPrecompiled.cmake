# nelbo_precompiled(target HEADER...): `target` reads the standard headers that nearly every file includes, and these
# headers of the project, as one precompiled header.
# nelbo_precompiled(target OF other): it reads that of `other`, which has the same flags.
function(nelbo_precompiled target)
  if(NOT NELBO_PRECOMPILED_HEADER)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
  endif()
  if(ARGV1 STREQUAL "OF")
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
    return()
  endif()
  list(TRANSFORM ARGN REPLACE "(.+)" "\"\\1\"")  # quoted: found as in any source, not by an absolute path
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <utility> <vector>
    ${ARGN})
endfunction()
