#include "lab/evaluation/disentanglement/bootstrap.hpp"

#include <cmath>

#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::disentanglement {

std::vector<std::uint32_t> resampled(std::size_t n, std::uint64_t seed, std::size_t replicate,
                                     std::size_t part) {
  std::vector<std::uint32_t> words(n), weights(n, 0);
  fill_bits(words.data(), {.stream = random_variables::disentangle_bootstrap.of(seed, part),
                           .step = replicate,
                           .dimensions = n});
  for (const std::uint32_t word : words) ++weights[(std::uint64_t(word) * n) >> 32];
  return weights;
}

std::vector<double> bootstrap_errors(const Statistics& statistics) {
  std::vector<std::vector<double>> all(bootstrap_replicates);
  parallel_for(all.size(), [&](std::size_t replicate) { all[replicate] = statistics(replicate); });
  std::vector<double> errors;
  for (std::size_t i = 0; i < all.front().size(); ++i) {
    RunningMean mean;
    for (const std::vector<double>& one : all) {
      if (std::isfinite(one[i])) mean.add(one[i]);
    }
    const double count = mean.count();
    errors.push_back(count < 2 ? std::nan("") : std::sqrt(mean.variance() * count / (count - 1)));
  }
  return errors;
}

}  // namespace nelbo::disentanglement
