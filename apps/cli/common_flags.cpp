#include "apps/cli/common_flags.hpp"

#include "apps/cli/ranks_here.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

void CommonFlags::apply_threads() const {
  set_num_threads(threads ? std::size_t(*threads) : default_threads_here());
}

void add_common_flags(CommandLine& command, CommonFlags& flags, const std::string& seed_help) {
  command.number("--threads", flags.threads, 1, 1024,
                 "worker threads; results do not depend on them [the cores this process may use]");
  command.number("--seed", flags.seed, 0, INT64_MAX, seed_help);
  command.flag("--quiet", flags.quiet, "no header and no progress");
  command.flag("--json", flags.json, "print the result as one JSON object on stdout");
}

}  // namespace nelbo
