#include "apps/program.hpp"

#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <string>

#include "apps/cli/parse.hpp"
#include "apps/cli/program_name.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/signals.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/cli/with_flags.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

constexpr const char* summary = "nelbo: variational autoencoders and their objectives on CPUs";

constexpr const char* program_footer = R"help(Examples:
  nelbo train --preset quickstart
  nelbo train --data mnist/ --binarize dynamic --model burda --epochs 10
  nelbo train --resume runs/burda-mnist-elbo-s0 --epochs 5
  nelbo sweep --grid beta=1,4,10 --seeds 0..2 -- train --objective "nell + {beta}*div"
  nelbo runs
  nelbo report runs/burda-mnist-elbo-s0
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
std::string refused_at_sight(int argc, char** argv) {
  if (const int i = empty_argument(argc, argv); i != 0) {
    if (argv[i][0] != '\0') return fmt::format("{} has an empty value", argv[i]);
    if (i > 1) return fmt::format("an empty argument after '{}'", argv[i - 1]);
    return "the command is an empty string";
  }
  if (argv[1][0] != '-' && commands().find(argv[1]) == nullptr) {
    return unknown_command(argv[1], commands().names());
  }
  return "";
}

void print_short_help() {
  std::cerr << in_own_name(std::string(summary) + "\n\nUsage: nelbo COMMAND [FLAGS]\n\n");
  for (const Command& command : commands().all()) {
    std::cerr << fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  std::cerr << fmt::format(
      "\nTry `{0} train --preset quickstart`, `{0} --help` or `{0} COMMAND --help`.\n",
      program_name());
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

/// Of the commands only the one that is named, where one is: to declare all takes milliseconds.
void declare_commands(CommandLine& program, const std::string& first) {
  const bool named = commands().find(first) != nullptr, none = first == "--version";
  for (const Command& command : commands().all()) {
    if (none || (named && command.name != first)) continue;
    program.subcommand(command);
  }
  program.footer(program_footer);
}

int run(int argc, char** argv) {
  if (argc < 2) {
    print_short_help();
    return exit_usage;
  }
  if (const std::string reason = refused_at_sight(argc, argv); !reason.empty()) {
    return refuse(program_name(), reason);
  }
  const Command program{program_name(), summary, [first = argv[1]](CommandLine& line) -> Action {
                          declare_commands(line, first);
                          return {};
                        }};
  const Parsed parsed = parse(program, "nelbo " NELBO_VERSION, argc, argv);
  if (!parsed.action) return parsed.exit_code;
  choose_kernels();
  join_ranks(argv[1]);
  return parsed.action();
}

int fail(int code, const std::string& reason) {
  std::cerr << message_head() << data::one_line(with_flags(reason)) << "\n";
  return code;
}

/// Here a setting is a flag: "--log-gradient-snr: reason".
std::string as_flag(const SettingError& error) {
  if (error.setting().empty()) return error.reason();
  return flag_of(error.setting()) + ": " + error.reason();
}

/// In the handler of an exception: says what it was and returns the exit code.
int tell_failure() {
  try {
    throw;
  } catch (const ExpressionError& error) {
    // Its lines show where in the expression.
    std::cerr << message_head() << error.what() << "\n"
              << message_indent() << "see `" << program_name() << " objectives`\n";
    return exit_usage;
  } catch (const SettingError& error) {
    return fail(exit_usage, as_flag(error));
  } catch (const std::exception& error) {
    return fail(exit_failure, reason_of(error));
  }
}

}  // namespace

int run_program(int argc, char** argv) {
  hold_standard_descriptors();
  mute_others();
  exit_on_signals();
  if (argc > 0) set_program_name(argv[0], commands().names());
  const PrintableStreams printable;
  try {
    const int code = run(argc, argv);
    std::cout.flush();
    if (std::cout) return leave_ranks(code);
    return leave_ranks(fail(exit_failure, "the result could not be written to stdout"));
  } catch (...) {
    return leave_ranks_failing(tell_failure);
  }
}

}  // namespace nelbo
