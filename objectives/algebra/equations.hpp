#pragma once
#include <string>

#include "objectives/algebra/term.hpp"

namespace nelbo {

/// An objective and each named quantity in it as a LaTeX environment `align`, every line with the
/// number or the source of its equation:
///
///   \mathcal{L} &= \mathrm{Nell} + 4\,\mathrm{Div} \notag
///   \mathrm{Nell} &= -\mathbb{E}_{Q(z|x)} \log P(x|z) \tag{Zheng eq. (15)}
std::string equations(const Term& objective);

}  // namespace nelbo
