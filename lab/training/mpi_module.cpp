#include "lab/training/mpi_module.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;

#ifdef NELBO_MPI_MODULE

/// Beside the program, where its installation has it, and where the build has put it.
std::vector<fs::path> module_places() {
  const fs::path built = NELBO_MPI_MODULE;
  std::error_code unknown;
  const fs::path program = fs::read_symlink("/proc/self/exe", unknown).parent_path();
  std::vector<fs::path> all;
  if (!unknown) {
    all.push_back(program / built.filename());
    all.push_back(program.parent_path() / NELBO_MPI_LIBDIR / built.filename());
  }
  all.push_back(fs::path(NELBO_MPI_PREFIX) / NELBO_MPI_LIBDIR / built.filename());
  all.push_back(built);
  return all;
}

/// What the module gives under this name. Throws Error where there is no module.
void* module_symbol(const char* name) {
  static void* module = nullptr;
  if (module == nullptr) {
    std::error_code unknown;
    for (const fs::path& place : module_places()) {
      if (!fs::exists(place, unknown)) continue;
      // For all to see: Open MPI loads parts of its own, which look for the rest of it.
      module = dlopen(place.c_str(), RTLD_NOW | RTLD_GLOBAL);
      if (module != nullptr) break;
      throw Error("MPI cannot be loaded: " + std::string(dlerror()));
    }
  }
  if (module == nullptr) {
    throw Error(fs::path(NELBO_MPI_MODULE).filename().string() +
                ": the part of nelbo that knows MPI is missing; install nelbo as a whole");
  }
  void* const found = dlsym(module, name);
  if (found == nullptr) throw Error("MPI cannot be loaded: " + std::string(dlerror()));
  return found;
}

#else

void* module_symbol(const char*) {
  throw Error(
      "this nelbo was built without MPI; install libopenmpi-dev or libmpich-dev and build it anew");
}

#endif

}  // namespace

Ranks& mpi_ranks() { return *reinterpret_cast<Ranks* (*)()>(module_symbol("nelbo_mpi_ranks"))(); }

std::string mpi_library() {
  try {
    return reinterpret_cast<const char* (*)()>(module_symbol("nelbo_mpi_library"))();
  } catch (const Error&) {
    return "";
  }
}

}  // namespace nelbo
