# Packages come from the distribution, never from the network. No version is passed to find_package: the
# version files of Eigen, xsimd and Catch2 refuse everything but their own major version.
set(NELBO_APT_LINE "apt-get install g++ cmake ninja-build libeigen3-dev libxsimd-dev \
catch2 libfmt-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev zlib1g-dev libzip-dev libpng-dev")

macro(nelbo_require package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "nelbo: ${package} was not found. Install what the build needs with:\n  "
                        "${NELBO_APT_LINE}")
  endif()
endmacro()

nelbo_require(Eigen3 CONFIG)
if(Eigen3_VERSION VERSION_LESS 3.4)
  message(FATAL_ERROR "nelbo: Eigen >= 3.4 is needed, found ${Eigen3_VERSION}")
endif()
nelbo_require(xsimd CONFIG)
nelbo_require(Threads)

# The packaged `xsimd` target of 8.1 links xtl, which its package does not ship: only its headers are used.
get_target_property(_xsimd_include xsimd INTERFACE_INCLUDE_DIRECTORIES)
add_library(nelbo_simd INTERFACE)
target_include_directories(nelbo_simd SYSTEM INTERFACE
  ${_xsimd_include} $<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>)

if(NELBO_BUILD_APPS)
  nelbo_require(CLI11 CONFIG)
endif()
if(NELBO_BUILD_LAB)
  nelbo_require(fmt CONFIG)
  nelbo_require(tomlplusplus CONFIG)
  nelbo_require(nlohmann_json CONFIG)
  nelbo_require(ZLIB)
  nelbo_require(PNG)
  include(NelboZip)
  if(NOT TARGET libzip::zip)
    message(FATAL_ERROR "nelbo: libzip was not found. Install what the build needs with:\n  "
                        "${NELBO_APT_LINE}")
  endif()
endif()
# MPI is optional: its C interface, which wants a C compiler.
set(NELBO_MPI OFF)
if(NELBO_BUILD_LAB AND NELBO_USE_MPI)
  include(CheckLanguage)
  check_language(C)
  if(CMAKE_C_COMPILER)
    enable_language(C)
    find_package(MPI COMPONENTS C QUIET)
    set(NELBO_MPI ${MPI_C_FOUND})
  endif()
  if(NOT NELBO_MPI)
    message(STATUS "nelbo: no MPI (libopenmpi-dev or libmpich-dev): training stays in one process")
  endif()
endif()
if(NELBO_BUILD_TESTS)
  nelbo_require(Catch2 CONFIG)
endif()
