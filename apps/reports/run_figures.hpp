#pragma once
#include <string>
#include <vector>

#include "apps/reports/run_differences.hpp"
#include "apps/reports/run_history.hpp"
#include "apps/reports/svg_plot.hpp"

namespace nelbo {

/// Plots of one run over its epochs, as SVG: objective, elbo, nell, div and the objective's other
/// terms on all splits, the weights of schedules, learning rates and gradient norm, latent terms of
/// the ledger, and the gradients' signal-to-noise ratio. What was measured once has no plot.
std::vector<std::string> figures_of(const RunHistory& run);

/// Plots of several: rate against distortion, and their tests over the epochs laid over each other.
/// Runs that differ by their seeds alone share the style of their group and its name.
std::vector<std::string> figures_of(const std::vector<RunHistory>& runs,
                                    const std::vector<SeedGroup>& groups,
                                    const std::vector<SvgPlot::Style>& styles);

}  // namespace nelbo
