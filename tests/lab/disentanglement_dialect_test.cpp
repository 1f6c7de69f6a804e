// disentanglement_lib's definitions, defects included, on codes whose numbers are known.
#include <algorithm>
#include <string>

#include "autodiff/random.hpp"
#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"
#include "tests/catch.hpp"
#include "tests/lab/disentanglement_points.hpp"

using namespace nelbo;
using namespace nelbo::disentanglement;
using namespace nelbo::tests;

TEST_CASE(
    "disentanglement_lib's numbers: perfect code and noise on dSprites' grid, 10,000 points") {
  // Of numpy's own sample: MIG of a perfect code .896, modularity of Gaussian noise .676.
  Points all = grid_points(dsprites_grid);
  all.dimensions = 1;
  all.codes.assign(count_of(all), 0.0);
  const Points points = some_points(all, 10000, 11);
  const auto metric = [](const Measurement& of, const std::string& name) {
    return *std::find_if(of.metrics.begin(), of.metrics.end(),
                         [&](const Measured& one) { return one.name == name; });
  };
  const EvaluationOptions options{.like = Dialect::disentanglement_lib, .samples = 10000};
  const auto counted = [&](const Points& of) {
    return measure(sections_of(options.like).first(1), Representation(of, options, true));
  };
  const Measured mig = metric(counted(perfect_code(points)), "mig");
  CHECK_THAT(mig.score.value,
             Catch::Matchers::WithinAbs(0.896, 3 * mig.score.standard_error + 5e-4));
  Points noise = points;
  noise.dimensions = 10;
  noise.codes.assign(10 * points.count(), 0.0);
  fill_normal(noise.codes.data(), {.stream = {.seed = 2}, .dimensions = noise.codes.size()});
  const Measured modularity = metric(counted(noise), "modularity");
  CHECK_THAT(modularity.score.value,
             Catch::Matchers::WithinAbs(0.676, 3 * modularity.score.standard_error));
}
