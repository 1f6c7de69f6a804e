#pragma once
#include "apps/command.hpp"
#include "apps/exit_code.hpp"

namespace nelbo {

/// The whole `nelbo` program: a user's own program links the library, adds commands, terms and
/// estimators of its own, and calls this from its main.
int run_program(int argc, char** argv);

}  // namespace nelbo
