#include "objectives/bounds/arguments.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/number_text.hpp"

namespace nelbo::bounds {
namespace {

constexpr std::int64_t most_samples = 1'000'000;

}  // namespace

void Arguments::refuse(const char* name, const std::string& value, const std::string& why) {
  throw Error(bound_ + ": " + name + " = " + value + "; " + why);
}

Arguments& Arguments::add(const std::string& name, const std::string& value) {
  const std::string argument = name.empty() ? value : name + "=" + value;
  list_ += (list_.empty() ? "" : ", ") + argument;
  if (name != "m") family_ += (family_.empty() ? "" : ", ") + argument;
  return *this;
}

Arguments& Arguments::whole(const char* name, std::int64_t value, std::int64_t least,
                            std::int64_t most) {
  if (value < least || value > most) {
    refuse(name, std::to_string(value),
           "a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
               " is needed");
  }
  return add(name, std::to_string(value));
}

Arguments& Arguments::samples(const char* name, std::int64_t value) {
  return whole(name, value, 1, most_samples);
}

Arguments& Arguments::several_samples(const char* name, std::int64_t value) {
  if (value == 1) refuse(name, "1", "with one sample it is the ELBO, write elbo; else at least 2");
  return whole(name, value, 2, most_samples);
}

Arguments& Arguments::real(const char* name, double value, double least, double most) {
  if (!std::isfinite(value) || value < least || value > most) {
    const std::string from = std::isfinite(least) ? " from " + shortest(least) : "";
    const std::string to = std::isfinite(most) ? " to " + shortest(most) : "";
    refuse(name, shortest(value), "a finite number" + from + to + " is needed");
  }
  return add(name, shortest(value));
}

Arguments& Arguments::bound(const std::string& text) { return add("", text); }

Arguments& Arguments::at_most(std::int64_t k, std::int64_t m) {
  if (k > most_samples / m) {
    refuse("k", std::to_string(k),
           "with groups of " + std::to_string(m) + " that is more than " +
               std::to_string(most_samples) + " samples");
  }
  return *this;
}

}  // namespace nelbo::bounds
