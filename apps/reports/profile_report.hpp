#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "autodiff/profile.hpp"

namespace nelbo {

/// A profile of so many steps, and what binds them on this machine.
struct ProfileReport {
  Profile profile;
  std::uint64_t steps;
  double peak_gflops;  // measure_fma_peak
  double gb_per_s;     // measure_bandwidth, beyond the caches
};

/// Measures the two limits, which takes a second.
ProfileReport profile_report(Profile profile, std::uint64_t steps);

/// {"steps", "seconds", "peak_gflops", "gb_per_s", "waiting": [by thread], "rows": [{"name", "shape",
/// "pass", "calls", "us", "share", "gflops", "gb_per_s", "bound", "of_bound", "busy_us": [by thread]}]};
/// calls and times by step, rows by falling time, "rest" what no row has.
nlohmann::ordered_json to_json(const ProfileReport& report);

/// The same for people.
std::string profile_text(const ProfileReport& report);

}  // namespace nelbo
