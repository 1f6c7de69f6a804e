#include "apps/verify/terms.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::verify {
namespace {

/// Of which mean over the draws a term is the expectation.
struct Integrand {
  const char* name;
  double ExactTerms::*exact;
  double (*at)(const LogDensities& log, std::size_t s);
};

constexpr Integrand integrands[] = {
    {"nell", &ExactTerms::nell, [](auto& log, std::size_t s) { return -log.decoder[s]; }},
    {"div", &ExactTerms::div,
     [](auto& log, std::size_t s) { return log.encoder[s] - log.prior[s]; }},
    {"mi", &ExactTerms::mi,
     [](auto& log, std::size_t s) { return log.encoder[s] - log.aggregate[s]; }},
    {"aggdiv", &ExactTerms::aggdiv,
     [](auto& log, std::size_t s) { return log.aggregate[s] - log.prior[s]; }},
    {"tc", &ExactTerms::tc,
     [](auto& log, std::size_t s) { return log.aggregate[s] - log.aggregate_marginals[s]; }},
    {"dwkl", &ExactTerms::dwkl,
     [](auto& log, std::size_t s) { return log.aggregate_marginals[s] - log.prior_marginals[s]; }},
    {"pf", &ExactTerms::pf,
     [](auto& log, std::size_t s) { return log.prior[s] - log.prior_marginals[s]; }},
    {"hagg", &ExactTerms::hagg, [](auto& log, std::size_t s) { return -log.aggregate[s]; }},
    {"hqzx", &ExactTerms::hqzx, [](auto& log, std::size_t s) { return -log.encoder[s]; }},
    {"elbo", &ExactTerms::elbo,
     [](auto& log, std::size_t s) { return log.decoder[s] + log.prior[s] - log.encoder[s]; }},
    {"log_px", &ExactTerms::log_px, [](auto& log, std::size_t s) { return log.evidence[s]; }},
    {"gap", &ExactTerms::gap,
     [](auto& log, std::size_t s) { return log.encoder[s] - log.posterior[s]; }},
};

}  // namespace

void require_finite(const ExactTerms& terms) {
  for (const auto& [name, value] : named_terms(terms)) {
    if (!std::isfinite(value)) {
      throw Error(
          "the term " + name +
          " of this world is not finite in float64; its numbers are too large or too small");
    }
  }
}

std::vector<Check> check_terms(const World& world, std::uint64_t seed, std::int64_t samples) {
  const ExactTerms exact = world.exact();
  constexpr std::int64_t chunk = 4096;  // draws
  const std::size_t chunks = std::size_t((samples + chunk - 1) / chunk);
  std::vector<std::vector<RunningMean>> parts(chunks);
  parallel_for(chunks, [&](std::size_t c) {
    const std::int64_t first = std::int64_t(c) * chunk;
    const std::size_t count = std::size_t(std::min(chunk, samples - first));
    const LogDensities log =
        world.draw(random_variables::verify_terms.of(seed), 0, std::uint32_t(first), count);
    for (const Integrand& integrand : integrands) {
      RunningMean mean;
      for (std::size_t s = 0; s < count; ++s) mean.add(integrand.at(log, s));
      parts[c].push_back(mean);
    }
  });

  std::vector<Check> checks;
  for (std::size_t i = 0; i < std::size(integrands); ++i) {
    RunningMean all;
    for (const auto& part : parts) all.add(part[i]);
    const auto [mean, error] = all.result();
    checks.push_back({.name = integrands[i].name,
                      .value = mean,
                      .se = error,
                      .expected = exact.*integrands[i].exact});
  }
  // H_data is exact, so that H_data - Nell has the spread of Nell.
  const Check nell = checks.front();
  checks.push_back({.name = "mi_lower",
                    .value = exact.h_data - nell.value,
                    .se = nell.se,
                    .expected = exact.mi_lower});
  return checks;
}

}  // namespace nelbo::verify
