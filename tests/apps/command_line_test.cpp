// Flags as a command of one's own declares them: what is read into the values, what is refused.
#include "apps/command_line.hpp"

#include "apps/cli/parse.hpp"
#include "apps/command.hpp"
#include "autodiff/error.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

struct Values {
  bool quiet = false;
  std::string text = "plain", expression;
  std::optional<std::string> other;
  std::vector<std::string> words;
  std::int64_t number = 3;
  std::optional<std::int64_t> maybe;
  std::vector<std::int64_t> numbers;
  double real = 0.5;
  std::vector<std::string> given;
};

/// A program with the command `all`, which takes every kind of flag, and `group`, which has
/// subcommands alone.
Command program_of(Values& values) {
  const auto declare_all = [&values](CommandLine& line) -> Action {
    line.expression("EXPR", values.expression, "an expression");
    line.flag("--quiet", values.quiet, "a switch");
    line.flag("--text", values.text, "text").one_of({"plain", "fancy"});
    line.flag("--other", values.other, "text or nothing");
    line.number("--number", values.number, 1, 10, "a number");
    line.number("--maybe", values.maybe, 1, 10, "a number or nothing");
    line.numbers("--numbers", values.numbers, 10, "numbers");
    line.real("--real", values.real, 0, 1, "a real number");
    return [&values, line] {
      values.given = line.given();
      return 7;
    };
  };
  const auto declare_words = [&values](CommandLine& line) -> Action {
    line.flag("WORD", values.words, "words").required();
    return [] { return 8; };
  };
  return {"program", "A program", [=](CommandLine& line) -> Action {
            line.subcommand({"all", "Takes all", declare_all});
            line.subcommand({"group", "Has commands", [=](CommandLine& group) -> Action {
                               group.subcommand({"words", "Takes words", declare_words});
                               return {};
                             }});
            return {};
          }};
}

Parsed parsed(Values& values, std::vector<std::string> words) {
  words.insert(words.begin(), "program");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse(program_of(values), "program 1", int(argv.size()), argv.data());
}

}  // namespace

TEST_CASE("Flags fill their values, and the action is what the command returned") {
  Values values;
  const Parsed got =
      parsed(values, {"all", "--quiet", "--text", "fancy", "--other=x", "--number", "10", "--maybe",
                      "2", "--numbers", "5,1,5", "--real", "1e-3", "-elbo + div"});
  REQUIRE(got.action);
  CHECK(values.quiet);
  CHECK(values.text == "fancy");
  CHECK(values.other == "x");
  CHECK(values.number == 10);
  CHECK(values.maybe == 2);
  CHECK(values.numbers == std::vector<std::int64_t>{1, 5});
  CHECK(values.real == 1e-3);
  CHECK(values.expression == "-elbo + div");
  CHECK(got.action() == 7);
  CHECK(values.given == std::vector<std::string>{"--quiet", "--text", "--other", "--number",
                                                 "--maybe", "--numbers", "--real"});
}

TEST_CASE("Of a flag that is given twice the last value counts") {
  Values values;
  const Parsed got = parsed(values, {"all", "--number", "4", "--text", "plain", "--number=5",
                                     "--quiet", "--real", "0.25", "--numbers", "1,2", "--text",
                                     "fancy", "--real", "0.75", "--quiet", "--numbers", "7"});
  REQUIRE(got.action);
  CHECK(values.number == 5);
  CHECK(values.text == "fancy");
  CHECK(values.real == 0.75);
  CHECK(values.numbers == std::vector<std::int64_t>{7});
  CHECK(values.quiet);
}

TEST_CASE("What no flag names keeps its value") {
  Values values;
  REQUIRE(parsed(values, {"all"}).action);
  CHECK(values.text == "plain");
  CHECK(values.number == 3);
  CHECK_FALSE(values.maybe);
  CHECK_FALSE(values.other);
  CHECK(values.real == 0.5);
}

TEST_CASE("A subcommand takes as many words as come") {
  Values values;
  const Parsed got = parsed(values, {"group", "words", "a", "b"});
  REQUIRE(got.action);
  CHECK(got.action() == 8);
  CHECK(values.words == std::vector<std::string>{"a", "b"});
}

TEST_CASE("Wrong words come to no action and exit code 2") {
  const auto words = GENERATE(values<std::vector<std::string>>({
      {"al"},
      {"group"},
      {"group", "word"},
      {"group", "words"},
      {"all", "--number", "0"},
      {"all", "--number", "1.5"},
      {"all", "--number", "11"},
      {"all", "--numbers", "1,,2"},
      {"all", "--real", "0"},
      {"all", "--real", "nan"},
      {"all", "--real", "1.01"},
      {"all", "--text", "bold"},
      {"all", "--quit"},
      {"all", "one", "two"},
      {"all", "one", "-two"},
  }));
  CAPTURE(words);
  Values values;
  const Parsed got = parsed(values, words);
  CHECK_FALSE(got.action);
  CHECK(got.exit_code == exit_usage);
}

TEST_CASE("A command of one's own is found like nelbo's") {
  CHECK(commands().find("train") != nullptr);
  CHECK(commands().find("greet") == nullptr);
  commands().add({"greet", "Say hello", [](CommandLine&) -> Action { return [] { return 0; }; }});
  REQUIRE(commands().find("greet") != nullptr);
  CHECK(commands().all().back().name == "greet");
  for (const std::string& name : commands().names()) {
    CHECK(commands().own(name) == (name == "greet"));
  }
  CHECK_THROWS_AS(commands().add({"greet", "Again", {}}), Error);
  CHECK_THROWS_AS(commands().add({"two words", "", {}}), Error);
}
