// What the language of objectives refuses, and that what it reads it prints and reads again.
#include <algorithm>
#include <random>

#include "objectives/algebra/equations.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/catalogue.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/refused_expression.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::refused;

namespace {

std::string canonical(const std::string& expression) { return parse_objective(expression).text(); }

bool balanced(const std::string& latex) {
  int depth = 0;
  for (std::size_t i = 0; i < latex.size(); ++i) {
    if (latex[i] == '\\') {
      ++i;  // an escaped character
    } else if (latex[i] == '{') {
      ++depth;
    } else if (latex[i] == '}' && --depth < 0) {
      return false;
    }
  }
  return depth == 0;
}

/// Random expressions of the whole language, of which all are well-formed and most are meaningful.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string sum(int depth) {
    std::string text = product(depth);
    for (int n = pick(3); n > 0; --n) text += (pick(2) ? " + " : "-") + product(depth);
    return text;
  }

 private:
  int pick(int n) { return int(random_() % unsigned(n)); }
  std::string one(std::initializer_list<const char*> choices) {
    return choices.begin()[pick(int(choices.size()))];
  }
  std::string scheme() { return one({"full", "naive", "loo", "strat", "mss", "mws", "average"}); }
  std::string number() {
    return one({"0", "1", "2", "0.5", "-3", "1e-7", "2.5e+10", "(1/3)", "1e300", ".25", "7."});
  }
  std::string schedule() {
    return one({"anneal(0, 4, steps=100)", "cosine(1,0.5,10)", "step(1, factor=0.5, every=20)",
                "warmup(2, steps=5)", "anneal(from=-1, to=1e-3, steps=7)", "stages(1, 2, 0.5)",
                "stages(1e-3, 1, -2, 3, unit=epochs)", "warmup(2, steps=5, unit=epochs)"});
  }
  std::string weight(int depth) {
    switch (pick(depth > 0 ? 6 : 3)) {
      case 0:
        return schedule();
      case 1:
        return "-" + schedule();
      case 2:
        return number();
      case 3:
        return "(" + weight(depth - 1) + "+" + weight(depth - 1) + ")";
      case 4:
        return weight(depth - 1) + "*" + weight(depth - 1);
      default:
        return "max(" + weight(depth - 1) + ", " + weight(depth - 1) + ")";
    }
  }
  std::string product(int depth) {
    switch (pick(5)) {
      case 0:
        return weight(depth) + "*" + atom(depth);
      case 1:
        return atom(depth) + "*" + weight(depth);
      case 2:
        return atom(depth) + " / " + one({"2", "0.3", "1e5"});
      case 3:
        return "-" + atom(depth);
      default:
        return atom(depth);
    }
  }
  std::string atom(int depth) {
    if (depth > 0) {
      switch (pick(4)) {
        case 0:
          return "(" + sum(depth - 1) + ")";
        case 1:
          return one({"abs", "square", "relu"}) + "(" + sum(depth - 1) + ")";
        case 2:
          return one({"max", "min"}) + "(" + sum(depth - 1) + "," + weight(depth - 1) + ")";
        default:
          break;
      }
    }
    switch (pick(6)) {
      case 0:
        return one({"tc", "mi", "hagg", "aggdiv", "dwkl"}) + "(" + scheme() + ")";
      case 1:
        return "tc(groups=" + one({"2", "[[0,1],[2]]"}) + ", level=" + one({"within", "between"}) +
               ", scheme=" + scheme() + ")";
      case 2:
        return one({"mmd(kernel=rbf)", "dip(ii, diagonal=5)", "dip(i)", "factor_tc", "div_j",
                    "mi_lower", "pf", "hqzx(mc)"});
      case 3:
        return "-" + one({"iw(m=5)", "elbo", "miwae(k=2, m=3)", "mc(k=4)", "mc(3, m=2)",
                          "renyi(alpha=0.5, m=5)", "tvo", "jackknife(m=4)", "log_px", "vr_max",
                          "ciwae(beta=0.1, m=2)"});
      case 4:
        return one({"beta_vae(4)", "hfvae(beta=2, groups=3)", "free_bits", "info_vae(0.5, 100)",
                    "annealed_vae(capacity=5)", "-iwae(10)"});
      default:
        return one({"nell", "div", "div(mc)"});
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("language: what it prints, it reads back as itself; its LaTeX is balanced") {
  Generator generator(20);
  int read = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = generator.sum(3);
    CAPTURE(text);
    try {
      const Term objective = parse_objective(text);
      ++read;
      const Term again = parse_objective(objective.text());
      REQUIRE(again.text() == objective.text());
      REQUIRE(again.latex() == objective.latex());
      REQUIRE(again.direction() == objective.direction());
      REQUIRE(again.bias() == objective.bias());
      REQUIRE(again.parts().size() == objective.parts().size());
      REQUIRE(balanced(objective.latex()));
      REQUIRE(balanced(equations(objective)));
    } catch (const ExpressionError& error) {
      REQUIRE(error.column() >= 1);
      REQUIRE(error.column() <= text.size());
    }
  }
  CHECK(read > 1500);
}

TEST_CASE("language: canonical texts") {
  const auto [given, text] = GENERATE(table<std::string, std::string>({
      {"tc + (nell - div)", "tc(strat) + (nell - div)"},
      {"-(anneal(0, 1, steps=5)*nell)", "-anneal(0, 1, steps=5)*nell"},
      {"2*(anneal(0, 1, steps=5)*(3*nell))", "6*anneal(0, 1, steps=5)*nell"},
      {"nell + (1 + warmup(2, 10))*div", "nell + (1 + warmup(2, steps=10))*div"},
      {"3/10*nell", "0.3*nell"},
      {"2.5E-3*nell + 1e+5*div", "0.0025*nell + 1e+05*div"},
      {"max(anneal(0, 4, steps=9), 2)*div + nell", "max(anneal(0, 4, steps=9), 2)*div + nell"},
      {"mc(3)", "mc(k=3)"},
      {"mc(k=3, m=1)", "mc(k=3)"},
      {"mc(3, 5)", "mc(k=3, m=5)"},
      {"iwae", "iw(m=50)"},
      {"hfvae(4, 4, 3)",
       "nell + mi(strat) + 4*tc(strat, groups=3) + 4*tc(strat, groups=3, "
       "level=within) + dwkl(strat) - pf"},
      {"tc(groups=[[2], [0,1]])", "tc(strat, groups=[[2],[0,1]])"},
      {"beta_vae(beta=anneal(0, 4, steps=9))", "nell + anneal(0, 4, steps=9)*div"},
  }));
  CHECK(canonical(given) == text);
  CHECK(canonical(text) == text);
}

TEST_CASE("language: every named objective is read, alone and inside others") {
  for (const NamedObjective& named : objective_catalogue().all()) {
    CAPTURE(named.name);
    const Term objective = parse_objective(named.name);
    CHECK(canonical(objective.text()) == objective.text());
    CHECK(!named.citation.empty());
    CHECK(parse_objective("2*(" + named.name + ")").direction() == objective.direction());
  }
}

TEST_CASE("language: what needs N is fine with it, and what does not without") {
  CHECK(refused("nell + mi(mss)", {.batch = 64, .data_size = 64}).first == 0);
  CHECK(refused("nell + mi(naive) + tc(loo) + mmd", {.batch = 64}).first == 0);
  CHECK(refused("nell + mi(full)", {.batch = 64, .data_size = 64}).first == 0);
  CHECK(refused("nell + mi(mss)", {.latent = 3}).first == 0);  // the batch is not known
}

TEST_CASE("language: length and depth are bounded wherever they may grow") {
  const auto repeated = [](const std::string& what, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += what;
    return text;
  };
  for (const std::string opening : {"abs(", "max(nell, ", "-(", "2*(", "iw(m=", "beta_vae(beta=",
                                    "beta_vae(", "+(-", "tc(groups=(", "anneal(0, "}) {
    CAPTURE(opening);
    CHECK_THAT(refused(repeated(opening, 200) + "nell").second, contains("nested deeper than 64"));
  }
  CHECK_THAT(refused("tc(groups=" + repeated("[", 1000)).second, contains("missing"));
  CHECK_THAT(refused(repeated("nell+", 900)).second, contains("longer than 4096"));

  // As long as it may be: no quadratic time in what is asked of it.
  const std::string longest = repeated("pf + ", 800) + "nell";
  const Term objective = parse_objective(longest);
  CHECK(objective.parts().size() == 2);
  CHECK(*objective.parts()[0].weight->number() == 800);
  CHECK(objective.by_groups().size() == 1);
}

TEST_CASE("language: errors show where in a long or an odd expression") {
  CHECK_THROWS_WITH(parse_objective("nell +\n tcc"), contains("\n  nell +  tcc\n          ^"));
  std::string text = "nell";
  for (int i = 0; i < 100; ++i) text += " + nell";
  CHECK_THROWS_WITH(parse_objective(text + " + tcc" + text), contains("...") && contains("\n   "));
  try {
    parse_objective(text + " + tcc + nell");
  } catch (const ExpressionError& error) {
    // The caret stands below the first letter of the wrong name.
    const std::string message = error.what();
    const std::size_t first = message.find('\n'), second = message.find('\n', first + 1);
    const std::size_t caret = message.find('^', second) - second;
    CHECK(message.substr(first + caret, 3) == "tcc");
  }
}

TEST_CASE("language: cubo moves the encoder only, whatever it is added to") {
  const auto addends = parse_objective("nell + 2*cubo(m=3) + div - 3*cubo(n=4, m=3)").by_groups();
  REQUIRE(addends.size() == 2);
  CHECK(addends[0].only.empty());
  CHECK(addends[0].term.text() == "nell + div");
  CHECK(addends[1].only == std::vector<std::string>{"phi"});
  CHECK(addends[1].term.text() == "2*cubo(n=2, m=3) - 3*cubo(n=4, m=3)");
}

TEST_CASE("language: weights of quantities, by schedules and in all") {
  const Term objective = parse_objective(
      "warmup(2, steps=4)*(nell + 3*div) - (tc - 0.5*div) + abs(mi - anneal(0, 1, steps=2))");
  const auto parts = objective.parts();
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].weight->text() == "warmup(2, steps=4)");
  CHECK(*parts[0].weight->at(2) == 1);
  CHECK(*parts[1].weight->at(0) == 0.5);
  CHECK(*parts[1].weight->at(4) == 6.5);
  CHECK(*parts[2].weight->number() == -1);
  CHECK(!parts[3].weight);
}

TEST_CASE("language: schedules count steps or epochs") {
  CHECK(parse_weight("cosine(1, 0, steps=4, unit=epochs)").text() ==
        "cosine(1, 0, steps=4, unit=epochs)");
  CHECK(parse_weight("stages(1, 2, 3, unit=steps)").text() == "stages(1, 2, 3)");
  CHECK(parse_weight("burda").text() == Schedule::burda().text());
  const Term both = parse_weight("2*warmup(1, steps=10)*stages(1, 3, 5, unit=epochs)");
  CHECK(*both.at({5, 2.5}) == 1);
  CHECK(*both.at({5, 3.0}) == 5);
  CHECK(*both.at({20, 3.0}) == 10);
  CHECK_THROWS_WITH(parse_weight("nell"), contains("not the term 'nell'"));
  CHECK_THROWS_WITH(parse_weight("1e-3 x"), contains("unexpected 'x'"));
  // A stage in the middle whose weight is none.
  CHECK_THAT(refused("nell + 1e200*stages(1, 1, 1e200, 1, 1)*div").second, contains("not finite"));
}

TEST_CASE("language: a registered term is a word like the others") {
  register_term({.name = "my_test_term"}, [](Draw& draw) { return draw.log_likelihood(); });
  const Term objective = parse_objective("nell + 0.1*my_test_term");
  CHECK(objective.text() == "nell + 0.1*my_test_term");
  CHECK(objective.latex() == "\\mathrm{Nell} + 0.1\\,\\mathrm{my\\_test\\_term}");
  CHECK_THAT(refused("my_tst_term").second, contains("did you mean 'my_test_term'?"));
  CHECK(vocabulary().own("my_test_term"));
  CHECK_FALSE(vocabulary().own("nell"));
  CHECK_THROWS_WITH(register_term({.name = "my_test_term"}, {}), contains("registered twice"));
  for (const char* odd : {"", "3d", "a-b", "nell div"}) {
    CHECK_THROWS_WITH(register_term({.name = odd}, {}),
                      contains("has no name that can be written"));
  }
}

TEST_CASE("language: equations cite every quantity") {
  const std::string text = equations(parse_objective("nell + 4*div"));
  CHECK_THAT(text, contains("\\mathcal{L} &= \\mathrm{Nell} + 4\\,\\mathrm{Div}"));
  CHECK_THAT(text, contains("\\tag{Zheng eq. (15)}"));
  CHECK_THAT(text, contains("\\tag{Zheng eq. (16)}"));
  for (const Word& word : vocabulary().all()) {
    if (word.kind != Word::Kind::term && word.kind != Word::Kind::bound) continue;
    if (word.name == "mi_dec" || word.name == "critic_loss" || word.name == "my_test_term")
      continue;
    CAPTURE(word.name);
    const auto parts = parse_objective(word.name + (word.name == "mc" ? "(2)" : "")).parts();
    CHECK(!parts.front().quantity.formula.empty());
    CHECK(!parts.front().quantity.equation.empty());
    CHECK(!parts.front().quantity.meaning.empty());
  }
}

TEST_CASE("language: what a bound prints is read as that bound") {
  using namespace bounds;
  std::vector<Bound> all{iw(1),     iw(5),      miwae(3, 5),    renyi(0.1, 5), renyi(-1.5, 4),
                         vr_max(5), cubo(2, 5), ciwae(0.25, 5), jackknife(5),  tvo(4, 5)};
  const std::vector<Bound> single = all;
  all.push_back(mc(2, elbo()));
  for (const Bound& bound : single) all.push_back(mc(3, bound));
  all.push_back(mc(2, mc(3, iw(4))));
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (const Bound& bound : all) {
    INFO(bound.text());
    const std::optional<Bound> read = parse_objective(bound.text()).bound();
    REQUIRE(read.has_value());
    CHECK(read->text() == bound.text());
    REQUIRE(read->samples() == bound.samples());
    CHECK(read->groups() == bound.groups());
    std::vector<double> f(std::size_t(bound.samples()));
    for (double& one : f) one = normal(random);
    CHECK((*read)(f) == bound(f));
  }
  // The ELBO's bound is that of single samples.
  CHECK(parse_objective("elbo(mc)").bound()->text() == elbo().text());
  CHECK(parse_objective("mc(2, elbo(mc))").text() == "mc(k=2)");
  CHECK_THAT(refused("mc(k=2, 3*iw(m=5))").second, contains("'mc': m is a number"));
  CHECK_THAT(refused("mc(k=2, nell)").second, contains("'mc' does not take 'nell'"));
}
