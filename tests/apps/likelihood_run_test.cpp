// Every likelihood through the program: training, evaluation, studies, codes and samples, on any number of
// threads, and resumed.
#include <cmath>
#include <sstream>

#include "tests/apps/train_command.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// 48 rows of 5 columns, as a likelihood of this word takes them.
std::string table_for(const std::string& word) {
  const std::string name = word.substr(0, word.find(':'));
  std::ostringstream text;
  text.precision(9);
  for (int i = 0; i < 48; ++i) {
    for (int d = 0; d < 5; ++d) {
      const double u = 0.5 + 0.49 * std::sin(1.7 * i + 2.3 * d * (1 + i % 3));  // in (0, 1)
      double x = u;
      if (name == "poisson" || name.find("binomial") != std::string::npos) {
        x = std::floor(std::exp(3 * u) - 1);
      } else if (name == "categorical_pixels" && word != name) {
        x = std::floor(4 * u);
      } else if (name == "discretised_logistic" || name == "categorical_pixels") {
        x = std::floor(255 * u);
      } else if (name == "normal" || name == "student") {
        x = 3 * u - 4;
      }
      text << (d ? "," : "") << x;
    }
    text << "\n";
  }
  return text.str();
}

nlohmann::json ask(std::vector<std::string> words) {
  words.push_back("--json");
  const Outcome outcome = run_program_binary(words);
  INFO(words[0] << ": " << outcome.err);
  REQUIRE(outcome.code == 0);
  return nlohmann::json::parse(outcome.out);
}

const std::vector<std::string> words{"bernoulli",
                                     "normal:shared",
                                     "normal:optimal",
                                     "normal:datum",
                                     "poisson",
                                     "negative_binomial",
                                     "zero_inflated_negative_binomial",
                                     "discretised_logistic",
                                     "discretised_logistic:2",
                                     "categorical_pixels",
                                     "categorical_pixels:4",
                                     "continuous_bernoulli",
                                     "beta",
                                     "student"};

}  // namespace

TEST_CASE(
    "likelihood run: each trains, and every command reads the run, on any number of threads") {
  for (const std::string& word : words) {
    INFO(word);
    const TempFolder folder;
    const std::string data = folder.write("table.csv", table_for(word));
    const bool levels = word == "categorical_pixels" || word.rfind("discretised", 0) == 0;
    const auto train = [&](const std::string& out, const std::string& threads,
                           const std::string& epochs) {
      const Outcome outcome =
          run_program_binary({"train",    "--data",      data,
                              "--out",    out,           "--hidden",
                              "6",        "--latent",    "2",
                              "--batch",  "16",          "--likelihood",
                              word,       "--scale",     levels ? "255" : "none",
                              "--epochs", epochs,        "--threads",
                              threads,    "--objective", "elbo"});
      INFO(outcome.err);
      REQUIRE(outcome.code == 0);
      return outcome;
    };
    const std::string run = folder.path() + "/run";
    train(run, "1", "3");
    train(run + "3", "3", "3");
    CHECK(last(run) == last(run + "3"));
    // Interrupted after one epoch, and resumed.
    train(run + "1", "1", "1");
    const Outcome resumed = run_program_binary({"train", "--resume", run + "1", "--epochs", "2"});
    INFO(resumed.err);
    REQUIRE(resumed.code == 0);
    CHECK(last(run) == last(run + "1"));

    const auto eval = ask({"eval", run});
    const auto threads = ask({"eval", run, "--threads", "3"});
    CHECK(eval["elbo"] == threads["elbo"]);
    CHECK(std::isfinite(eval["elbo"].get<double>()));
    const auto decomposed = ask({"decompose", run});
    CHECK(decomposed.is_object());
    ask({"bounds", run, "--examples", "5"});
    ask({"gradvar", "--run", run, "--replicates", "20", "--objective", "iw(2)", "--batch", "4"});
    ask({"ais", run, "--examples", "3", "--temperatures", "20", "--chains", "2"});
    ask({"encode", run, "--out", folder.path() + "/z.npz"});
    ask({"sample", run, "--out", folder.path() + "/x.npz", "--n", "4", "--draw"});
    ask({"reconstruct", run, "--out", folder.path() + "/r.npz", "--n", "3"});
  }
}

TEST_CASE("likelihood run: data outside of the support are refused before the first step") {
  const TempFolder folder;
  const std::string data =
      folder.write("table.csv", "0.5,1.5\n2,3\n4,5\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n");
  const std::pair<const char*, const char*> refusals[] = {
      {"poisson", "whole numbers from 0 on"},
      {"negative_binomial", "whole numbers from 0 on"},
      {"zero_inflated_negative_binomial", "whole numbers from 0 on"},
      {"discretised_logistic", "pixels k/255 in [0, 1]"},
      {"categorical_pixels", "pixels k/255 in [0, 1]"},
      {"categorical_pixels:4", "whole numbers in [0, 3]"},
      {"continuous_bernoulli", "numbers in [0, 1]"},
      {"beta", "numbers in (0, 1)"}};
  for (const auto& [word, numbers] : refusals) {
    const Outcome refused = run_program_binary(
        {"train", "--data", data, "--out", folder.path() + "/run", "--likelihood", word});
    INFO(word << ": " << refused.err);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, contains("--likelihood") && contains(numbers) && contains("goes from"));
    CHECK_THAT(refused.err, contains("student would fit"));
  }
}

TEST_CASE("likelihood run: normal:optimal trains the ELBO alone, and says so by name") {
  const TempFolder folder;
  const std::string data = folder.write("table.csv", table_for("normal"));
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--data", data, "--out", folder.path() + "/run", "--hidden",
                               "6", "--latent", "2", "--batch", "16", "--epochs", "1",
                               "--likelihood", "normal:optimal"});
    return run_program_binary(more);
  };
  const Outcome weighed = train({"--objective", "iw(m=5)"});
  CHECK(weighed.code == 2);
  CHECK_THAT(weighed.err, contains("--likelihood") && contains("normal:optimal") &&
                              contains("iw(m=5)") && contains("normal:shared"));
  const Outcome estimator = train({"--objective", "elbo(mc)", "--estimator", "score"});
  CHECK(estimator.code == 2);
  CHECK_THAT(estimator.err, contains("normal:optimal") && contains("score"));
  CHECK(train({"--objective", "nell + 4*div"}).code == 0);
}
