#include "lab/evaluation/disentanglement/score_group.hpp"

#include <cmath>

#include "lab/evaluation/disentanglement/bootstrap.hpp"

namespace nelbo::disentanglement {

void measure(const ScoreGroup& group, bool errors, std::vector<Measured>& to) {
  const std::vector<double> values = group.values(std::nullopt);
  const std::vector<double> standard_errors =
      errors ? bootstrap_errors([&](std::size_t replicate) { return group.values(replicate); })
             : std::vector<double>(values.size(), std::nan(""));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& [name, variant] = group.names[i];
    to.push_back({name, variant, {values[i], standard_errors[i]}});
  }
}

std::size_t samples_of(const EvaluationOptions& options) {
  return options.samples == 0 ? 10000 : options.samples;
}

}  // namespace nelbo::disentanglement
