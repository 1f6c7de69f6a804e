#pragma once
#include <functional>
#include <string>

#include "apps/command_line.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// A command of the program: `nelbo NAME ...`.
struct Command {
  std::string name;
  std::string summary;  // one line for `nelbo --help`
  /// Declares flags and help, and returns what the command does; nothing for one that only has
  /// subcommands.
  std::function<Action(CommandLine&)> declare;
};

/// All commands. A program with a command of its own adds it before run_program():
///
///   commands().add({"greet", "Say hello", [](CommandLine& line) -> Action {
///     auto name = std::make_shared<std::string>("world");
///     line.flag("--name", *name, "whom to greet").type("NAME");
///     return [name] { std::cout << "hello " << *name << "\n"; return exit_done; };
///   }});
Registry<Command>& commands();

}  // namespace nelbo
