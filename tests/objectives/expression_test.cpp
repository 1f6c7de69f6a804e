#include "objectives/language/expression.hpp"

#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

std::size_t column_of(const std::string& expression) {
  try {
    parse_objective(expression);
  } catch (const ExpressionError& error) {
    return error.column();
  }
  return 0;
}

}  // namespace

TEST_CASE("expression: canonical text and direction") {
  CHECK(parse_objective("elbo").text() == "elbo");
  CHECK(parse_objective("elbo").direction() == Direction::gain);
  CHECK(parse_objective("elbo(exact)").text() == "elbo");
  CHECK(parse_objective(" elbo ( mc ) ").text() == "elbo(mc)");
  CHECK(parse_objective("nell + 4*div").text() == "nell + 4*div");
  CHECK(parse_objective("nell+div*4").text() == "nell + 4*div");
  CHECK(parse_objective("nell + 4*div").direction() == Direction::cost);
  CHECK(parse_objective("2*(nell + div/4)").text() == "2*(nell + 0.25*div)");
  CHECK(parse_objective("nell - (nell - div)").text() == "nell - (nell - div)");
  CHECK(parse_objective("(1 + 2)*3/2*nell").text() == "4.5*nell");
  CHECK(parse_objective("-elbo").direction() == Direction::cost);
  CHECK(parse_objective("-elbo + 3*div").text() == "-elbo + 3*div");
  CHECK(parse_objective("+nell").text() == "nell");
  CHECK(parse_objective("1e-3*nell").text() == "0.001*nell");
}

TEST_CASE("expression: what it prints is read back as itself") {
  for (const char* text : {"elbo", "nell + 4*div", "2*(nell + 0.25*div)", "-elbo + 3*div(mc)",
                           "nell - (nell - div)", "-(nell + div) + 2*nell"}) {
    const std::string once = parse_objective(text).text();
    CHECK(parse_objective(once).text() == once);
  }
}

TEST_CASE("expression: errors name the column and the nearest name") {
  CHECK(column_of("nell + 4*dvi") == 10);
  CHECK_THROWS_WITH(parse_objective("nell + 4*dvi"), contains("did you mean 'div'?"));
  CHECK_THROWS_WITH(parse_objective("elbo(mcc)"), contains("did you mean 'mc'?"));
  CHECK_THROWS_WITH(parse_objective("quux"), contains("none that is known is near"));
  CHECK(column_of("") == 1);
  CHECK(column_of("nell +") == 7);
  CHECK(column_of("nell div") == 6);
  CHECK(column_of("(nell") == 6);
  CHECK(column_of("nell)") == 5);
  CHECK(column_of("nell(mc)") == 6);
  CHECK(column_of("nell*div") == 5);
  CHECK(column_of("3") == 1);
  CHECK(column_of("nell + 3") == 0);  // moves nothing, and abs(div - 3) needs it
  CHECK(column_of("nell / div") == 6);
  CHECK(column_of("1e999*nell") == 1);
  CHECK(column_of("1/0*nell") == 2);
  CHECK(column_of("1e200*1e200*nell") == 6);
  CHECK(column_of("nell @ div") == 6);
  CHECK(column_of(std::string("nell\0div", 8)) == 5);
}

TEST_CASE("expression: a cost and a bound are not added") {
  CHECK(column_of("elbo + 4*div") == 6);
  CHECK_THROWS_WITH(parse_objective("elbo + 4*div"), contains("'-elbo'"));
  CHECK_THROWS_WITH(parse_objective("nell - elbo"), contains("'-elbo'"));
}

TEST_CASE("expression: length and depth are bounded") {
  CHECK_THROWS_WITH(parse_objective(std::string(5000, ' ') + "nell"), contains("longer than"));
  CHECK_THROWS_WITH(parse_objective(std::string(1000, '(') + "nell"), contains("nested deeper"));
  CHECK_THROWS_WITH(parse_objective(std::string(1000, '-') + "nell"), contains("nested deeper"));
  CHECK_THROWS_WITH(parse_objective(std::string(1000, '+') + "nell"), contains("nested deeper"));
  std::string sum = "nell";
  for (int i = 0; i < 500; ++i) sum += " + nell";
  CHECK(parse_objective(sum).direction() == Direction::cost);
}
