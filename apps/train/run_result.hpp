#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lab/training/metrics.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {

/// What a finished run came to.
struct RunResult {
  RunFolder folder;
  std::string objective;
  std::uint64_t epochs, steps;
  Metrics train, test;  // of the last epoch, or of the part of it made
  double seconds;       // of this process
  double examples_per_second;
  std::uint64_t seed;
};

nlohmann::ordered_json to_json(const RunResult& result);

/// The same for people.
std::string result_text(const RunResult& result);

}  // namespace nelbo
