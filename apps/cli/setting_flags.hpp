#pragma once
#include <string>

namespace nelbo {

/// The flag of a setting: "--log-gradient-snr" of "log_gradient_snr".
std::string flag_of(const std::string& setting);

/// A text of the laboratory, which speaks of "the setting label", as the program says it: "--label".
std::string with_flags(std::string text);

}  // namespace nelbo
