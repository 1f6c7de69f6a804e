#include "apps/verify/show_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace nelbo::verify {

nlohmann::ordered_json json_of(const Check& check, bool with_expected) {
  nlohmann::ordered_json json{{"value", check.value}, {"se", check.se}};
  if (with_expected) json["expected"] = check.expected;
  const auto z = check.z();
  json["z"] = z ? nlohmann::ordered_json(*z) : nlohmann::ordered_json(nullptr);
  if (!check.remark.empty()) json["remark"] = check.remark;
  return json;
}

namespace {

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.8f}", value) : "-";
}

}  // namespace

void print_checks(const char* title, const char* expected, const std::vector<Check>& checks) {
  if (checks.empty()) return;
  std::size_t width = 18;
  for (const Check& check : checks) width = std::max(width, check.name.size());
  std::cout << fmt::format("\n{:<{}} {:>14} {:>14} {:>10} {:>8}\n", title, width, expected, "value",
                           "se", "z");
  for (const Check& check : checks) {
    const auto z = check.z();
    std::cout << fmt::format(
        "{:<{}} {:>14} {:>14} {:>10.2g} {:>8}{}{}\n", check.name, width, number(check.expected),
        number(check.value), check.se, z ? fmt::format("{:.2f}", *z) : "-",
        check.remark.empty() ? "" : "  " + check.remark, check.failed() ? "  WRONG" : "");
  }
}

}  // namespace nelbo::verify
