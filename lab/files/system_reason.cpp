#include "lab/files/system_reason.hpp"

#include <cerrno>
#include <system_error>

namespace nelbo::data {

std::string system_reason(int error) {
  switch (error) {
    case ENAMETOOLONG:
      return "the name is too long (at most 255 bytes a part, 4095 in all)";
    case ELOOP:
      return "symbolic links lead in a circle";
    case EROFS:
      return "the file system is read-only";
    default:
      return std::generic_category().message(error);
  }
}

}  // namespace nelbo::data
