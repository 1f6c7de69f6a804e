#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/bins.hpp"

namespace nelbo::disentanglement {

/// How often each point counts, [N]; empty: once.
using PointWeights = std::span<const std::uint32_t>;

/// What a table of counts of two columns says, nats: the plug-in estimates.
struct TableInformation {
  double information = 0;  ///< I(a; b)
  double row_entropy = 0;  ///< H(a)
  double entropy = 0;      ///< H(b)
  double freedom = 0;      ///< occupied cells - rows - columns + 1; Miller (1955)
};

/// Of classes a [N] and b [N] of the same points. `counts` is working memory, which grows as needed.
TableInformation count_information(const Classes& a, const Classes& b, PointWeights weights,
                                   std::vector<std::uint32_t>& counts);

}  // namespace nelbo::disentanglement
