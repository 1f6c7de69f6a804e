// Runs of gamma, beta, Dirichlet, von Mises and Student posteriors, and of codes in blocks, through the program:
// every command works on them or refuses by name.
#include <string>
#include <vector>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo::tests;

namespace {

using Words = std::vector<std::string>;

Words both(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A training of seconds.
Words short_training(const std::string& out, const Words& more) {
  return both({"train", "--data", "sprites", "--subset", "60", "--hidden", "8", "--batch", "20",
               "--quiet", "--out", out},
              more);
}

struct Model {
  Words flags;
  std::string estimators;  // for gradvar
  bool annealed = false;   // whether ais moves its codes
};

/// The same parameters from any number of threads, and after a stop.
void check_bits(const std::string& run, const Words& flags) {
  const auto trained = [&](const std::string& out, const Words& more) {
    const Outcome outcome = run_program_binary(short_training(out, both(flags, more)));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
  };
  trained(run, {"--epochs", "2", "--threads", "1"});
  trained(run + "b", {"--epochs", "1", "--threads", "2"});
  CHECK(run_program_binary({"train", "--resume", run + "b", "--epochs", "1", "--quiet"}).code == 0);
  const auto parameters = [](const std::string& of) {
    return read_whole(of + "/checkpoints/last.safetensors");
  };
  CHECK(parameters(run) == parameters(run + "b"));
}

}  // namespace

TEST_CASE("implicit runs: the same bits for any threads and after a resume, and every command") {
  const TempFolder folder;
  const std::vector<Model> models{
      {{"--posterior", "gamma", "--latent", "3"}, "reparam,stl,dreg,vimco"},
      {{"--posterior", "beta", "--prior", "beta:2:2", "--latent", "3", "--objective", "iw(m=3)",
        "--estimator", "dreg"},
       "reparam,stl,dreg,vimco"},
      {{"--posterior", "dirichlet", "--latent", "4", "--objective", "elbo(mc)", "--estimator",
        "stl"},
       "reparam,stl,wake_sleep"},
      {{"--posterior", "von_mises", "--latent", "3"}, "reparam,stl,dreg"},
      {{"--posterior", "student", "--prior", "student", "--latent", "3", "--objective", "elbo(mc)"},
       "reparam,dreg,vimco",
       true},
      {{"--posterior", "diagonal:2+bernoulli:3+categorical:4", "--objective", "mc(k=2)",
        "--estimator", "reparam+rloo"},
       "reparam+vimco,dreg+score,score,\"reparam+rebar(temperature=0.5, eta=1)\""}};
  for (std::size_t i = 0; i < models.size(); ++i) {
    const std::string run = folder.path() + "/run" + std::to_string(i);
    CAPTURE(models[i].flags);
    check_bits(run, models[i].flags);
    std::string estimators = models[i].estimators;
    std::erase(estimators, '"');
    const std::vector<Words> commands{
        {"eval", run},
        {"decompose", run, "--examples", "30", "--pairs", "10"},
        {"bounds", run, "--examples", "5", "--m", "1,4"},
        {"gradvar", "--run", run, "--batch", "2", "--replicates", "4", "--bounds", "iw", "--m",
         "2,3", "--estimators", estimators},
        {"sample", run, "--out", folder.path() + "/s.npz"},
        {"decode", run, "--z", folder.path() + "/s.npz:z", "--out", folder.path() + "/m.npz"},
        {"sample", run, "--out", folder.path() + "/s.png"},
        {"encode", run, "--out", folder.path() + "/z.npz"},
        {"traverse", run, "--out", folder.path() + "/t.png"},
        {"traverse", run, "--from-prior", "--out", folder.path() + "/t.npz"},
        {"reconstruct", run, "--out", folder.path() + "/r.png"},
        {"pictures", run}};
    for (const Words& command : commands) {
      const Outcome outcome = run_program_binary(command);
      CAPTURE(command, outcome.out, outcome.err);
      CHECK(outcome.code == 0);
    }
    if (i + 1 == models.size()) {  // bits, classes and numbers together; it takes seconds
      CHECK(run_program_binary({"disentangle", run, "--samples", "50"}).code == 0);
    }
    const Outcome annealed =
        run_program_binary({"ais", run, "--examples", "2", "--temperatures", "5", "--chains", "2"});
    CAPTURE(annealed.err);
    CHECK((annealed.code == 0) == models[i].annealed);
    if (!models[i].annealed) CHECK_THAT(annealed.err, contains("annealing moves codes"));
  }
}

TEST_CASE("implicit runs: what does not go together is refused with what does") {
  const TempFolder folder;
  const auto refused = [&](const Words& more, const std::string& why) {
    const Outcome outcome = run_program_binary(
        short_training(folder.path() + "/refused", both(more, {"--epochs", "1"})));
    CAPTURE(more, outcome.err);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
  };
  refused({"--posterior", "gamma", "--prior", "normal"}, "choose the prior gamma");
  refused({"--posterior", "student"}, "use div(mc), elbo(mc)");
  refused({"--posterior", "gamma", "--objective", "beta_tcvae(beta=4)"},
          "the aggregated posterior needs a normal posterior; here it is gamma");
  refused({"--posterior", "dirichlet", "--latent", "1"}, "2 or more");
  refused({"--posterior", "gamma", "--objective", "mc(k=2)", "--estimator", "reparam+rqmc"},
          "made of normal noise");
  refused({"--posterior", "diagonal:2+bernoulli:3", "--latent", "4"}, "5 variables together");
  refused({"--posterior", "diagonal:2+bernoulli:3"}, "has no reparameterised samples");
  refused({"--posterior", "diagonal:2+bernoulli:3", "--prior", "normal"},
          "choose the prior normal+uniform");
  refused({"--posterior", "diagonal:2+bernoulli:3", "--prior", "normal+normal"},
          "block 2: 'normal' is a density of real codes");
  refused({"--posterior", "diagonal:2+bernoulli:3", "--objective", "elbo(mc)", "--estimator",
           "reparam+enumeration"},
          "enumeration is of all codes together");
  refused({"--posterior", "diagonal:2", "--objective", "elbo(mc)"}, "takes no argument");
}
