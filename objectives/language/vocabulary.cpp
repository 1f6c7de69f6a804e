#include "objectives/language/vocabulary.hpp"

#include <cmath>
#include <string>
#include <utility>

#include "autodiff/number_text.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/label_terms.hpp"
#include "objectives/terms/regularisers.hpp"
#include "objectives/terms/terms.hpp"

namespace nelbo {
namespace {

Expectation expectation(Call& call, const std::string& key, const std::string& otherwise) {
  return call.word(key, {"exact", "mc"}, otherwise) == "exact" ? Expectation::exact
                                                               : Expectation::monte_carlo;
}

Scheme scheme(Call& call) { return parse_scheme(call.word("scheme", scheme_names(), "strat")); }

/// A term that takes a scheme and nothing else.
Word scheme_word(const std::string& name, Term (*make)(Scheme)) {
  const Quantity quantity = make(Scheme::strat).quantities().front();
  return {name, name + "(scheme=strat)", quantity.meaning, Word::Kind::term,
          [make](Call& call) { return make(scheme(call)); }};
}

Term tc_of(Call& call) {
  const Scheme of = scheme(call);
  const std::string level = call.word("level", {"between", "within"}, "");
  const auto groups = call.groups("groups");
  if (groups) return tc(of, *groups, level == "within" ? Level::within : Level::between);
  if (!level.empty()) {
    throw ColumnError(call.column(), "'tc': level=" + level + " needs groups=...");
  }
  return tc(of);
}

/// A bound on m > 1 samples is no function of the closed-form Div.
void refuse_exact(Call& call) {
  if (call.word("div", {"exact", "mc"}, "mc") == "mc") return;
  throw ColumnError(call.column(),
                    "the closed form of div is not defined inside '" + call.name() +
                        "' for m > 1: the logarithm is of a mean of weights, each with its own "
                        "log P0(z)/Q(z|x); leave 'exact' out, or write 'elbo', which is the bound "
                        "for m = 1 and takes it");
}

std::vector<Word> terms() {
  return {
      {"nell", "nell", "expected negative log-likelihood, -E log P(x|z)", Word::Kind::term,
       [](Call&) { return nell(); }},
      {"div", "div(exact|mc)", "E KL(Q(Z|x) || P0)", Word::Kind::term,
       [](Call& call) { return div(expectation(call, "how", "exact")); }},
      {"div_j", "div_j", "div of each latent dimension, for functions of it: max(div_j, 0.5)",
       Word::Kind::term, [](Call&) { return div_j(); }},
      scheme_word("mi", mi),
      scheme_word("aggdiv", aggdiv),
      {"tc", "tc(scheme=strat, groups=G|[[0,1],[2]], level=between|within)",
       "total correlation of the aggregated posterior", Word::Kind::term, tc_of},
      scheme_word("dwkl", dwkl),
      {"pf", "pf(mc|exact)", "prior factorisation, E log P0(z)/prod_j P0(z_j)", Word::Kind::term,
       [](Call& call) { return pf(expectation(call, "how", "mc")); }},
      scheme_word("hagg", hagg),
      {"hqzx", "hqzx(exact|mc)", "conditional entropy of the codes, H[Z|X]", Word::Kind::term,
       [](Call& call) { return hqzx(expectation(call, "how", "exact")); }},
      {"mi_lower", "mi_lower", "H_data - Nell, a lower bound on I_enc", Word::Kind::term,
       [](Call&) { return mi_lower(); }},
      {"mi_dec", "mi_dec",
       "generative mutual information I_dec(X;Z), eq. (3): read out of a trained model or a "
       "world, and part of no objective",
       Word::Kind::term,
       [](Call& call) -> Term {
         throw ColumnError(call.column(),
                           "'mi_dec' is an expectation over data that the decoder makes, not over "
                           "a batch: it is read out of a trained model, and no objective holds it");
       }},
      {"mmd", "mmd(kernel=imq|rbf)", "maximum mean discrepancy from the prior", Word::Kind::term,
       [](Call& call) {
         return mmd(call.word("kernel", {"imq", "rbf"}, "imq") == "imq" ? MmdKernel::imq
                                                                        : MmdKernel::rbf);
       }},
      {"dip", "dip(i|ii, diagonal=1)", "distance of the codes' covariance from I", Word::Kind::term,
       [](Call& call) {
         const std::string kind = call.word("kind", {"i", "ii"}, "i");
         return dip(kind == "i" ? Dip::i : Dip::ii, call.number("diagonal", 1.0));
       }},
      {"classification", "classification",
       "-log Q(c|x) of the data whose label is known, of a model that infers labels",
       Word::Kind::term, [](Call&) { return classification(); }},
      {"factor_tc", "factor_tc", "total correlation as a critic network estimates it",
       Word::Kind::term, [](Call&) { return factor_tc(); }},
      {"critic_loss", "critic_loss",
       "the critic's own loss: trained beside every objective with "
       "factor_tc, by its own optimiser",
       Word::Kind::term,
       [](Call& call) -> Term {
         throw ColumnError(call.column(),
                           "'critic_loss' moves the critic alone and may not reach the encoder; it "
                           "is trained by itself beside every objective with 'factor_tc'");
       }},
  };
}

std::vector<Word> bound_words() {
  using namespace bounds;
  const auto word = [](const std::string& usage, const std::string& meaning,
                       std::function<Bound(Call&)> make) {
    return Word{usage.substr(0, usage.find('(')), usage, meaning, Word::Kind::bound,
                [make](Call& call) { return bound_term(make(call)); }};
  };
  return {
      {"elbo", "elbo(exact|mc)", "evidence lower bound, -(Nell + Div)", Word::Kind::bound,
       [](Call& call) { return nelbo::elbo(expectation(call, "div", "exact")); }},
      {"log_px", "log_px(m=100)", "log P(x) by importance sampling: iw by its other name",
       Word::Kind::bound, [](Call& call) { return log_px(call.whole("m", 100)); }},
      {"iw", "iw(m=50)", "importance-weighted bound IW_m", Word::Kind::bound,
       [](Call& call) {
         const std::int64_t m = call.whole("m", 50);
         refuse_exact(call);
         return bound_term(iw(m));
       }},
      {"mc", "mc(k, m=1|BOUND)",
       "MC_k-IW_m: the mean of k bounds IW_m, or of another; m = 1 is MC_k-ELBO", Word::Kind::bound,
       [](Call& call) {
         const std::int64_t k = call.whole("k");
         if (const auto inner = call.bound()) return bound_term(mc(k, *inner));
         const std::int64_t m = call.whole("m", 1);
         refuse_exact(call);
         return mc_term(k, m);
       }},
      word("miwae(k=8, m=8)", "MC_k-IW_m under its name in the literature",
           [](Call& call) {
             const std::int64_t k = call.whole("k", 8);
             return miwae(k, call.whole("m", 8));
           }),
      word("ciwae(beta=0.05, m=50)", "beta ELBO + (1 - beta) IW_m",
           [](Call& call) {
             const double beta = call.number("beta", 0.05);
             return ciwae(beta, call.whole("m", 50));
           }),
      word("renyi(alpha=0.5, m=5)", "variational Renyi bound",
           [](Call& call) {
             const double alpha = call.number("alpha", 0.5);
             return renyi(alpha, call.whole("m", 5));
           }),
      word("vr_max(m=5)", "the largest log-weight, renyi's limit alpha -> -infinity",
           [](Call& call) { return vr_max(call.whole("m", 5)); }),
      word("cubo(n=2, m=5)", "chi upper bound CUBO_n: a cost, which moves the encoder only",
           [](Call& call) {
             const double n = call.number("n", 2.0);
             return cubo(n, call.whole("m", 5));
           }),
      word("jackknife(m=5)", "IW_m with its bias of order 1/m removed; no bound",
           [](Call& call) { return jackknife(call.whole("m", 5)); }),
      word("tvo(partitions=5, m=10)", "thermodynamic variational objective, left Riemann sum",
           [](Call& call) {
             const std::int64_t partitions = call.whole("partitions", 5);
             return tvo(partitions, call.whole("m", 10));
           }),
  };
}

std::uint64_t steps(Call& call, const std::string& key) {
  const std::int64_t steps = call.whole(key);
  if (steps < 1)
    throw ColumnError(call.column(), "'" + call.name() + "': " + key + " is at least 1");
  return std::uint64_t(steps);
}

Schedule::Unit unit(Call& call) {
  return call.word("unit", {"steps", "epochs"}, "steps") == "epochs" ? Schedule::Unit::epochs
                                                                     : Schedule::Unit::steps;
}

Schedule stages_of(Call& call) {
  const std::vector<double> numbers = call.numbers("value");
  std::vector<Schedule::Stage> stages;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const bool open = i + 1 == numbers.size();  // the last one stays
    const double length = open ? 0 : numbers[i + 1];
    if (!open && !(length >= 1 && length <= 1e15 && length == std::floor(length))) {
      throw ColumnError(call.column(),
                        "'stages': the length of stage " + std::to_string(i / 2 + 1) +
                            " is a whole number of at least 1, not " + shortest(length));
    }
    stages.push_back({numbers[i], std::uint64_t(length)});
  }
  if (stages.empty()) {
    throw ColumnError(call.column(), "'stages' needs a value and a length, and so on");
  }
  return Schedule::stages(std::move(stages), unit(call));
}

std::vector<Word> schedules() {
  const auto word = [](const std::string& usage, const std::string& meaning,
                       std::function<Schedule(Call&)> make) {
    return Word{usage.substr(0, usage.find('(')), usage, meaning, Word::Kind::schedule,
                [make](Call& call) { return Term(make(call)); }};
  };
  return {
      word("anneal(from, to, steps, unit=steps|epochs)",
           "linear from one number to another, then constant",
           [](Call& call) {
             const double from = call.number("from"), to = call.number("to");
             const std::uint64_t length = steps(call, "steps");
             return Schedule::anneal(from, to, length, unit(call));
           }),
      word("burda", "stages of 3^i epochs at 1e-3 * 10^(-i/7), i = 0 .. 7: a learning rate",
           [](Call&) { return Schedule::burda(); }),
      word("cosine(from, to, steps, unit=steps|epochs)",
           "half a cosine from one number to another, then constant",
           [](Call& call) {
             const double from = call.number("from"), to = call.number("to");
             const std::uint64_t length = steps(call, "steps");
             return Schedule::cosine(from, to, length, unit(call));
           }),
      word("stages(value, length, value, length, ..., unit=steps|epochs)",
           "one value after the other, each for its length; the last one stays", stages_of),
      word("step(value, factor, every, unit=steps|epochs)", "value * factor^floor(step / every)",
           [](Call& call) {
             const double value = call.number("value"), factor = call.number("factor");
             const std::uint64_t every = steps(call, "every");
             return Schedule::step(value, factor, every, unit(call));
           }),
      word("warmup(value, steps, unit=steps|epochs)", "linear from 0, then constant",
           [](Call& call) {
             const double value = call.number("value");
             const std::uint64_t length = steps(call, "steps");
             return Schedule::warmup(value, length, unit(call));
           }),
  };
}

std::vector<Word> functions() {
  const auto one = [](const std::string& name, const std::string& meaning, Term (*f)(const Term&)) {
    return Word{name, name + "(x)", meaning, Word::Kind::function,
                [f](Call& call) { return f(call.term("x")); }};
  };
  const auto two = [](const std::string& name, const std::string& meaning,
                      Term (*f)(const Term&, const Term&)) {
    return Word{name, name + "(x, y)", meaning, Word::Kind::function, [f](Call& call) {
                  const Term x = call.term("x");
                  return f(x, call.term("y"));
                }};
  };
  return {one("abs", "absolute value of the batch's mean", abs),
          two("max", "the larger, after the mean over the batch", max),
          two("min", "the smaller, after the mean over the batch", min),
          one("square", "square of the batch's mean", square),
          one("relu", "max(x, 0) of the batch's mean", relu)};
}

std::vector<Word> all_words() {
  std::vector<Word> words;
  for (const auto& part : {terms(), bound_words(), schedules(), functions()}) {
    words.insert(words.end(), part.begin(), part.end());
  }
  return words;
}

}  // namespace

std::string Word::kind_name() const {
  static const char* const names[] = {"term", "bound", "schedule", "function"};
  return names[int(kind)];
}

Registry<Word>& vocabulary() {
  static Registry<Word> all("word", all_words());
  return all;
}

void register_term(Quantity quantity, std::function<Var(Draw&)> values) {
  if (quantity.moves.empty()) quantity.moves = {"theta", "phi", "psi"};
  const Term term(quantity, Direction::cost, std::move(values));
  vocabulary().add({quantity.name, quantity.name, quantity.meaning, Word::Kind::term,
                    [term](Call&) { return term; }});
}

}  // namespace nelbo
