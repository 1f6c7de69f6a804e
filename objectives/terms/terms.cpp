#include "objectives/terms/terms.hpp"

#include "autodiff/ops.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr const char* closed_form = "a prior with a closed form of KL(Q(Z|x) || P0)";

std::string suffix(Expectation how) { return how == Expectation::exact ? "" : "(mc)"; }

}  // namespace

Term nell() {
  return Term({.name = "nell",
               .latex = "\\mathrm{Nell}",
               .formula = "-\\mathbb{E}_{Q(z|x)} \\log P(x|z)",
               .equation = "Zheng eq. (15)",
               .meaning = "expected negative log-likelihood, -E log P(x|z)",
               .sampled = true,
               .moves = {"theta", "phi"}},
              Direction::cost, [](Draw& d) {
                return d.expectation([](Codes& codes) { return -codes.log_likelihood(); });
              });
}

Term div(Expectation how) {
  Quantity quantity{.name = "div" + suffix(how),
                    .latex = "\\mathrm{Div}",
                    .formula = "\\mathbb{E}_{Q(z|x)} \\log \\frac{Q(z|x)}{P_0(z)}",
                    .equation = "Zheng eq. (16)",
                    .meaning = how == Expectation::exact
                                   ? "E KL(Q(Z|x) || P0), in closed form"
                                   : "E KL(Q(Z|x) || P0), mean of log Q(z|x) - log P0(z)",
                    .moves = {"phi", "psi"}};
  if (how == Expectation::exact) {
    quantity.also_needs = {closed_form};
    quantity.check = [](const Setting& setting) {
      if (!setting.exact_div) {
        throw Error(
            "the divergence of this posterior from this prior has no closed form; use div(mc), "
            "elbo(mc)");
      }
    };
    return Term(quantity, Direction::cost, [](Draw& d) { return d.kl(); });
  }
  quantity.sampled = true;
  return Term(quantity, Direction::cost, [](Draw& d) {
    return d.expectation([](Codes& codes) {
      return codes.once(Key::nelbo("div(mc)"),
                        [&] { return codes.log_posterior() - codes.log_prior(); });
    });
  });
}

Term div_of_layer(std::size_t l, const std::string& name) {
  return Term({.name = "div(" + name + ")",
               .latex = "\\mathrm{Div}_{" + name + "}",
               .equation = "Soenderby et al. (2016)",
               .meaning = "the share of layer " + name + " in div(mc)",
               .sampled = true,
               .moves = {"phi", "psi"}},
              Direction::cost, [l](Draw& d) {
                return d.expectation([l](Codes& codes) { return codes.layer_divergence(l); });
              });
}

Term div_j() {
  return Term({.name = "div_j",
               .latex = "\\mathrm{Div}_j",
               .formula = "\\tfrac12 (\\sigma_j^2 + \\mu_j^2 - 1 - \\log \\sigma_j^2)",
               .equation = "Zheng eq. (16)",
               .meaning = "Div of each latent dimension; functions of it are summed over them",
               .also_needs = {"the prior N(0, I) and a diagonal posterior"},
               .per_dimension = true,
               .moves = {"phi"}},
              Direction::cost, [](Draw& d) {
                const DiagNormal& q = d.posterior().diagonal("div_j");
                if (!d.prior().standard_normal()) {
                  throw Error("div_j needs the prior N(0, I); here it is " + d.prior().text() +
                              " (choose the prior normal)");
                }
                return mean((exp(q.log_variance) + square(q.mean) - 1 - q.log_variance) * 0.5, 0);
              });
}

Term elbo(Expectation how) {
  Quantity quantity{.name = "elbo" + suffix(how),
                    .latex = "\\mathrm{ELBO}",
                    .formula = "-(\\mathrm{Nell} + \\mathrm{Div})",
                    .equation = "Zheng eqs (13)-(14)",
                    .meaning = "evidence lower bound, -(Nell + Div)",
                    .bias = Bias::under,
                    .moves = {"theta", "phi", "psi"}};
  if (how == Expectation::monte_carlo) quantity.bound = bounds::elbo();
  return Term(quantity, Direction::gain, -(nell() + div(how)));
}

Term hqzx(Expectation how) {
  Quantity quantity{.name = "hqzx" + suffix(how),
                    .latex = "H[Z|X]",
                    .formula = "-\\mathbb{E}_{Q(z|x)} \\log Q(z|x)",
                    .equation = "Zheng eq. (8)",
                    .meaning = "conditional entropy of the codes, -E log Q(z|x)",
                    .moves = {"phi"}};
  if (how == Expectation::exact) {
    return Term(quantity, Direction::cost, [](Draw& d) { return d.posterior().entropy(); });
  }
  quantity.sampled = true;
  return Term(quantity, Direction::cost, [](Draw& d) {
    return d.expectation([](Codes& codes) { return -codes.log_posterior(); });
  });
}

Term mi_lower() {
  const auto unknown = [] {
    throw Error(
        "the entropy of the data is not known: it is for examples that stay as they are (no "
        "dynamic "
        "binarisation), of zeros and ones with a Bernoulli likelihood, or of counts or pixels with "
        "a mass of theirs");
  };
  return Term(
      {.name = "mi_lower",
       .latex = "I_{\\mathrm{lower}}",
       .formula = "H_{\\mathrm{data}} - \\mathrm{Nell}",
       .equation = "Zheng eqs (30)-(34)",
       .meaning = "lower bound on I_enc: H_data - Nell",
       .sampled = true,
       .data_entropy = true,
       .moves = {"theta", "phi"},
       .check =
           [unknown](const Setting& setting) {
             if (!setting.data_entropy) unknown();
           }},
      Direction::cost, [unknown](Draw& d) {
        if (!d.population().entropy) unknown();
        const double entropy = *d.population().entropy;
        return d.expectation([&](Codes& codes) { return codes.log_likelihood() + entropy; });
      });
}

}  // namespace nelbo
