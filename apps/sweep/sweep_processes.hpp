#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "apps/sweep/sweep_plan.hpp"

namespace nelbo {

/// How the runs of a sweep are spread over the machine.
struct Spread {
  std::size_t at_once = 1;
  std::size_t threads = 1;  // of each
};

/// Whether a run of that name, in the folder of a sweep, has reached its end.
bool run_has_ended(const std::filesystem::path& sweep, const std::string& name);

/// The runs of a sweep, each a process of its own.
class SweepProcesses {
 public:
  /// `program`: the name that the runs' records give to it. `say`: for a line of text.
  SweepProcesses(std::filesystem::path folder, std::string program,
                 std::function<void(const std::string&)> say)
      : folder_(std::move(folder)), program_(std::move(program)), say_(std::move(say)) {}

  /// Makes the runs, as many at once as `spread` says: begins those that are not there, resumes
  /// those that are. One that fails stops no other. A signal ends all, saved; it is returned, else 0.
  int run(const std::vector<SweepRun>& runs, const Spread& spread);
  /// How many failed.
  std::size_t failures() const { return failures_; }

 private:
  std::vector<std::string> command_of(const SweepRun& run, std::size_t threads) const;
  void tell_end(const SweepRun& run, int code, const std::string& place, double seconds);

  std::filesystem::path folder_;
  std::string program_;
  std::function<void(const std::string&)> say_;
  std::size_t failures_ = 0;
};

}  // namespace nelbo
