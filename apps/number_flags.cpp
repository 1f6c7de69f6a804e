// Numbers of the command line are read strictly: "--batch 1e99", "--lr nan" and "--seed -1" are
// refused with what the flag takes, whatever a parser's own conversions would make of them.
#include <fmt/format.h>

#include <algorithm>

#include "apps/command_line.hpp"
#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

constexpr std::size_t longest_list = 64;

std::int64_t whole_number(const std::string& text, std::int64_t least, std::int64_t most) {
  const auto value = number_of<std::int64_t>(text);
  if (value && *value >= least && *value <= most) return *value;
  throw SettingError("",
                     fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
}

double real_number(const std::string& text, double above, double most) {
  const auto value = number_of<double>(text);
  if (value && *value > above && *value <= most) return *value;
  throw SettingError("",
                     fmt::format("'{}' is not a number above {}, at most {}", text, above, most));
}

std::vector<std::int64_t> number_list(const std::string& text, std::int64_t most) {
  std::vector<std::int64_t> values;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string part = text.substr(start, comma - start);
    const auto value = number_of<std::int64_t>(part);
    if (!value || *value < 1 || *value > most) {
      throw SettingError(
          "", fmt::format("'{}' in '{}' is not a whole number from 1 to {}", part, text, most));
    }
    values.push_back(*value);
    start = comma + 1;
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() > longest_list) {
    throw SettingError("", fmt::format("more than {} numbers", longest_list));
  }
  return values;
}

/// Reads a flag's text into its value.
template <class T, class Read>
std::function<void(const std::string&)> into(T& value, Read read) {
  return [&value, read](const std::string& text) { value = read(text); };
}

auto whole(std::int64_t least, std::int64_t most) {
  return [=](const std::string& text) { return whole_number(text, least, most); };
}

auto real_in(double above, double most) {
  return [=](const std::string& text) { return real_number(text, above, most); };
}

}  // namespace

Flag CommandLine::flag(const std::string& name, std::string& value, const std::string& help) {
  return flag(name, into(value, std::identity{}), help);
}

Flag CommandLine::flag(const std::string& name, std::optional<std::string>& value,
                       const std::string& help) {
  return flag(name, into(value, std::identity{}), help);
}

Flag CommandLine::number(const std::string& name, std::int64_t& value, std::int64_t least,
                         std::int64_t most, const std::string& help) {
  const std::string otherwise = std::to_string(value);
  return flag(name, into(value, whole(least, most)), help).type("N").otherwise(otherwise);
}

Flag CommandLine::number(const std::string& name, std::optional<std::int64_t>& value,
                         std::int64_t least, std::int64_t most, const std::string& help) {
  return flag(name, into(value, whole(least, most)), help).type("N");
}

Flag CommandLine::numbers(const std::string& name, std::vector<std::int64_t>& values,
                          std::int64_t most, const std::string& help) {
  const auto list = [most](const std::string& text) { return number_list(text, most); };
  return flag(name, into(values, list), help).type("N,...");
}

Flag CommandLine::real(const std::string& name, double& value, double above, double most,
                       const std::string& help) {
  const std::string otherwise = fmt::format("{}", value);
  return flag(name, into(value, real_in(above, most)), help).type("X").otherwise(otherwise);
}

}  // namespace nelbo
