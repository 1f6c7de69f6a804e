#include "models/priors/prior_family.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/flows/masked_affine_flow.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/priors/bernoulli_prior.hpp"
#include "models/priors/categorical_prior.hpp"
#include "models/priors/conditional_prior.hpp"
#include "models/priors/factorised_priors.hpp"
#include "models/priors/fits.hpp"
#include "models/priors/flow_prior.hpp"
#include "models/priors/full_normal_prior.hpp"
#include "models/priors/implicit_priors.hpp"
#include "models/priors/mixture_prior.hpp"
#include "models/priors/product_prior.hpp"
#include "models/priors/pseudo_inputs.hpp"
#include "models/priors/uniform_prior.hpp"

namespace nelbo {
namespace {

constexpr const char* group = "psi";
constexpr std::int64_t most_components = 4096;

PriorFamily real_prior(const std::string& text,
                       std::function<PriorRecorder(const PriorContext&)> declare) {
  return {.text = text,
          .unfit = over_kind(text, CodeSpace::Kind::continuous),
          .declare = std::move(declare)};
}

PriorFamily standard_normal() {
  return real_prior("normal", [](const PriorContext& context) -> PriorRecorder {
    return [latent = context.codes.variables] {
      return std::make_shared<StandardNormalPrior>(latent);
    };
  });
}

PriorFamily laplace() {
  return real_prior("laplace", [](const PriorContext& context) -> PriorRecorder {
    return [latent = context.codes.variables] { return std::make_shared<LaplacePrior>(latent); };
  });
}

PriorFamily learned_normal() {
  return real_prior("normal:full", [](const PriorContext& context) -> PriorRecorder {
    ParameterStore& store = context.store;
    const std::int64_t latent = context.codes.variables;
    const ParameterId mean = store.add(context.name + ".mean", group, {latent}, zeros());
    const ParameterId log_diagonal =
        store.add(context.name + ".log_diagonal", group, {latent}, zeros());
    const ParameterId below =
        store.add(context.name + ".below", group, {latent * (latent - 1) / 2}, zeros());
    return [=, &store] {
      Tape& tape = Tape::current();
      const Var factor =
          lower_triangular(exp(tape.parameter(store, log_diagonal)), tape.parameter(store, below));
      return std::make_shared<FullNormalPrior>(FullNormal{tape.parameter(store, mean), factor});
    };
  });
}

PriorFamily mixture(std::int64_t k) {
  const std::string text = "mixture:" + std::to_string(k);
  return real_prior(text, [k, text](const PriorContext& context) -> PriorRecorder {
    ParameterStore& store = context.store;
    const std::int64_t latent = context.codes.variables;
    const Tensor centre({latent}), deviation = Tensor::full({latent}, std::sqrt(0.5));
    const ParameterId logits = store.add(context.name + ".logits", group, {k}, zeros());
    const ParameterId means =
        store.add(context.name + ".means", group, {k, latent}, scattered(centre, deviation));
    const ParameterId log_variances = store.add(context.name + ".log_variances", group, {k, latent},
                                                constant(Tensor::full({k, latent}, std::log(0.5))));
    return [=, &store] {
      Tape& tape = Tape::current();
      return std::make_shared<MixturePrior>(
          text, DiagNormal{tape.parameter(store, means), tape.parameter(store, log_variances)},
          log_softmax(tape.parameter(store, logits)));
    };
  });
}

PriorFamily vamp(std::int64_t k) {
  const std::string text = "vamp:" + std::to_string(k);
  PriorFamily family = real_prior(text, [k, text](const PriorContext& context) -> PriorRecorder {
    ParameterStore& store = context.store;
    const std::int64_t x = context.features;
    const Initializer start =
        deferred([support = context.likelihood->support(), moments = context.moments] {
          return pseudo_inputs_start(support, moments);
        });
    const ParameterId inputs = store.add(context.name + ".pseudo_inputs", group, {k, x}, start);
    return [=, &store, support = context.likelihood->support(), encoder = context.encoder] {
      const Var pseudo = in_support(support, Tape::current().parameter(store, inputs));
      return std::make_shared<MixturePrior>(text, encoder(pseudo)->normal(text));
    };
  });
  family.moves_encoder = true;
  return family;
}

PriorFamily uniform() {
  return {.text = "uniform",
          .unfit = [](const CodeSpace& codes) -> std::string {
            if (codes.values() > 0) return "";
            return "'uniform' is over the values of discrete codes, of the posteriors bernoulli "
                   "and categorical:K, and here they are " +
                   codes.text() + "; choose the prior " + priors_over(codes);
          },
          .declare = [](const PriorContext& context) -> PriorRecorder {
            return [codes = context.codes] { return std::make_shared<UniformPrior>(codes); };
          }};
}

PriorFamily learned_bernoulli() {
  return {.text = "bernoulli",
          .unfit = over_kind("bernoulli", CodeSpace::Kind::binary),
          .declare = [](const PriorContext& context) -> PriorRecorder {
            ParameterStore& store = context.store;
            const ParameterId logits =
                store.add(context.name + ".logits", group, {context.codes.variables}, zeros());
            return [logits, &store] {
              return std::make_shared<BernoulliPrior>(Tape::current().parameter(store, logits));
            };
          }};
}

PriorFamily conditional_normal() {
  PriorFamily family{.text = "conditional",
                     .unfit = over_kind("conditional", CodeSpace::Kind::continuous),
                     .declare = {}};
  family.declare_conditional = [](const PriorContext& context) -> ConditionalPriorRecorder {
    const WeightInit none = [](std::int64_t, std::int64_t) { return zeros(); };
    const std::int64_t latent = context.codes.variables;
    const Linear head(context.store, context.name, group, context.conditions, 2 * latent,
                      Activation::identity, none);
    return [head, latent](Var condition) {
      const Var both = head(condition);
      return std::make_shared<ConditionalPrior>(
          DiagNormal{slice(both, -1, 0, latent), slice(both, -1, latent, 2 * latent)});
    };
  };
  return family;
}

PriorFamily learned_categorical() {
  return {.text = "categorical",
          .unfit = over_kind("categorical", CodeSpace::Kind::one_hot),
          .declare = [](const PriorContext& context) -> PriorRecorder {
            ParameterStore& store = context.store;
            const Shape shape{context.codes.variables, context.codes.classes};
            const ParameterId logits = store.add(context.name + ".logits", group, shape, zeros());
            return [logits, &store] {
              return std::make_shared<CategoricalPrior>(Tape::current().parameter(store, logits));
            };
          }};
}

/// K masked affine steps from codes to noise, in an order that alternates.
PriorFamily flow(const std::string& text, std::int64_t k,
                 CodeOrder (*order)(std::int64_t latent, bool every_other)) {
  PriorFamily family = real_prior(text, [=](const PriorContext& context) -> PriorRecorder {
    const std::int64_t latent = context.codes.variables;
    FlowPrior::Flows flows;
    for (std::int64_t i = 0; i < k; ++i) {
      flows.push_back(std::make_shared<MaskedAffineFlow>(context.store,
                                                         context.name + "." + std::to_string(i),
                                                         group, order(latent, i % 2 == 1), 0));
    }
    return [=] { return std::make_shared<FlowPrior>(text, latent, flows); };
  });
  family.unfit = [text, k](const CodeSpace& codes) -> std::string {
    if (std::string why = over_kind(text, CodeSpace::Kind::continuous)(codes); !why.empty()) {
      return why;
    }
    if (codes.variables <= flow_limits::latent) {
      if (k * codes.variables * codes.variables <= flow_limits::masked) return "";
      return "'" + text + "' of " + std::to_string(codes.variables) +
             " latent variables would have weights by the hundred million; take fewer, or fewer "
             "steps";
    }
    return "'" + text + "': " + std::to_string(codes.variables) +
           " latent variables; a flow takes up to " + std::to_string(flow_limits::latent);
  };
  return family;
}

PriorFamily realnvp(std::int64_t k) {
  return flow("realnvp:" + std::to_string(k), k, coupling_order);
}

PriorFamily maf(std::int64_t k) {
  return flow("maf:" + std::to_string(k), k, autoregressive_order);
}

/// A family that takes no argument.
PriorWord plain(const char* name, const char* summary, PriorFamily (*family)()) {
  return {name, name, summary, [family](const Choice& choice) {
            choice.no_argument();
            return family();
          }};
}

/// A family of K parts.
PriorWord counted(const std::string& name, const char* summary, const char* parts,
                  std::int64_t most, PriorFamily (*family)(std::int64_t)) {
  return {name, name + ":K", summary, [=](const Choice& choice) {
            return family(choice.whole(std::string("the number of ") + parts, 1, most));
          }};
}

}  // namespace

Registry<PriorWord>& priors() {
  static Registry<PriorWord> all("prior", [] {
    std::vector<PriorWord> words{
        {"normal", "normal[:full]", "N(0, I), Zheng eq. (1); full: N(m, S), learned",
         [](const Choice& choice) {
           if (choice.argument == "full") return learned_normal();
           choice.no_argument();
           return standard_normal();
         }},
        counted("mixture", "K diagonal normals, learned", "components", most_components, mixture),
        counted("vamp", "the encoder's posteriors at K learned pseudo-inputs", "components",
                most_components, vamp),
        plain("laplace", "independent, location 0, scale 1", laplace),
        plain("uniform", "over the values of discrete codes", uniform),
        plain("bernoulli", "over binary codes, with a learned probability of each",
              learned_bernoulli),
        plain("conditional", "N(m, diag s2), both linear in the condition; learned",
              conditional_normal),
        plain("categorical", "over one-hot codes, with learned probabilities of each's classes",
              learned_categorical),
        counted("realnvp", "a flow of K coupling layers, learned", "steps", flow_limits::steps,
                realnvp),
        counted("maf", "a flow of K masked autoregressive steps, learned", "steps",
                flow_limits::steps, maf)};
    for (PriorWord& word : implicit_priors()) words.push_back(std::move(word));
    return words;
  }());
  return all;
}

PriorFamily parse_prior(const std::string& text) {
  if (text.find('+') != std::string::npos) return product_prior(text);
  const Choice choice = parse_choice("prior", text);
  return priors().at(choice.name).make(choice);
}

PriorFamily given_normal_prior(const Tensor& mean, const Tensor& covariance) {
  return real_prior("normal:given",
                    [mean, covariance](const PriorContext& context) -> PriorRecorder {
                      const std::int64_t latent = context.codes.variables;
                      const Tensor own = mean.cast(context.store.dtype());
                      if (!(own.shape() == Shape{latent})) {
                        throw Error("prior normal:given: mean " + own.shape().text() + " for " +
                                    std::to_string(latent) + " latent dimensions");
                      }
                      {  // Bad matrices are refused now, not at the first recording.
                        Tape tape;
                        const Recording recording(tape);
                        given_normal(own, covariance);
                      }
                      return [own, covariance] {
                        return std::make_shared<FullNormalPrior>(given_normal(own, covariance));
                      };
                    });
}

PriorFamily simplest_prior(const CodeSpace& codes) {
  switch (codes.kind) {
    case CodeSpace::Kind::continuous:
      return standard_normal();
    case CodeSpace::Kind::binary:
    case CodeSpace::Kind::one_hot:
      return uniform();
    case CodeSpace::Kind::mixed:
      return simplest_product_prior(codes);
    default:
      return parse_prior(priors_over(codes));
  }
}

}  // namespace nelbo
