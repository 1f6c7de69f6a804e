#pragma once
#include "apps/cli/exit_code.hpp"

namespace nelbo {

/// The whole `nelbo` program: a user's own program links the library and calls this from its main.
int run_program(int argc, char** argv);

}  // namespace nelbo
