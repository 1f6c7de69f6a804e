# nelbo_unity(target): its files are compiled eight at a time if NELBO_UNITY_BUILD is set. Those that record draws stand
# together, so that a change of objectives/draw/draw.hpp, the header that changes most, costs few batches.
function(nelbo_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${NELBO_UNITY_BUILD})
  get_target_property(sources ${target} SOURCES)
  set(drawing)
  set(others)
  foreach(source IN LISTS sources)
    file(STRINGS ${source} draws
      REGEX "^#include \"(objectives/draw/|objectives/language/vocabulary|lab/studies/recorded_draw)")
    if(draws)
      list(APPEND drawing ${source})
    else()
      list(APPEND others ${source})
    endif()
  endforeach()
  set_property(TARGET ${target} PROPERTY SOURCES ${drawing} ${others})
endfunction()
