#pragma once
#include <cstdint>
#include <string>

namespace nelbo::bounds {

/// A bound's name with its arguments, each checked as it is added:
///
///   const std::string text = Arguments("ciwae").real("beta", beta, 0, 1).samples("m", m).text();
///
/// All throw Error "ciwae: beta = 2 ..." for a number out of range.
class Arguments {
 public:
  explicit Arguments(std::string bound) : bound_(std::move(bound)) {}

  /// A number of samples, from 1 to 1,000,000.
  Arguments& samples(const char* name, std::int64_t value);
  /// The same from 2: one sample would be the ELBO under another name.
  Arguments& several_samples(const char* name, std::int64_t value);
  Arguments& whole(const char* name, std::int64_t value, std::int64_t least, std::int64_t most);
  /// A finite number in [least, most].
  Arguments& real(const char* name, double value, double least, double most);
  /// An argument that is itself a bound.
  Arguments& bound(const std::string& text);
  /// Refuses k groups of m that are more than 1,000,000 samples together.
  Arguments& at_most(std::int64_t k, std::int64_t m);

  std::string text() const { return bound_ + "(" + list_ + ")"; }
  /// The same without the number of samples m: "ciwae(beta=0.05)", "iw".
  std::string family() const { return family_.empty() ? bound_ : bound_ + "(" + family_ + ")"; }

 private:
  [[noreturn]] void refuse(const char* name, const std::string& value, const std::string& why);
  Arguments& add(const std::string& name, const std::string& value);

  std::string bound_;
  std::string list_, family_;  // all, and all but m
};

}  // namespace nelbo::bounds
