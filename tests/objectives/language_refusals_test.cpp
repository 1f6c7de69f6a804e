// Expressions that the language of objectives refuses, with the column and the reason.
#include <string>

#include "tests/catch.hpp"
#include "tests/objectives/refused_expression.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::refused;

namespace {

struct Wrong {
  std::string expression;
  std::size_t column;
  std::string reason;
  Setting setting = {};
};

void check_refused(const Wrong& wrong) {
  CAPTURE(wrong.expression);
  const auto [column, reason] = refused(wrong.expression, wrong.setting);
  CHECK(column == wrong.column);
  CHECK_THAT(reason, contains(wrong.reason));
}

}  // namespace

TEST_CASE("language: wrong names and arguments are refused with the column and the reason") {
  check_refused(GENERATE(
      Wrong{"nell + 6*tcc", 10, "did you mean 'tc'?"},
      Wrong{"nell + beta_tcva(6)", 8, "did you mean 'beta_tcvae'?"},
      Wrong{"nell + kl", 8, "kl is called div here"},
      Wrong{"nell + KL", 8, "KL is called div here"},
      Wrong{"4*recon", 3, "recon is called nell here"},
      Wrong{"nell + quuxquux", 8, "none that is known is near"},
      Wrong{"nell + tc(start)", 11, "did you mean 'strat'?"},
      Wrong{"nell + tc(scheme=start)", 18, "did you mean 'strat'?"},
      Wrong{"iw(k=5)", 6, "'iw' does not take 'k=...'; did you mean 'm'?"},
      Wrong{"beta_vae(bta=3)", 14, "did you mean 'beta'?"},
      Wrong{"nell(3)", 6, "takes no argument"}, Wrong{"iw(m=5, m=6)", 11, "one argument too many"},
      Wrong{"iw(5, 6)", 7, "one argument too many"},
      Wrong{"tc(strat, mss)", 11, "one argument too many"},
      Wrong{"abs(div, 2)", 10, "one argument too many"}, Wrong{"max(div)", 1, "'max' needs y"},
      Wrong{"mc", 1, "'mc' needs k"}, Wrong{"anneal(0, 1)*nell", 1, "'anneal' needs steps"},
      Wrong{"iw(m=2.5)", 6, "m is a whole number, not 2.5"},
      Wrong{"nell + 2*iw(m=nell)", 15, "m is a number, not 'nell'"},
      Wrong{"iw(m=anneal(1, 5, steps=9))", 6, "m is a whole number, not anneal"},
      Wrong{"beta_vae(beta=2*div)", 15, "beta is a number or a schedule, not the term '2*div'"},
      Wrong{"iwae(m=0)", 1, "iwae = iw(m=m): iw: m = 0"}, Wrong{"tvo(m=1)", 1, "write elbo"},
      Wrong{"nell + tc(groups=0)", 18, "groups is the number of equal groups"},
      Wrong{"nell + tc(groups=[[0,x]])", 22, "a latent dimension (0, 1, ...) is missing"},
      Wrong{"nell + tc(level=within)", 8, "needs groups"},
      Wrong{"anneal(0, 1, steps=0)*nell", 1, "steps is at least 1"}));
}

TEST_CASE(
    "language: what is not defined whatever the data is refused with the column and the reason") {
  check_refused(
      GENERATE(Wrong{"iw(exact, m=5)", 1, "closed form of div is not defined inside 'iw'"},
               Wrong{"nell - 2*iw(div=exact)", 10, "closed form of div"},
               Wrong{"mc(k=2, m=3, div=exact)", 1, "closed form of div"},
               Wrong{"nell + critic_loss", 8, "may not reach the encoder"},
               Wrong{"nell + mi_dec", 8, "it is read out of a trained model"},
               Wrong{"iw(m=5) + 10*mmd", 9, "write the bound as a cost, '-iw(m=5)'"},
               Wrong{"nell - elbo", 6, "'-elbo'"},
               Wrong{"iw(5) - elbo", 7, "neither minimised nor maximised"},
               Wrong{"abs(elbo)", 1, "write it as a cost, '-elbo'"},
               Wrong{"nell + max(cubo, div)", 8, "may move different parameters"},
               Wrong{"anneal(-1, 1, steps=9)*elbo", 23, "changes its sign"},
               Wrong{"stages(1, 2, -1, 2, 1, 2)*elbo", 26, "changes its sign"},
               Wrong{"step(1, factor=-1, every=3)*elbo", 28, "changes its sign"},
               Wrong{"stages()*nell", 1, "'stages' needs a value"},
               Wrong{"stages(1, 2, 3, 0)*nell", 1, "the length of stage 2 is a whole number"},
               Wrong{"stages(1, 2, 3, unit=days)*nell", 22, "unit=days"},
               Wrong{"max(div_j, tc)", 1, "one number for all latent dimensions"},
               Wrong{"nell*div", 5, "two terms cannot be multiplied"}));
}

TEST_CASE("language: wrong numbers and characters are refused with the column and the reason") {
  check_refused(GENERATE(
      Wrong{"1e999*nell", 1, "too large"}, Wrong{"nell + 1e200*(1e200*div)", 13, "not finite"},
      Wrong{"1e200*(nell + 1e200*div)", 1, "not finite"},
      Wrong{"1e300*nell/1e-10", 11, "not finite"},
      Wrong{"nell + anneal(-1e308, 1e308, steps=5)*div", 8, "overflows"},
      Wrong{"nell + square(warmup(1e200, steps=5))*div", 1, "'div': its weight square("},
      Wrong{"nell + 1e300*(warmup(1e300, steps=5)*div)", 1, "not finite"},
      Wrong{"1e300*warmup(1e300, steps=5)*nell", 1, "not finite"},
      Wrong{"nell/0", 5, "division by 0"}, Wrong{"square(1e200)*nell", 1, "not finite"},
      Wrong{"nan*nell", 1, "unknown term 'nan'"}, Wrong{"3nell", 2, "unexpected 'n'"},
      Wrong{"4", 1, "a number alone"}, Wrong{"anneal(0, 1, steps=4)", 1, "a number alone"},
      Wrong{"nell + \xC3\xA9t", 8, "unexpected '\xC3\xA9'"},
      Wrong{"nell \x1b[31m", 6, "unexpected ' '"}));
}

TEST_CASE(
    "language: what is not defined for the setting is refused with the column and the reason") {
  const Setting batch64{.batch = 64, .data_size = 1000, .latent = 10};
  check_refused(GENERATE_COPY(
      Wrong{"nell + tc(naive)", 8, "compares the data of a batch", {.batch = 1, .data_size = 9}},
      Wrong{"nell + abs(div - mmd)", 18, "compares the data", {.batch = 1, .data_size = 9}},
      Wrong{"2*beta_tcvae(6)", 3, "compares the data", {.batch = 1, .data_size = 9}},
      Wrong{"nell + mi(mss)", 8, "'mi(mss)' needs N", {.batch = 64}},
      Wrong{"nell + mi", 8, "'mi(strat)' needs N", {.batch = 64}},
      Wrong{"nell + mi(full)", 8, "compares each sample with the posteriors of all 1000", batch64},
      Wrong{"nell + tc(groups=3)", 8, "cannot be cut into equal groups", batch64},
      Wrong{"nell + tc(groups=[[0,1],[2]])", 8, "dimension 3 is in no group", batch64},
      Wrong{"nell + tc(groups=[[0,10]])", 8, "there is no dimension 10", batch64},
      Wrong{"nell + tc(groups=[[0,0]])", 8, "dimension 0 is twice", batch64},
      Wrong{"3*hfvae(groups=4)", 3, "cannot be cut", batch64}));
}
