// Runs of flow posteriors and priors through the program: every command works on them or refuses by name.
#include <string>
#include <vector>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo::tests;

namespace {

using Words = std::vector<std::string>;

Words joined(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A training of seconds.
Words training(const std::string& out, const Words& more) {
  return joined({"train", "--data", "sprites", "--subset", "60", "--hidden", "8", "--latent", "3",
                 "--batch", "20", "--quiet", "--out", out},
                more);
}

}  // namespace

TEST_CASE(
    "flow runs: the same bits for any threads and after a resume, and every command on them") {
  const TempFolder folder;
  const std::vector<Words> models{
      {"--posterior", "affine", "--objective", "elbo(mc)", "--estimator", "stl"},
      {"--posterior", "iaf:2", "--prior", "maf:2", "--objective", "iw(m=3)", "--estimator", "dreg"},
      {"--posterior", "realnvp:2", "--prior", "realnvp:2", "--objective", "nell + div(mc)"},
      {"--posterior", "planar:2", "--objective", "iw(m=3)", "--estimator", "vimco"}};
  for (std::size_t i = 0; i < models.size(); ++i) {
    const std::string run = folder.path() + "/run" + std::to_string(i);
    CAPTURE(models[i]);
    const auto trained = [&](const std::string& out, const Words& more) {
      const Outcome outcome = run_program_binary(training(out, joined(models[i], more)));
      INFO(outcome.err);
      REQUIRE(outcome.code == 0);
    };
    trained(run, {"--epochs", "2", "--threads", "1"});
    trained(run + "b", {"--epochs", "1", "--threads", "2"});
    CHECK(run_program_binary({"train", "--resume", run + "b", "--epochs", "1", "--quiet"}).code ==
          0);
    const auto parameters = [](const std::string& of) {
      return read_whole(of + "/checkpoints/last.safetensors");
    };
    CHECK(parameters(run) == parameters(run + "b"));
    const std::vector<Words> commands{
        {"eval", run},
        {"decompose", run, "--examples", "30"},
        {"bounds", run, "--examples", "5", "--m", "1,4"},
        {"gradvar", "--run", run, "--batch", "2", "--replicates", "4", "--bounds", "iw", "--m",
         "2,3", "--estimators", "reparam,stl,dreg,vimco,wake_sleep"},
        {"ais", run, "--examples", "2", "--temperatures", "5", "--chains", "2", "--from", "prior"},
        {"sample", run, "--out", folder.path() + "/s.png"},
        {"encode", run, "--out", folder.path() + "/z.npz"},
        {"traverse", run, "--out", folder.path() + "/t.png"},
        {"reconstruct", run, "--out", folder.path() + "/r.png"}};
    for (const Words& command : commands) {
      const Outcome outcome = run_program_binary(command);
      CAPTURE(command, outcome.out, outcome.err);
      CHECK(outcome.code == 0);
    }
    const Outcome annealed =
        run_program_binary({"ais", run, "--examples", "2", "--temperatures", "5", "--chains", "2"});
    CAPTURE(annealed.err);
    if (models[i][1] == "planar:2") {
      CHECK(annealed.code == 2);
      CHECK_THAT(annealed.err, contains("--from: a planar flow has no formula for its inverse") &&
                                   contains("let chains begin at the prior"));
    } else {
      CHECK(annealed.code == 0);
    }
  }
}

TEST_CASE("flow runs: what has no closed form or no normal is refused with what to write") {
  const TempFolder folder;
  const auto refused = [&](const Words& more, const std::string& why) {
    const Outcome outcome =
        run_program_binary(training(folder.path() + "/refused", joined(more, {"--epochs", "1"})));
    CAPTURE(more, outcome.err);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
  };
  refused({"--posterior", "iaf:2"}, "use div(mc), elbo(mc)");
  refused({"--prior", "maf:2"}, "use div(mc), elbo(mc)");
  refused({"--posterior", "iaf:2", "--objective", "beta_tcvae(beta=4)"},
          "the aggregated posterior needs a normal posterior; here it is flow iaf:2");
  refused({"--posterior", "iaf:2", "--prior", "vamp:3", "--objective", "elbo(mc)"},
          "'vamp:3' is made of diagonal or full posteriors, and here it is iaf:2");
  refused({"--posterior", "planar:2", "--objective", "iw(m=2)", "--estimator", "wake_sleep"},
          "a planar flow has no formula for its inverse");
  refused({"--posterior", "iaf:65", "--objective", "elbo(mc)"}, "1 to 64");
  refused({"--posterior", "affine:2", "--objective", "elbo(mc)"}, "affine takes no argument");
  refused({"--posterior", "bernoulli", "--prior", "realnvp:2"}, "choose the prior uniform");
  refused({"--posterior", "iaf:2", "--objective", "elbo(mc)", "--latent", "5000"},
          "takes up to 4096");
}
