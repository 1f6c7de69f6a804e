# The target libzip::zip. Debian 12's own package file for CMake demands the command-line tools of three more
# packages (zipcmp, zipmerge, ziptool), so the header and the library are looked up here.
find_path(NELBO_ZIP_INCLUDE zip.h)
find_library(NELBO_ZIP_LIBRARY zip)
mark_as_advanced(NELBO_ZIP_INCLUDE NELBO_ZIP_LIBRARY)
if(NELBO_ZIP_INCLUDE AND NELBO_ZIP_LIBRARY AND NOT TARGET libzip::zip)
  add_library(libzip::zip UNKNOWN IMPORTED)
  set_target_properties(libzip::zip PROPERTIES
    IMPORTED_LOCATION ${NELBO_ZIP_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${NELBO_ZIP_INCLUDE})
endif()
