#include "apps/command_line.hpp"

#include <fmt/format.h>

// The only file that knows the parser, whose header takes seconds to compile.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include "apps/cli/help_layout.hpp"
#include "apps/cli/parse.hpp"
#include "apps/cli/program_name.hpp"
#include "apps/cli/refusal.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

/// --help of every command. It overrides the whole of the parser's own, whose layout differs
/// between its versions.
class Help : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
    std::string text = app->get_description() + "\nUsage: " + usage(*app, name) + "\n";
    if (const auto found = headers.find(app); found != headers.end()) text += "\n" + found->second;
    text += help_layout(sections(*app));
    if (!app->get_footer().empty()) text += "\n" + app->get_footer() + "\n";
    return text;
  }

  std::map<const CLI::App*, std::string> headers;
  std::map<std::pair<const CLI::App*, std::string>, std::string> remarks;  // of groups

 private:
  static constexpr const char* usual = "Options";  // the parser's name of the usual group

  static std::vector<const CLI::App*> commands(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
  }

  static std::string usage(const CLI::App& app, const std::string& name) {
    std::string text = name;
    if (!commands(app).empty()) return text + " COMMAND [FLAGS]";
    text += " [FLAGS]";
    for (const CLI::Option* option : app.get_options()) {
      if (!option->get_positional()) continue;
      const std::string word = argument(*option);
      text += option->get_required() ? " " + word : " [" + word + "]";
    }
    return text;
  }

  static bool many(const CLI::Option& option) {
    return option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  }

  /// "RUN..."
  static std::string argument(const CLI::Option& option) {
    return option.get_name(true, false) + (many(option) ? "..." : "");
  }

  static HelpEntry entry(const CLI::Option& option) {
    if (option.get_positional()) return {argument(option), text_of(option)};
    std::string name = option.get_name(false, true);
    if (name == "-h,--help") name = "-h, --help";
    if (option.get_type_size() != 0) name += " " + option.get_type_name();
    if (many(option)) name += " ...";
    return {name, (option.get_required() ? "required: " : "") + text_of(option)};
  }

  static std::string text_of(const CLI::Option& option) {
    const std::string otherwise = option.get_default_str();
    return option.get_description() + (otherwise.empty() ? "" : " [" + otherwise + "]");
  }

  HelpSection section(const CLI::App& app, const std::string& group,
                      const std::string& heading) const {
    HelpSection section{heading, "", {}};
    if (const auto found = remarks.find({&app, group}); found != remarks.end()) {
      section.remark = found->second;
    }
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional() || option->get_group() != group) continue;
      section.entries.push_back(entry(*option));
    }
    return section;
  }

  std::vector<HelpSection> sections(const CLI::App& app) const {
    std::vector<HelpSection> all;
    HelpSection arguments{"Arguments", "", {}}, subcommands{"Commands", "", {}};
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) arguments.entries.push_back(entry(*option));
    }
    for (const CLI::App* command : commands(app)) {
      subcommands.entries.push_back({command->get_name(), command->get_description()});
    }
    if (!arguments.entries.empty()) all.push_back(std::move(arguments));
    if (!subcommands.entries.empty()) all.push_back(std::move(subcommands));
    const std::vector<std::string> groups = app.get_groups();
    for (const std::string& group : groups) {
      if (group != usual) all.push_back(section(app, group, group));
    }
    all.push_back(section(app, usual, groups.size() > 1 ? "Common" : "Flags"));
    return all;
  }
};

Help& help_of(const CLI::App& app) { return dynamic_cast<Help&>(*app.get_formatter()); }

}  // namespace

std::string flag_of(const std::string& setting) {
  std::string flag = "--" + setting;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string setting_of(const std::string& flag) {
  std::string setting = flag.substr(2);
  std::replace(setting.begin(), setting.end(), '-', '_');
  return setting;
}

Flag& Flag::type(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Flag& Flag::otherwise(const std::string& value) {
  option_->default_str(value);
  return *this;
}

Flag& Flag::required() {
  option_->required();
  return *this;
}

Flag& Flag::one_of(const std::vector<std::string>& words) {
  const auto among = [words](std::string& word) {
    const bool known = std::find(words.begin(), words.end(), word) != words.end();
    return known ? std::string() : fmt::format("'{}' is unknown; {}", word, suggest(word, words));
  };
  option_->check(CLI::Validator(among, ""));
  return *this;
}

Flag CommandLine::declared(CLI::Option& option) const {
  if (!group_.empty()) option.group(group_);
  return Flag(option);
}

Flag CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
  return declared(*app_->add_flag(name, value, help)->disable_flag_override());
}

Flag CommandLine::flag(const std::string& name, std::vector<std::string>& values,
                       const std::string& help) {
  return declared(*app_->add_option(name, values, help));
}

Flag CommandLine::repeated(const std::string& name, std::vector<std::string>& values,
                           const std::string& help) {
  CLI::Option& option = *app_->add_option(name, values, help);
  option.expected(1)->allow_extra_args(false);
  option.multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return declared(option);
}

Flag CommandLine::flag(const std::string& name, std::function<void(const std::string&)> read,
                       const std::string& help) {
  const auto told = [name, read = std::move(read)](const std::string& text) {
    try {
      read(text);
    } catch (const SettingError& error) {
      const bool named = error.setting() == setting_of(name);
      throw CLI::ValidationError(name, named ? error.reason() : error.what());
    }
  };
  CLI::Option& option = *app_->add_option_function<std::string>(name, told, help);
  option.multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  return declared(option);
}

Flag CommandLine::flag_or_not(const std::string& name, std::function<void(bool)> read,
                              const std::string& help) {
  const auto told = [read = std::move(read)](std::int64_t times) { read(times > 0); };
  return declared(*app_->add_flag_function(name, told, help));
}

Flag CommandLine::expression(const std::string& name, std::string& value, const std::string& help) {
  app_->allow_extras();
  finish_ = [app = app_, &value] {
    const std::vector<std::string> extras = app->remaining();
    if (extras.empty()) return;
    const bool minus = extras.size() == 1 && extras[0][0] == '-' && !extras[0].starts_with("--");
    if (!minus || !value.empty()) throw CLI::ExtrasError(extras);
    value = extras[0];
  };
  return flag(name, value, help);
}

void CommandLine::group(const std::string& heading, const std::string& remark) {
  group_ = heading;
  if (!remark.empty()) help_of(*app_).remarks[{app_, heading}] = remark;
}

void CommandLine::header(const std::string& text) { help_of(*app_).headers[app_] = text + "\n"; }

void CommandLine::footer(const std::string& text) { app_->footer(text); }

void CommandLine::subcommand(const Command& command) {
  CLI::App* app = app_->add_subcommand(command.name, command.summary);
  app->footer("");  // not its parent's
  CommandLine line(*app, *chosen_);
  const Action action = command.declare(line);
  if (!action) {
    app->require_subcommand(1);
    return;
  }
  app->callback([action, finish = line.finish_, chosen = chosen_] {
    if (finish) finish();
    *chosen = action;
  });
}

std::vector<std::string> CommandLine::given() const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_->get_options()) {
    if (option->count() > 0) names.push_back(option->get_name());
  }
  return names;
}

namespace {

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

/// The arguments that nobody asked for. Where "--" is among them, so is what it leads, wrong or not.
std::vector<std::string> extras_of(const CLI::App& app) {
  std::vector<std::string> extras = app.remaining();
  extras.erase(std::find(extras.begin(), extras.end(), "--"), extras.end());
  return extras;
}

/// The command that was given an argument which nobody asked for, else the one selected. Of two the
/// inner one: after a wrong word of its own, the others may be handed to the outer one.
const CLI::App& culprit(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return app;
  const bool own = !extras_of(app).empty() && extras_of(*chosen.back()).empty();
  return own ? app : culprit(*chosen.back());
}

/// Why a flag, argument or command that nobody asked for is wrong, with the nearest name there is.
std::string explain_extra(const CLI::App& command, const std::string& extra) {
  const std::vector<std::string> commands = command_names(command);
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
  if (!commands.empty()) return unknown_command(extra, commands);
  return fmt::format("unexpected argument '{}'", extra);
}

/// A flag with too many values or none: "--seed: 1 required N missing" in better words.
std::string explain_mismatch(const std::string& reason, const CLI::App& command) {
  std::string name = reason.substr(0, reason.find_first_of(": "));
  if (command.get_option_no_throw("--" + name) != nullptr) name = "--" + name;
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option == nullptr) return reason;
  if (option->get_expected_max() == 0) return name + " takes no value";
  if (option->count() > 1) return name + " is given twice";
  return fmt::format("{} lacks its value ({})", name, option->get_type_name());
}

std::string reason_of(const CLI::ParseError& error, const CLI::App& command) {
  const std::vector<std::string> extras = extras_of(command);
  if (!extras.empty()) return explain_extra(command, extras.front());
  const std::vector<std::string> commands = command_names(command);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return explain_mismatch(error.what(), command);
  }
  if (commands.empty()) return error.what();
  return fmt::format("'{}' lacks a command; {}", path_of(command), suggest("", commands));
}

}  // namespace

Parsed parse(const Command& program, const std::string& version, int argc, char** argv) {
  const auto app = std::make_shared<CLI::App>(program.summary, program.name);
  app->formatter(std::make_shared<Help>());  // of its commands too
  app->set_version_flag("--version", version, "print the version");
  app->set_help_flag("-h,--help", "print this help");
  app->require_subcommand(0, 1);
  Action chosen;
  CommandLine line(*app, chosen);
  program.declare(line);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& asked_for_text) {  // --help, --version
    std::ostringstream text;
    app->exit(asked_for_text, text, text);
    std::cout << in_own_name(text.str());
    return {};
  } catch (const CLI::ParseError& error) {
    const CLI::App& command = culprit(*app);
    return {{}, refuse(path_of(command), reason_of(error, command))};
  }
  if (!chosen) return {};
  // The action may ask for the flags that were given: the parser lives until it is done.
  return {[app, chosen] { return chosen(); }};
}

}  // namespace nelbo
