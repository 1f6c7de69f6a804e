#pragma once
#include <string>

namespace nelbo {

/// The fewest digits that read back as the same number: "0.1", "1e-08".
std::string shortest(double value);

}  // namespace nelbo
