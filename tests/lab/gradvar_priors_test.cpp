// Gradients of a model whose prior has parameters of its own: the fast path of bounds against the
// code that trains.
#include <string>

#include "lab/studies/objective_draw.hpp"
#include "lab/studies/recorded_draw.hpp"
#include "lab/studies/replicates.hpp"
#include "lab/studies/study_cells.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"
#include "tests/catch.hpp"
#include "tests/lab/small_vae.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using tests::contains;
using tests::SmallVae;

namespace {

constexpr std::uint64_t seed = 3;

}  // namespace

TEST_CASE("objective: reparam(exact) moves a prior of its own parameters as the closed form does") {
  SmallVae vae("normal:full");
  vae.start();
  const StudyCells plan =
      plan_cells({.bounds = "elbo", .estimators = "reparam(exact)"}, vae.study());
  REQUIRE(plan.undefined.empty());
  RecordedDraw study(vae.study(), bounds::elbo(), {parse_estimators("reparam(exact)")},
                     Coupling::independent);
  ObjectiveDraw closed(vae.study(), parse_objective("elbo"), {estimators::reparam()});
  study.replicate(random_variables::evaluation, seed, 1);
  closed.replicate(random_variables::evaluation, seed, 1);
  for (const char* group : {"psi", "phi", "theta"}) {
    const auto gradient = [&](const ReplicateSource& of) {
      return (group == std::string("phi") ? of.encoder_gradient(0)
                                          : of.decoder_gradient(of.decoder_weights_of(0)))
          .data_as<double>();
    };
    const Range range = vae.store.range(group);
    REQUIRE(range.length > 0);
    double squares = 0;
    for (std::size_t j = range.offset; j < range.offset + range.length; ++j) {
      INFO(group << " " << j - range.offset);
      CHECK(gradient(study)[j] == Approx(gradient(closed)[j]).epsilon(1e-9).margin(1e-12));
      squares += gradient(closed)[j] * gradient(closed)[j];
    }
    CHECK(squares > 1e-12);
  }
}

TEST_CASE(
    "objective: of a vamp prior a study refuses what training refuses, and has its gradient") {
  SmallVae vae("vamp:3");
  vae.start();
  int refused = 0, same = 0;
  for (const char* text : {"elbo", "iw(m=4)", "mc(k=2, m=3)", "jackknife(m=4)", "cubo(n=2, m=4)"}) {
    for (const char* name : {"reparam", "stl", "dreg", "rloo", "vimco", "piwae", "wake_sleep",
                             "phi=dreg,theta=piwae", "score"}) {
      INFO(text << " " << name);
      const StudyCells plan =
          plan_cells({.bounds = text, .estimators = name, .reference = "reparam"}, vae.study());
      const std::string objective = std::string(text) == "elbo" ? "elbo(mc)" : text;
      std::string why;
      try {
        ObjectiveDraw trained(vae.study(), parse_objective(objective), {parse_estimators(name)});
        REQUIRE(plan.cells.size() == 1);
        REQUIRE(plan.undefined.empty());
        const auto fast = source_of(vae.study(), plan.cells[0]);
        fast->replicate(random_variables::evaluation, seed, 2);
        trained.replicate(random_variables::evaluation, seed, 2);
        const Range phi = vae.store.range("phi");
        for (std::size_t j = phi.offset; j < phi.offset + phi.length; ++j) {
          CHECK(
              fast->encoder_gradient(0).data_as<double>()[j] ==
              Approx(trained.encoder_gradient(0).data_as<double>()[j]).epsilon(1e-8).margin(1e-12));
        }
        ++same;
      } catch (const Error& error) {
        why = error.what();
      }
      if (why.empty()) continue;
      CHECK(plan.cells.empty());
      REQUIRE(plan.undefined.size() == 1);
      CHECK_THAT(why, contains(plan.undefined[0].undefined));
      ++refused;
    }
  }
  CHECK(refused > 12);
  CHECK(same > 15);
}
