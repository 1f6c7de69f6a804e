# Installs headers under include/nelbo, the libraries, the program, and the package file for find_package(nelbo).
#
#   find_package(nelbo REQUIRED)                      nelbo::nelbo (= nelbo::objectives, models, autodiff)
#   find_package(nelbo REQUIRED COMPONENTS lab)       also nelbo::lab: data, training, evaluation, studies
#   find_package(nelbo REQUIRED COMPONENTS program)   also nelbo::program: the program, for a main of one's own
include(CMakePackageConfigHelpers)

# The same names inside the build tree, for the examples and for projects that add_subdirectory() nelbo.
add_library(nelbo_all INTERFACE)
target_link_libraries(nelbo_all INTERFACE nelbo_objectives)
add_library(nelbo::nelbo ALIAS nelbo_all)
set_target_properties(nelbo_all PROPERTIES EXPORT_NAME nelbo)
foreach(room autodiff models objectives)
  add_library(nelbo::${room} ALIAS nelbo_${room})
  set_target_properties(nelbo_${room} PROPERTIES EXPORT_NAME ${room})
endforeach()

foreach(room lab program)
  if(TARGET nelbo_${room})
    add_library(nelbo::${room} ALIAS nelbo_${room})
    set_target_properties(nelbo_${room} PROPERTIES EXPORT_NAME ${room})
  endif()
endforeach()
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(NELBO_INSTALL_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/nelbo)
set(NELBO_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/nelbo)
install(TARGETS nelbo_all nelbo_autodiff nelbo_models nelbo_objectives EXPORT nelboTargets
        INCLUDES DESTINATION ${NELBO_INSTALL_INCLUDEDIR})
install(EXPORT nelboTargets NAMESPACE nelbo:: DESTINATION ${NELBO_INSTALL_CMAKEDIR})
# What is behind the library is not installed; no public header includes it (scripts/check-rooms).
install(DIRECTORY autodiff models objectives DESTINATION ${NELBO_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def"
        PATTERN internal EXCLUDE PATTERN kernels EXCLUDE PATTERN rules EXCLUDE PATTERN registry EXCLUDE)

# Each component has a target file of its own, since it needs more packages than what is below it.
foreach(component lab program)
  if(TARGET nelbo_${component})
    install(TARGETS nelbo_${component} EXPORT nelbo_${component}_targets
            INCLUDES DESTINATION ${NELBO_INSTALL_INCLUDEDIR})
    install(EXPORT nelbo_${component}_targets FILE nelbo_${component}.cmake NAMESPACE nelbo::
            DESTINATION ${NELBO_INSTALL_CMAKEDIR})
  endif()
endforeach()
if(NELBO_BUILD_LAB)
  install(DIRECTORY lab DESTINATION ${NELBO_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp"
          PATTERN internal EXCLUDE)
  install(FILES cmake/NelboZip.cmake DESTINATION ${NELBO_INSTALL_CMAKEDIR})
endif()
if(NELBO_MPI)
  install(TARGETS nelbo_mpi DESTINATION ${CMAKE_INSTALL_LIBDIR}/nelbo)
endif()
if(NELBO_BUILD_APPS)
  # What a user's own program includes stands in apps/ itself; the folders below it are the program's own.
  file(GLOB _headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS apps/*.hpp)
  install(FILES ${_headers} DESTINATION ${NELBO_INSTALL_INCLUDEDIR}/apps)
  install(TARGETS nelbo)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nelboConfig.cmake.in
  ${PROJECT_BINARY_DIR}/nelboConfig.cmake INSTALL_DESTINATION ${NELBO_INSTALL_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nelboConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nelboConfig.cmake ${PROJECT_BINARY_DIR}/nelboConfigVersion.cmake
        DESTINATION ${NELBO_INSTALL_CMAKEDIR})
