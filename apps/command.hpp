#pragma once
#include "apps/command_line.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// All commands. A program with a command of its own adds it before run_program():
///
///   commands().add({"greet", "Say hello", [](CommandLine& line) -> Action {
///     auto name = std::make_shared<std::string>("world");
///     line.flag("--name", *name, "whom to greet").type("NAME");
///     return [name] { std::cout << "hello " << *name << "\n"; return exit_done; };
///   }});
Registry<Command>& commands();

}  // namespace nelbo
