#include "objectives/terms/aggregate_terms.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/batch_part.hpp"
#include "objectives/draw/aggregate.hpp"

namespace nelbo {
namespace {

/// Terms whose bias is that of the entropy estimate times `sign`; 0: not determined outside `full`.
Quantity quantity(const std::string& name_, const std::string& latex, const std::string& formula,
                  const std::string& equation, const std::string& meaning, Scheme scheme, int sign,
                  std::vector<std::string> moves = {"phi"}) {
  Bias bias = entropy_bias(scheme, 0, 0);
  if (sign < 0) bias = -bias;
  if (sign == 0 && bias != Bias::none) bias = Bias::undetermined;
  return {.name = name_ + "(" + name(scheme) + ")",
          .latex = latex + "^{\\mathrm{" + name(scheme) + "}}",
          .formula = formula,
          .equation = equation,
          .meaning = meaning,
          .bias = bias,
          .pairwise = scheme != Scheme::full,
          .in_parts = true,
          .data_size = needs_data_size(scheme),
          .moves = std::move(moves),
          .check = [scheme](const Setting& setting) {
            if (setting.batch == 0 || scheme == Scheme::average) return;
            if (scheme == Scheme::full && setting.batch < setting.data_size) {
              throw Error("compares each sample with the posteriors of all " +
                          std::to_string(setting.data_size) + " data, and a batch has " +
                          std::to_string(setting.batch) +
                          "; use 'strat', or the decomposition of a trained model");
            }
            weights(scheme, setting.data_size, setting.batch);
          }};
}

/// sum_d log P_enc(z_d), [S, B].
Var log_product(Draw& d, Scheme scheme) {
  return d.once(Key::nelbo("sum of marginals " + name(scheme)),
                [&] { return sum(aggregate(d, scheme).marginals, -1); });
}

/// sum_d log P0(z_d), [S, B].
Var log_prior_product(Codes& codes) {
  return codes.once(Key::nelbo("sum of prior marginals"),
                    [&] { return sum(codes.log_prior_marginals(), -1); });
}

}  // namespace

Term hagg(Scheme scheme) {
  return Term(quantity("hagg", "H_{\\mathrm{agg}}", "-\\mathbb{E} \\log P_{\\mathrm{enc}}(z)",
                       "Zheng eqs (22)-(29)", "entropy of the aggregated posterior", scheme, 1),
              Direction::cost, [scheme](Draw& d) { return -aggregate(d, scheme).joint; });
}

Term mi(Scheme scheme) {
  return Term(
      quantity("mi", "I_{\\mathrm{enc}}", "\\mathbb{E} \\log \\frac{Q(z|x)}{P_{\\mathrm{enc}}(z)}",
               "Zheng eq. (8)", "representative mutual information I_enc(X;Z)", scheme, 1),
      Direction::cost, [scheme](Draw& d) {
        return of_whole_batch(d.log_posterior(), 1) - aggregate(d, scheme).joint;
      });
}

Term aggdiv(Scheme scheme) {
  return Term(
      quantity("aggdiv", "\\mathrm{Aggdiv}",
               "\\mathbb{E} \\log \\frac{P_{\\mathrm{enc}}(z)}{P_0(z)}", "Zheng eq. (19)",
               "divergence of the aggregated posterior from the prior", scheme, -1, {"phi", "psi"}),
      Direction::cost, [scheme](Draw& d) {
        if (d.prior().conditional()) {
          throw Error("the prior " + d.prior().text() +
                      " is another for every datum: aggdiv, which sets all codes against one, has "
                      "no meaning under it; use the prior normal");
        }
        return aggregate(d, scheme).joint - of_whole_batch(d.log_prior(), 1);
      });
}

Term tc(Scheme scheme) {
  return Term(
      quantity("tc", "\\mathrm{TC}",
               "\\mathbb{E} \\log \\frac{P_{\\mathrm{enc}}(z)}{\\prod_j P_{\\mathrm{enc}}(z_j)}",
               "Zheng eq. (21)", "total correlation of the aggregated posterior", scheme, 0),
      Direction::cost,
      [scheme](Draw& d) { return aggregate(d, scheme).joint - log_product(d, scheme); });
}

Term tc(Scheme scheme, const Grouping& groups, Level level) {
  const bool between = level == Level::between;
  Quantity of = quantity(
      "tc", between ? "\\mathrm{TC}_{\\mathrm{between}}" : "\\mathrm{TC}_{\\mathrm{within}}",
      between ? "\\mathbb{E} \\log \\frac{P_{\\mathrm{enc}}(z)}"
                "{\\prod_g P_{\\mathrm{enc}}(z_g)}"
              : "\\mathbb{E} \\sum_g \\log \\frac{P_{\\mathrm{enc}}(z_g)}"
                "{\\prod_{j \\in g} P_{\\mathrm{enc}}(z_j)}",
      "Zheng eq. (21); Esmaeili et al. (2019)",
      between ? "total correlation between groups of dimensions"
              : "total correlation within groups of dimensions, summed",
      scheme, 0);
  of.name =
      "tc(" + name(scheme) + ", groups=" + groups.text() + (between ? "" : ", level=within") + ")";
  of.check = [check = of.check, groups](const Setting& setting) {
    check(setting);
    if (setting.latent > 0) groups.of(setting.latent);
  };
  return Term(of, Direction::cost, [scheme, groups, between](Draw& d) {
    const Var in_groups = sum(aggregate_groups(d, scheme, groups.of(d.latent())), -1);
    return between ? aggregate(d, scheme).joint - in_groups : in_groups - log_product(d, scheme);
  });
}

Term dwkl(Scheme scheme) {
  return Term(quantity("dwkl", "\\mathrm{DWKL}",
                       "\\mathbb{E} \\sum_j \\log \\frac{P_{\\mathrm{enc}}(z_j)}{P_0(z_j)}",
                       "Zheng eq. (21)", "dimension-wise divergence from the prior's marginals",
                       scheme, -1, {"phi", "psi"}),
              Direction::cost, [scheme](Draw& d) {
                return log_product(d, scheme) - of_whole_batch(log_prior_product(d.codes()), 1);
              });
}

Term pf(Expectation how) {
  const bool exact = how == Expectation::exact;
  return Term({.name = exact ? "pf(exact)" : "pf",
               .latex = "\\mathrm{PF}",
               .formula = "\\mathbb{E} \\log \\frac{P_0(z)}{\\prod_j P_0(z_j)}",
               .equation = "Zheng eq. (21)",
               .meaning = "how far the prior is from the product of its marginals, "
                          "E log P0(z)/prod_j P0(z_j)",
               .sampled = !exact,
               .moves = {"phi", "psi"}},
              Direction::cost, [exact](Draw& d) -> Var {
                if (!exact) {
                  return d.expectation(
                      [](Codes& codes) { return codes.log_prior() - log_prior_product(codes); });
                }
                if (const auto pf = d.prior().prior_factorisation(d.posterior())) return *pf;
                throw Error("pf(exact): its expectation under the prior " + d.prior().text() +
                            " has no closed form; use pf");
              });
}

}  // namespace nelbo
