// What --help shows: first what suffices to begin, and no line that a terminal would break.
#include <sstream>

#include "apps/cli/help_layout.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> help_lines(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  words.emplace_back("--help");
  const Outcome outcome = run_program_binary(words);
  CHECK(outcome.code == 0);
  return lines_of(outcome.out);
}

}  // namespace

TEST_CASE("help: the first screen of train suffices to begin") {
  const std::vector<std::string> lines = help_lines({"train"});
  REQUIRE(lines.size() > 30);
  std::string screen;
  for (std::size_t i = 0; i < 30; ++i) screen += lines[i] + "\n";
  CHECK_THAT(screen, contains("Examples:\n  nelbo train --preset quickstart\n"));
  CHECK_THAT(screen, contains("\nTo begin:\n"));
  for (const std::string name :
       {"--preset", "--data", "--model", "--objective", "--epochs", "--out", "--resume"}) {
    CHECK_THAT(screen, contains("\n  " + name + " "));
  }
}

TEST_CASE("help: no line of any command is beyond 100 columns, and sections are one line apart") {
  std::vector<std::vector<std::string>> all{
      {}, {"data", "show"}, {"bench", "train"}, {"bench", "kernels"}, {"bench", "pairwise"}};
  bool commands = false;
  for (const std::string& line : help_lines({})) {
    if (line.empty()) commands = false;
    if (commands) all.push_back({line.substr(2, line.find(' ', 2) - 2)});
    if (line == "Commands:") commands = true;
  }
  REQUIRE(all.size() > 20);
  for (const std::vector<std::string>& command : all) {
    bool blank = true;
    for (const std::string& line : help_lines(command)) {
      CAPTURE(command, line);
      CHECK(line.size() <= 100);
      CHECK_FALSE((blank && line.empty()));
      blank = line.empty();
    }
  }
}

TEST_CASE("help: texts wrap at spaces outside of quotes, and lists hang") {
  const std::string sixty(60, 'x');
  const std::string told = help_layout({{"Group",
                                         "takes\n  one: " + sixty + " " + sixty,
                                         {{"--flag N", sixty + " \"a b c\" and `d e`"},
                                          {"--a-name-too-long-for-a-column", "text"}}}});
  CHECK(told == "\nGroup:\n  takes\n    one: " + sixty + "\n      " + sixty + "\n  --flag N  " +
                    sixty + " \"a b c\" and `d e`\n  --a-name-too-long-for-a-column\n" +
                    std::string(12, ' ') + "text\n");
  const std::string broken =
      help_layout({{"Group", "", {{"--flag", std::string(85, 'x') + " \"a b c\""}}}});
  CHECK(broken == "\nGroup:\n  --flag  " + std::string(85, 'x') + "\n" + std::string(10, ' ') +
                      "\"a b c\"\n");
}
