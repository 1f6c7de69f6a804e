#include "apps/reports/profile_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "apps/reports/mean_text.hpp"
#include "apps/reports/table.hpp"
#include "autodiff/peak.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(Profile::Pass pass) {
  switch (pass) {
    case Profile::Pass::forward:
      return "forward";
    case Profile::Pass::backward:
      return "backward";
    case Profile::Pass::beside:
      return "";
  }
  return "";
}

/// A row of the profile against what binds it.
struct Share {
  double gflops, gb_per_s;
  bool by_memory;
  double of_bound;  // 1: as fast as the machine can; more where data stay in the caches
};

Share share_of(const Profile::Row& row, const ProfileReport& report) {
  const double gflops = 1e-9 * row.work.flop / row.seconds;
  const double gb_per_s = 1e-9 * row.work.bytes / row.seconds;
  const double compute = gflops / report.peak_gflops, memory = gb_per_s / report.gb_per_s;
  return {gflops, gb_per_s, memory > compute, std::max(memory, compute)};
}

/// By falling time; what no row has is the last.
std::vector<Profile::Row> sorted_rows(const ProfileReport& report) {
  std::vector<Profile::Row> rows = report.profile.rows();
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  Profile::Row rest{.name = "rest", .pass = Profile::Pass::beside, .calls = report.steps};
  rest.seconds = report.profile.seconds();
  for (const Profile::Row& row : rows) rest.seconds -= row.seconds;
  rest.busy.assign(num_threads(), 0);
  rest.busy[0] = rest.seconds;
  rows.push_back(std::move(rest));
  return rows;
}

/// Share of the time in which each thread has nothing to do.
std::vector<double> waiting(const std::vector<Profile::Row>& rows, double seconds) {
  std::vector<double> idle(num_threads(), 1);
  for (const Profile::Row& row : rows) {
    for (std::size_t thread = 0; thread < idle.size(); ++thread) {
      idle[thread] -= row.busy[thread] / seconds;
    }
  }
  return idle;
}

}  // namespace

ProfileReport profile_report(Profile profile, std::uint64_t steps) {
  const std::size_t threads = num_threads();
  return {std::move(profile), steps, measure_fma_peak(threads), measure_bandwidth(threads)};
}

Json to_json(const ProfileReport& report) {
  const double seconds = report.profile.seconds(), us = 1e6 / double(report.steps);
  const std::vector<Profile::Row> all = sorted_rows(report);
  Json rows = Json::array();
  for (const Profile::Row& row : all) {
    const Share share = share_of(row, report);
    Json busy = Json::array();
    for (const double thread : row.busy) busy.push_back(us * thread);
    Json object{
        {"name", row.name},
        {"shape", std::vector<std::int64_t>(row.shape.dims().begin(), row.shape.dims().end())},
        {"pass", name_of(row.pass)},
        {"calls", double(row.calls) / double(report.steps)},
        {"us", us * row.seconds},
        {"share", row.seconds / seconds}};
    if (row.work.bytes > 0) {
      object["gflops"] = share.gflops;
      object["gb_per_s"] = share.gb_per_s;
      object["bound"] = share.by_memory ? "memory" : "fma";
      object["of_bound"] = share.of_bound;
    }
    object["busy_us"] = std::move(busy);
    rows.push_back(std::move(object));
  }
  return {{"steps", report.steps},
          {"seconds", seconds},
          {"peak_gflops", report.peak_gflops},
          {"gb_per_s", report.gb_per_s},
          {"waiting", waiting(all, seconds)},
          {"rows", std::move(rows)}};
}

std::string profile_text(const ProfileReport& report) {
  const double seconds = report.profile.seconds(), us = 1e6 / double(report.steps);
  const std::vector<Profile::Row> all = sorted_rows(report);
  Table table{.names = 3,
              .header = {"operator", "shape", "pass", "calls", "us per step", "share", "GFLOP/s",
                         "GB/s", "bound by", "of it"}};
  for (std::size_t thread = 0; thread < num_threads(); ++thread) {
    table.header.push_back(fmt::format("busy {}", thread + 1));
  }
  for (const Profile::Row& row : all) {
    const Share share = share_of(row, report);
    const bool counted = row.work.bytes > 0;
    std::vector<std::string> line{row.name,
                                  row.shape.rank() > 0 ? row.shape.text() : "",
                                  name_of(row.pass),
                                  fmt::format("{:.3g}", double(row.calls) / double(report.steps)),
                                  fmt::format("{:.1f}", us * row.seconds),
                                  fmt::format("{:.1f}%", 100 * row.seconds / seconds),
                                  row.work.flop > 0 ? fmt::format("{:.1f}", share.gflops) : "",
                                  counted ? fmt::format("{:.1f}", share.gb_per_s) : "",
                                  counted ? (share.by_memory ? "memory" : "fma") : "",
                                  counted ? fmt::format("{:.0f}%", 100 * share.of_bound) : ""};
    for (const double thread : row.busy) {
      line.push_back(fmt::format("{:.0f}%", 100 * thread / row.seconds));
    }
    table.rows.push_back(std::move(line));
  }
  std::string text = fmt::format(
      "profile of {}, {:.1f} us each; limits: {:.1f} GFLOP/s, {:.1f} GB/s beyond the caches\n",
      counted(report.steps, "step"), us * seconds, report.peak_gflops, report.gb_per_s);
  text += aligned(table);
  const std::vector<double> idle = waiting(all, seconds);
  for (std::size_t thread = 0; thread < idle.size(); ++thread) {
    text += fmt::format("thread {} waits {:.1f}% of the time\n", thread + 1, 100 * idle[thread]);
  }
  return text;
}

}  // namespace nelbo
