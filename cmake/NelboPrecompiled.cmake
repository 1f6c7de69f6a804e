# nelbo_precompiled(target FIRST): `target` reads what nearly every file includes as one precompiled header, that
# of the target FIRST, which has the same flags.
function(nelbo_precompiled target first)
  if(NOT NELBO_PRECOMPILED_HEADER)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
  endif()
  if(NOT target STREQUAL first)
    target_precompile_headers(${target} REUSE_FROM ${first})
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <utility> <vector>
    ${PROJECT_SOURCE_DIR}/autodiff/error.hpp ${PROJECT_SOURCE_DIR}/autodiff/tape.hpp)
endfunction()
