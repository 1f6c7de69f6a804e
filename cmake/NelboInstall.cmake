# Installs headers under include/nelbo, the libraries, the program, and the package file for find_package(nelbo).
#
#   find_package(nelbo REQUIRED)                  nelbo::nelbo (= nelbo::objectives, models, autodiff)
#   find_package(nelbo REQUIRED COMPONENTS app)   also nelbo::app: data readers, run folders, the subcommands
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

if(NELBO_BUILD_APPS)
  add_library(nelbo::app ALIAS nelbo_app_support)
  set_target_properties(nelbo_app_support PROPERTIES EXPORT_NAME app)
endif()
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(NELBO_INSTALL_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/nelbo)
set(NELBO_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/nelbo)
install(TARGETS nelbo_all nelbo_autodiff nelbo_models nelbo_objectives EXPORT nelboTargets
        INCLUDES DESTINATION ${NELBO_INSTALL_INCLUDEDIR})
install(EXPORT nelboTargets NAMESPACE nelbo:: DESTINATION ${NELBO_INSTALL_CMAKEDIR})
# Kernels are behind the library: neither they nor the headers that know them are installed.
file(GLOB_RECURSE _headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
     autodiff/*.hpp autodiff/*.def models/*.hpp objectives/*.hpp)
foreach(_header IN LISTS _headers)
  file(STRINGS ${PROJECT_SOURCE_DIR}/${_header} _kernels REGEX "#include \"autodiff/kernels/")
  if(NOT _kernels AND NOT _header MATCHES "^autodiff/kernels/|elementwise/.*hpp")
    cmake_path(GET _header PARENT_PATH _folder)
    install(FILES ${_header} DESTINATION ${NELBO_INSTALL_INCLUDEDIR}/${_folder})
  endif()
endforeach()

if(NELBO_BUILD_APPS)
  install(TARGETS nelbo_app_support EXPORT nelboAppTargets
          INCLUDES DESTINATION ${NELBO_INSTALL_INCLUDEDIR})
  install(EXPORT nelboAppTargets NAMESPACE nelbo:: DESTINATION ${NELBO_INSTALL_CMAKEDIR})
  install(DIRECTORY apps DESTINATION ${NELBO_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
  install(TARGETS nelbo)
  install(FILES cmake/NelboZip.cmake DESTINATION ${NELBO_INSTALL_CMAKEDIR})
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/nelboConfig.cmake.in
  ${PROJECT_BINARY_DIR}/nelboConfig.cmake INSTALL_DESTINATION ${NELBO_INSTALL_CMAKEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nelboConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nelboConfig.cmake ${PROJECT_BINARY_DIR}/nelboConfigVersion.cmake
        DESTINATION ${NELBO_INSTALL_CMAKEDIR})
