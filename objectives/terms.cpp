#include "objectives/terms.hpp"

#include "autodiff/ops.hpp"

namespace nelbo {

Term nell() {
  return Term("nell", "Zheng eq. (15)", Direction::cost,
              [](Draw& d) { return -mean(d.log_likelihood()); });
}

Term div(Divergence how) {
  if (how == Divergence::exact) {
    return Term("div", "Zheng eq. (16)", Direction::cost, [](Draw& d) { return mean(d.kl()); });
  }
  return Term("div(mc)", "Zheng eq. (16)", Direction::cost,
              [](Draw& d) { return mean(d.log_posterior() - d.log_prior()); });
}

Term elbo(Divergence how) {
  const Term cost = nell() + div(how);
  return Term(how == Divergence::exact ? "elbo" : "elbo(mc)", "Zheng eqs (13)-(14)",
              Direction::gain, [cost](Draw& d) { return -cost(d); });
}

const std::vector<TermInfo>& term_catalogue() {
  const auto how = [](const std::string& argument) {
    return argument == "mc" ? Divergence::monte_carlo : Divergence::exact;
  };
  static const std::vector<TermInfo> terms{
      {"nell", {}, [](const std::string&) { return nell(); }},
      {"div", {"exact", "mc"}, [how](const std::string& a) { return div(how(a)); }},
      {"elbo", {"exact", "mc"}, [how](const std::string& a) { return elbo(how(a)); }},
  };
  return terms;
}

}  // namespace nelbo
