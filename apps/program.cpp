#include "apps/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "apps/cli/signals.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/instruction_set.hpp"
#include "objectives/language/expression.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo {
namespace {

constexpr const char* program_footer = R"help(Examples:
  nelbo train --preset quickstart
  nelbo train --data mnist/ --binarize dynamic --model burda --epochs 10
  nelbo train --resume runs/burda-mnist-elbo-s0 --epochs 5
  nelbo eval runs/burda-mnist-elbo-s0 --json
  nelbo decompose runs/burda-mnist-elbo-s0
  nelbo explain "nell + mi + 6*tc + dwkl"
  nelbo gradvar --run runs/burda-mnist-elbo-s0 --bounds "elbo,iw(8)"
  nelbo data show fashion-mnist
  nelbo COMMAND --help

Exit codes: 0 done, 1 bad data or a failure while running, 2 wrong flags or a
wrong expression, 4 a number was not finite, 130 and 143 interrupted.
Environment: NELBO_ISA forces an instruction set (see `nelbo info`), NO_COLOR
turns colours off.)help";

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// "nelbo data show": the command that the arguments got to.
std::string path_of(const CLI::App& command) {
  return command.get_parent() == nullptr
             ? command.get_name()
             : path_of(*command.get_parent()) + " " + command.get_name();
}

const CLI::App& selected(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : selected(*chosen.back());
}

/// The command that was given an argument which nobody asked for, else the one selected.
const CLI::App& culprit(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() || !app.remaining().empty() ? app : culprit(*chosen.back());
}

/// Why a flag, argument or command that nobody asked for is wrong, with the nearest name there is.
std::string explain_extra(const CLI::App& command, const std::string& extra) {
  if (extra.size() > 1 && extra[0] == '-') {
    std::vector<std::string> flags;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
    const std::string name = extra.substr(0, extra.find('='));
    if (command.get_parent() == nullptr && !command.get_subcommands().empty()) {
      return fmt::format("{} must follow the command, not precede it", name);
    }
    return fmt::format("unknown flag {}; {}", name, suggest(name, flags));
  }
  const std::vector<std::string> commands = command_names(command);
  if (!commands.empty())
    return fmt::format("unknown command '{}'; {}", extra, suggest(extra, commands));
  return fmt::format("unexpected argument '{}'", extra);
}

int refuse(const CLI::App& command, const std::string& reason) {
  std::cerr << "nelbo: " << reason << "\n       see `" << path_of(command) << " --help`\n";
  return exit_usage;
}

/// The position of an argument that is empty or a flag with an empty value ("--data="); 0 if there
/// is none. No flag of any command means something by an empty value.
int empty_argument(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.empty()) return i;
    if (argument.rfind("--", 0) == 0 && argument.find('=') == argument.size() - 1) return i;
  }
  return 0;
}

/// What is wrong before any flag is looked at; empty if nothing is.
std::string refused_at_sight(const CLI::App& app, int argc, char** argv) {
  if (const int i = empty_argument(argc, argv); i != 0) {
    if (argv[i][0] != '\0') return fmt::format("{} has an empty value", argv[i]);
    if (i > 1) return fmt::format("an empty argument after '{}'", argv[i - 1]);
    return "the command is an empty string";
  }
  const std::vector<std::string> commands = command_names(app);
  if (argv[1][0] != '-' && std::count(commands.begin(), commands.end(), argv[1]) == 0) {
    return explain_extra(app, argv[1]);
  }
  return "";
}

void print_short_help(const CLI::App& app) {
  std::cerr << app.get_description() << "\n\nUsage: nelbo COMMAND [FLAGS]\n\n";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    std::cerr << fmt::format("  {:<12}{}\n", command->get_name(), command->get_description());
  }
  std::cerr
      << "\nTry `nelbo train --preset quickstart`, `nelbo --help` or `nelbo COMMAND --help`.\n";
}

/// Kernels are chosen before a command runs, so that a wrong NELBO_ISA is refused by all of them
/// alike.
void choose_kernels() {
  try {
    active_isa();
  } catch (const Error& error) {
    throw SettingError("", error.what());
  }
}

int run_command(CLI::App& app, int argc, char** argv, const int& exit_code) {
  try {
    app.parse(argc, argv);  // runs the command
    return exit_code;
  } catch (const CLI::Success& asked_for_text) {  // --help, --version
    app.exit(asked_for_text);
    return exit_done;
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = culprit(app);
    const std::vector<std::string> extras = command.remaining();
    if (!extras.empty()) return refuse(command, explain_extra(command, extras.front()));
    const std::vector<std::string> commands = command_names(command);
    if (!commands.empty()) {
      return refuse(command, fmt::format("'{}' lacks a command; {}", path_of(command),
                                         suggest("", commands)));
    }
    return refuse(command, error.what());
  }
}

int run(int argc, char** argv) {
  CLI::App app("nelbo: variational autoencoders and their objectives on CPUs", "nelbo");
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", "nelbo " NELBO_VERSION);
  app.set_help_flag("-h,--help", "print this help");
  app.parse_complete_callback(choose_kernels);

  int exit_code = exit_done;
  add_train_command(app, exit_code);
  add_eval_command(app, exit_code);
  add_bounds_command(app, exit_code);
  add_gradvar_command(app, exit_code);
  add_encode_command(app, exit_code);
  add_sample_command(app, exit_code);
  add_data_command(app, exit_code);
  add_bench_command(app, exit_code);
  add_decompose_command(app, exit_code);
  add_verify_command(app, exit_code);
  add_objectives_command(app, exit_code);
  add_explain_command(app, exit_code);
  add_info_command(app, exit_code);
  app.require_subcommand(0, 1);
  app.footer(program_footer);  // after the commands, which would inherit it

  if (argc < 2) {
    print_short_help(app);
    return exit_usage;
  }
  if (const std::string reason = refused_at_sight(app, argc, argv); !reason.empty()) {
    return refuse(app, reason);
  }
  return run_command(app, argc, argv, exit_code);
}

int fail(int code, const std::string& reason) {
  std::cerr << "nelbo: " << reason << "\n";
  return code;
}

/// Here a setting is a flag: "--log-gradient-snr: reason".
std::string as_flag(const SettingError& error) {
  if (error.setting().empty()) return error.reason();
  std::string flag = error.setting();
  std::replace(flag.begin(), flag.end(), '_', '-');
  return "--" + flag + ": " + error.reason();
}

}  // namespace

int run_program(int argc, char** argv) {
  exit_on_signals();
  try {
    const int code = run(argc, argv);
    std::cout.flush();
    if (!std::cout) return fail(exit_failure, "the result could not be written to stdout");
    return code;
  } catch (const ExpressionError& error) {
    return fail(exit_usage, std::string(error.what()) + "\n       see `nelbo objectives`");
  } catch (const SettingError& error) {
    return fail(exit_usage, as_flag(error));
  } catch (const std::bad_alloc&) {
    return fail(exit_failure, "not enough memory");
  } catch (const std::exception& error) {
    return fail(exit_failure, error.what());
  }
}

}  // namespace nelbo
