// What theory says of slopes, asked of the estimators and of the model's own groups and layers.
#include <string>

#include "lab/studies/subject.hpp"
#include "tests/catch.hpp"
#include "tests/lab/small_vae.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using tests::SmallVae;

TEST_CASE("subject: a slope's theory is of the group's own estimator") {
  SmallVae vae;
  vae.start();
  const auto theory = [&](const std::string& estimator, const std::string& group,
                          Axis axis = Axis::m, const std::string& bound = "iw") {
    return slope_theory(*vae.model,
                        {.bound = bound, .estimator = estimator, .group = group, .axis = axis});
  };
  // Rainforth et al. (2018), theorem 1; Tucker et al. (2018).
  for (const char* phi : {"phi", "encoder.0"}) {
    INFO(phi);
    CHECK(theory("reparam", phi) == -0.5);
    CHECK(theory("phi=reparam,theta=piwae", phi) == -0.5);
    CHECK(theory("dreg", phi) == 0.5);
    CHECK(theory("phi=dreg,theta=piwae", phi) == 0.5);
    CHECK(theory("wake_sleep(wake=1)", phi) == 0.5);
    CHECK_FALSE(theory("wake_sleep(wake=0.5)", phi));
    CHECK_FALSE(theory("vimco", phi));
    CHECK_FALSE(theory("reparam", phi, Axis::m, "miwae"));
    CHECK(theory("vimco", phi, Axis::k) == 0.5);
  }
  for (const char* theta : {"theta", "decoder.0"}) {
    INFO(theta);
    CHECK(theory("reparam", theta) == 0.5);
    CHECK(theory("phi=piwae,theta=reparam", theta) == 0.5);
    CHECK_FALSE(theory("piwae", theta));
    CHECK_FALSE(theory("phi=dreg,theta=piwae", theta));
  }
  CHECK_FALSE(theory("reparam+antithetic", "phi"));
  CHECK_FALSE(theory("reparam+antithetic", "phi", Axis::k));
  CHECK_FALSE(theory("reparam", "nowhere"));
}
