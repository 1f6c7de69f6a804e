#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/verify/check.hpp"

namespace nelbo {

/// The numbers of a study of a world, rainforth, rebar or yin-zhou, beside what theory says of them; the
/// first is what its preset compares. Nothing where a signal came. Throws Error for another name.
std::optional<std::vector<verify::Check>> run_study(const std::string& name, std::uint64_t seed,
                                                    bool quiet);

}  // namespace nelbo
