#pragma once
#include <string>

#include "apps/command_line.hpp"
#include "apps/exit_code.hpp"

namespace nelbo {

/// What the words of a command line come to.
struct Parsed {
  Action action;  // none: all is said, on stdout (--help) or, what is wrong, on stderr
  int exit_code = exit_done;
};

/// Reads the words after the program's name. `version` answers --version.
Parsed parse(const Command& program, const std::string& version, int argc, char** argv);

}  // namespace nelbo
