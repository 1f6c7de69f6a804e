#pragma once
#include <string>

namespace nelbo {

/// A name in upright letters: "\mathrm{vr\_max}".
std::string upright(const std::string& name);
/// Words for \text{...}: what LaTeX would obey is escaped.
std::string plain_text(const std::string& words);
/// A number: "0.5", "1.5 \cdot 10^{-7}".
std::string latex_number(double value);

}  // namespace nelbo
