# nelbo_isa_sources(target): compiles every autodiff/kernels/*.isa.cpp once per instruction set into `target`.
#
# The namespace, Eigen's own namespace and the flags differ per ISA, so no symbol is shared by accident (the
# linker would keep one GEMM for all). Never below -O2: xsimd's helpers must be inlined.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(_known sse2 avx2 avx512)
else()
  set(_known generic)
endif()
set(NELBO_ISAS "${_known}" CACHE STRING
    "Instruction sets that kernels are compiled for, some of ${_known}; native: the best of this machine")
if(NELBO_ISAS STREQUAL "native")
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -march=native -dM -E -x c++ /dev/null OUTPUT_VARIABLE _macros)
  if(NOT _known STREQUAL "generic" AND _macros MATCHES "__AVX512BW__")
    set(NELBO_ISAS avx512)
  elseif(NOT _known STREQUAL "generic" AND _macros MATCHES "__AVX2__")
    set(NELBO_ISAS avx2)
  else()
    list(GET _known 0 NELBO_ISAS)
  endif()
endif()
foreach(isa IN LISTS NELBO_ISAS)
  if(NOT isa IN_LIST _known)
    message(FATAL_ERROR "NELBO_ISAS: there is no ${isa} here, but ${_known}")
  endif()
endforeach()
set(NELBO_ISA_FLAGS_sse2 -msse2)
set(NELBO_ISA_FLAGS_avx2 -mavx2 -mfma)
set(NELBO_ISA_FLAGS_avx512 -mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl -mfma
    -mprefer-vector-width=512 -Wno-uninitialized -Wno-maybe-uninitialized)
set(NELBO_ISA_FLAGS_generic)

function(nelbo_isa_sources target)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/autodiff/kernels/*.isa.cpp)
  foreach(isa IN LISTS NELBO_ISAS)
    set_property(SOURCE ${PROJECT_SOURCE_DIR}/autodiff/kernels/dispatch.cpp APPEND PROPERTY
                 COMPILE_DEFINITIONS NELBO_HAS_${isa})
    add_library(${target}_${isa} OBJECT ${sources})
    target_compile_definitions(${target}_${isa} PRIVATE
      NELBO_ISA=${isa} NELBO_ISA_${isa}=1 Eigen=Eigen_${isa} EIGEN_DONT_PARALLELIZE EIGEN_MPL2_ONLY)
    target_compile_options(${target}_${isa} PRIVATE
      -Wall -Wextra -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast ${NELBO_ISA_FLAGS_${isa}})
    target_include_directories(${target}_${isa} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target}_${isa} PRIVATE nelbo_simd)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${isa}>)
  endforeach()
endfunction()
