#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace nelbo {

struct Command;

/// The flag of a setting: "--log-gradient-snr" of "log_gradient_snr".
std::string flag_of(const std::string& setting);
/// The setting of a flag.
std::string setting_of(const std::string& flag);

/// What a command does once its flags are read; returns an exit code.
using Action = std::function<int()>;

/// A flag that was declared: how it stands in the help, and what is asked of it.
class Flag {
 public:
  explicit Flag(CLI::Option& option) : option_(&option) {}

  /// What stands for the value in the help: "FILE".
  Flag& type(const std::string& name);
  /// The value without the flag, as the help shows it.
  Flag& otherwise(const std::string& value);
  Flag& required();
  Flag& one_of(const std::vector<std::string>& words);

 private:
  CLI::Option* option_;
};

/// The flags, arguments and subcommands of a command. The parser behind it is known to one source
/// file alone.
///
/// Of a flag that is given twice the last value counts. Values are filled when the words are read,
/// so they must live until the command has run. A name without dashes ("RUN") is an argument that
/// is known by its place. A copy speaks of the same command.
class CommandLine {
 public:
  /// Of one that is being parsed, which leaves in `chosen` what it comes to.
  CommandLine(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

  /// A switch.
  Flag flag(const std::string& name, bool& value, const std::string& help);
  Flag flag(const std::string& name, std::string& value, const std::string& help);
  Flag flag(const std::string& name, std::optional<std::string>& value, const std::string& help);
  /// As many words as come.
  Flag flag(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// A flag that may come again, with one more word each time: `--` may follow it at once.
  Flag repeated(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// A text that `read` makes a value of. The SettingError that it throws is told with the flag's
  /// name.
  Flag flag(const std::string& name, std::function<void(const std::string&)> read,
            const std::string& help);
  /// A switch that --name=false takes back.
  Flag flag_or_not(const std::string& name, std::function<void(bool)> read,
                   const std::string& help);

  /// A whole number in [least, most]: decimal digits only.
  Flag number(const std::string& name, std::int64_t& value, std::int64_t least, std::int64_t most,
              const std::string& help);
  Flag number(const std::string& name, std::optional<std::int64_t>& value, std::int64_t least,
              std::int64_t most, const std::string& help);
  /// Whole numbers from 1 to `most`, separated by commas ("1,5,50"), at most 64 of them; stored in
  /// ascending order without repetition.
  Flag numbers(const std::string& name, std::vector<std::int64_t>& values, std::int64_t most,
               const std::string& help);
  /// A finite number in (above, most].
  Flag real(const std::string& name, double& value, double above, double most,
            const std::string& help);

  /// An argument that may look like a flag: "-elbo + div".
  Flag expression(const std::string& name, std::string& value, const std::string& help);

  /// The flags that follow stand under this heading of the help, below a remark; "" is the usual
  /// one, which comes last.
  void group(const std::string& heading, const std::string& remark = "");
  /// What stands in the help above the flags.
  void header(const std::string& text);
  /// The end of the help: remarks and examples.
  void footer(const std::string& text);
  /// A command of this command, which needs none of its own action then.
  void subcommand(const Command& command);

  /// The flags that were given, for an action to ask: "--data".
  std::vector<std::string> given() const;

 private:
  Flag declared(CLI::Option& option) const;

  CLI::App* app_;
  Action* chosen_;
  std::string group_;
  std::function<void()> finish_;  // what remains to be done when all words are read
};

/// A command of the program: `nelbo NAME ...`.
struct Command {
  std::string name;
  std::string summary;  // one line for `nelbo --help`
  /// Declares flags and help, and returns what the command does; nothing for one that only has
  /// subcommands.
  std::function<Action(CommandLine&)> declare;
};

}  // namespace nelbo
