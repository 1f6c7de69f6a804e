#pragma once
#include <string>

#include "lab/training/ranks.hpp"

namespace nelbo {

/// The ranks that MPI starts this process as one of, from the first call to the end of the process. Throws
/// Error where nelbo was built without MPI or its module cannot be loaded.
Ranks& mpi_ranks();

/// "Open MPI v4.1.4", as the library says; empty where nelbo was built without, or cannot load it.
std::string mpi_library();

}  // namespace nelbo
