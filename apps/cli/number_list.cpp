#include "apps/cli/number_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace nelbo {
namespace {

constexpr std::size_t longest = 64;

std::vector<std::int64_t> number_list(const std::string& flag, const std::string& text,
                                      std::int64_t most) {
  std::vector<std::int64_t> values;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const char *first = text.data() + start, *last = text.data() + comma;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(first, last, value);
    if (error != std::errc{} || end != last || value < 1 || value > most) {
      throw CLI::ValidationError(flag,
                                 fmt::format("'{}' in '{}' is not a whole number from 1 to {}",
                                             std::string(first, last), text, most));
    }
    values.push_back(value);
    start = comma + 1;
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() > longest) {
    throw CLI::ValidationError(flag, fmt::format("more than {} numbers", longest));
  }
  return values;
}

}  // namespace

CLI::Option* add_number_list(CLI::App& command, const std::string& flag,
                             std::vector<std::int64_t>& values, std::int64_t most,
                             const std::string& help) {
  return command
      .add_option_function<std::string>(
          flag,
          [flag, &values, most](const std::string& text) {
            values = number_list(flag, text, most);
          },
          help)
      ->type_name("N,...");
}

}  // namespace nelbo
