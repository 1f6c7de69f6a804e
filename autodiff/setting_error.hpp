#pragma once
#include <string>

#include "autodiff/error.hpp"

namespace nelbo {

/// A setting, or a combination of settings, that cannot be meant: "batch: must be 1 to 1048576".
/// Whoever read the settings knows how they are written there (a flag, a key, an argument) and can
/// say so in the setting's place.
class SettingError : public Error {
 public:
  /// `setting` is its name in C++ and in configuration files, "log_gradient_snr"; empty where the
  /// reason says what is meant.
  SettingError(const std::string& setting, const std::string& reason)
      : Error(setting.empty() ? reason : setting + ": " + reason),
        setting_(setting),
        reason_(reason) {}

  const std::string& setting() const { return setting_; }
  /// The message without the setting.
  const std::string& reason() const { return reason_; }

 private:
  std::string setting_;
  std::string reason_;
};

/// What `read` returns; an Error that it throws is one of the setting, whose name is said once:
/// "prior 'x' is unknown" becomes "prior: 'x' is unknown".
template <class Read>
auto read_setting(const std::string& setting, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    const std::string reason = error.what();
    const bool named = reason.starts_with(setting + " ");
    throw SettingError(setting, named ? reason.substr(setting.size() + 1) : reason);
  }
}

}  // namespace nelbo
