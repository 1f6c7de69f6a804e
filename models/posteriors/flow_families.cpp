#include "models/posteriors/flow_families.hpp"

#include <algorithm>

#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/setting_error.hpp"
#include "models/flows/masked_affine_flow.hpp"
#include "models/flows/planar_flow.hpp"
#include "models/flows/triangular_flow.hpp"
#include "models/posteriors/flow_posterior.hpp"

namespace nelbo {
namespace {

/// What a kind of flow is.
struct Steps {
  std::int64_t count;
  std::function<std::int64_t(std::int64_t latent)> context;  // columns
  bool masked = false;                                       // networks of latent^2 weights
  /// Declares the k-th.
  std::function<std::shared_ptr<const Flow>(ParameterStore& store, const std::string& name,
                                            std::int64_t latent, std::int64_t k)>
      make;
};

PosteriorRecorder declare(const std::string& text, const Steps& steps, std::int64_t latent,
                          ParameterStore& store) {
  FlowPosterior::Flows flows;
  for (std::int64_t k = 0; k < steps.count; ++k) {
    flows.push_back(steps.make(store, "posterior." + std::to_string(k), latent, k));
  }
  const bool context = steps.context(latent) > 0;
  return [=](Var output) {
    std::optional<Var> rest;
    if (context) rest = contiguous(slice(output, -1, 2 * latent, output.shape()[-1]));
    return std::make_shared<FlowPosterior>(text, diagonal_of(output, latent), rest, flows);
  };
}

PosteriorFamily family(const std::string& text, const Steps& steps) {
  return {.text = text,
          .codes =
              [text, steps](std::int64_t latent) {
                if (latent > flow_limits::latent) {
                  throw SettingError("latent", "is " + std::to_string(latent) +
                                                   ", and the posterior " + text + " takes up to " +
                                                   std::to_string(flow_limits::latent));
                }
                if (steps.masked && steps.count * latent * latent > flow_limits::masked) {
                  throw SettingError("latent", "is " + std::to_string(latent) +
                                                   ", and the posterior " + text +
                                                   " would have weights by the hundred million; "
                                                   "take fewer, or fewer steps");
                }
                return CodeSpace{CodeSpace::Kind::continuous, latent};
              },
          .head =
              [steps](const CodeSpace& codes) {
                const std::int64_t l = codes.variables;
                return PosteriorFamily::Head{2 * l + steps.context(l), 2 * l, l};
              },
          .declare =
              [=](const CodeSpace& codes, ParameterStore& store) {
                return declare(text, steps, codes.variables, store);
              },
          .normal = false};
}

std::string with_steps(const char* name, std::int64_t steps) {
  std::string text = name;
  text += ":";
  return text += std::to_string(steps);
}

/// Of masked networks in the order that `order` gives the k-th.
Steps masked(std::int64_t count, CodeOrder (*order)(std::int64_t latent, bool every_other)) {
  const auto context = [](std::int64_t latent) { return std::max<std::int64_t>(32, latent); };
  return {count, context, true,
          [=](ParameterStore& store, const std::string& name, std::int64_t latent, std::int64_t k) {
            return std::make_shared<MaskedAffineFlow>(store, name, "phi", order(latent, k % 2 == 1),
                                                      context(latent));
          }};
}

}  // namespace

PosteriorFamily affine_family() {
  return family("affine", {1, [](std::int64_t) { return 0; }, false,
                           [](ParameterStore& store, const std::string& name, std::int64_t latent,
                              std::int64_t) {
                             return std::make_shared<TriangularFlow>(store, name, "phi", latent);
                           }});
}

PosteriorFamily iaf_family(std::int64_t steps) {
  return family(with_steps("iaf", steps), masked(steps, autoregressive_order));
}

PosteriorFamily realnvp_family(std::int64_t steps) {
  return family(with_steps("realnvp", steps), masked(steps, coupling_order));
}

PosteriorFamily planar_family(std::int64_t steps) {
  return family(
      with_steps("planar", steps),
      {steps, [steps](std::int64_t latent) { return steps * PlanarFlow::columns(latent); }, false,
       [](ParameterStore& store, const std::string& name, std::int64_t latent, std::int64_t k) {
         return std::make_shared<PlanarFlow>(store, name, "phi", latent,
                                             k * PlanarFlow::columns(latent));
       }});
}

}  // namespace nelbo
