# The C++ in docs/*.md is compiled: a fenced ```cpp block after a line `<!-- compile: program -->` is a program
# of its own, which is built and run; one after `<!-- compile: elementwise -->` holds the rules of an elementwise
# operator, which are compiled for every instruction set in place of the built-in ones' neighbours.
function(nelbo_docs_examples page)
  get_filename_component(name ${page} NAME_WE)
  file(READ ${page} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
  set(number 0)
  while(TRUE)
    string(REGEX MATCH "<!-- compile: ([a-z]+) -->\n```cpp\n" opening "${text}")
    if(NOT opening)
      break()
    endif()
    set(kind ${CMAKE_MATCH_1})
    string(FIND "${text}" "${opening}" at)
    string(LENGTH "${opening}" length)
    math(EXPR at "${at} + ${length}")
    string(SUBSTRING "${text}" ${at} -1 text)
    string(FIND "${text}" "\n```" end)
    string(SUBSTRING "${text}" 0 ${end} code)
    math(EXPR number "${number} + 1")
    set(target docs_${name}_${number})
    if(kind STREQUAL "program")
      file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp CONTENT "@code@\n" @ONLY)
      add_executable(${target} ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
      target_link_libraries(${target} PRIVATE nelbo_objectives nelbo_flags)
      add_test(NAME "docs: ${name} ${number}" COMMAND ${target})
    else()
      file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}.hpp CONTENT "@code@\n" @ONLY)
      set(rules ${CMAKE_CURRENT_BINARY_DIR}/${target}.hpp)
      foreach(isa IN LISTS NELBO_ISAS)
        file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}_${isa}.cpp CONTENT
"#include \"autodiff/kernels/math.hpp\"
namespace nelbo::kernels::NELBO_ISA {
namespace {
#include \"autodiff/rules/all.hpp\"
#include \"@rules@\"
}
Batch<float> docs_value(Batch<float> x) { return Softsign::value(x); }
Batch<float> docs_derivative(Batch<float> x) { return Softsign::derivative(x, Softsign::value(x)); }
double docs_reference(double x) { return Softsign::reference(x); }
}
" @ONLY)
        add_library(${target}_${isa} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${target}_${isa}.cpp)
        target_compile_definitions(${target}_${isa} PRIVATE NELBO_ISA=${isa} NELBO_ISA_${isa}=1)
        target_compile_options(${target}_${isa} PRIVATE -O2 ${NELBO_ISA_FLAGS_${isa}})
        target_include_directories(${target}_${isa} PRIVATE ${PROJECT_SOURCE_DIR})
        target_link_libraries(${target}_${isa} PRIVATE nelbo_simd)
      endforeach()
    endif()
  endwhile()
endfunction()
