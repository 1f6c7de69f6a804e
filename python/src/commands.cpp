// Commands of nelbo in this process: what a command prints as JSON is what Python makes its results of.
#include "python/src/commands.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/cores.hpp"
#include "apps/cli/parse.hpp"
#include "apps/cli/program_name.hpp"
#include "apps/cli/words_given.hpp"
#include "apps/command.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/error.hpp"
#include "autodiff/forked.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/data/data_words.hpp"
#include "lab/training/settings.hpp"
#include "models/registry.hpp"
#include "python/src/computing.hpp"

namespace nelbo::python {

namespace nb = nanobind;

namespace {

/// As long as it lives, what is put into a stream stays here.
class Caught {
 public:
  explicit Caught(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Caught() { stream_.rdbuf(before_); }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;

  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

/// The words of `nelbo WORDS...` for a shell, until it is over.
class Words {
 public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {
    words_.insert(words_.begin(), "nelbo");
    set_words_given(words_);
    for (std::string& word : words_) argv_.push_back(word.data());
  }
  ~Words() { set_words_given({}); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  Parsed parsed() {
    const auto declare = [](CommandLine& program) -> Action {
      for (const Command& command : commands().all()) program.subcommand(command);
      return {};
    };
    return parse({"nelbo", "", declare}, NELBO_VERSION, int(argv_.size()), argv_.data());
  }

 private:
  std::vector<std::string> words_;
  std::vector<char*> argv_;
};

struct Told {
  int code;
  std::string out, messages;
};

/// Runs `nelbo WORDS...`: its exit code, what it put on stdout, and its notes and messages. What it throws
/// is thrown. One at a time, for what it prints goes through the streams of the process.
Told run_words(std::vector<std::string> words) {
  static std::mutex one;
  thread_local bool inside = false;
  if (inside) throw Error("a command of nelbo runs already: a term is recorded of variables alone");
  const Computing computing;
  const std::lock_guard alone(one);
  struct Inside {
    bool& flag;
    explicit Inside(bool& flag) : flag(flag) { flag = true; }
    ~Inside() { flag = false; }
  } const entered(inside);
  Words given(std::move(words));
  const Caught out(std::cout), messages(std::cerr);
  const Parsed parsed = given.parsed();
  const int code = parsed.action ? parsed.action() : parsed.exit_code;
  return {code, out.text(), messages.text()};
}

}  // namespace

void bind_commands(nb::module_& module) {
  module.def(
      "run_command",
      [](std::vector<std::string> words) {
        const Told told = run_words(std::move(words));
        return nb::make_tuple(told.code, told.out, told.messages);
      },
      nb::arg("words"), nb::sig("def run_command(words: list[str]) -> tuple[int, str, str]"));
  module.def(
      "settings",
      [] {
        std::vector<std::string> names;
        for (const TrainSetting& setting : settings()) names.push_back(setting.name);
        return names;
      },
      "Names of the settings of training, in the order of config.toml.");
  module.def(
      "set_threads", [](std::size_t n) { set_num_threads(n); }, nb::arg("threads"),
      "Sets the number of worker threads; no result depends on it.");
  module.def("be_forked", &be_forked,
             "In a forked child: goes on with one thread, for the workers are the parent's.");
  module.def(
      "threads", [] { return num_threads(); }, "The number of worker threads.");
  module.def(
      "default_threads", [] { return default_threads(); }, "The cores that this process may use.");
  module.def(
      "instruction_set", [] { return std::string(active_isa()); },
      "The instruction set that kernels use here.");
  module.def("version", [] { return std::string(NELBO_VERSION); });
}

}  // namespace nelbo::python
