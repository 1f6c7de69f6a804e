#include <functional>
#include <string>

#include "autodiff/setting_error.hpp"
#include "lab/training/run_config.hpp"
#include "lab/training/train_plan.hpp"
#include "objectives/language/expression.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const SettingError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string toml_error(const std::string& text) {
  return message_of([&] {
    TrainConfig config;
    apply_toml(config, text, "a.toml");
  });
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("run configuration: TOML gives back every setting exactly") {
  TrainConfig config;
  config.data = "/data with \"quotes\"\\and\ttabs/ü.npz:imgs";
  config.data_hash = "0123abcd";
  config.holdout = 0.1;
  config.validation = 0.25;
  config.binarize = "dynamic";
  config.example = {28, 27, 1};
  config.picture_range = {-0.1, 2};
  config.model = "mlp";
  config.latent = 7;
  config.hidden = {500, 3, 20};
  config.activation = "gelu";
  config.layer_norm = config.gated = config.centre = true;
  config.dropout = 0.30000000000000004;
  config.centre_mean = {0.1, -1e-300};
  config.init_from = "/runs/ü/last.safetensors";
  config.likelihood = "normal:0.30000000000000004";
  config.objective = "nell + 4*div";
  config.optimizer = "sgd";
  config.lr = 3;  // must not turn into a whole number
  config.batch = 17;
  config.steps = 123456789012345;
  config.seed = (std::uint64_t{1} << 63) - 1;
  TrainConfig back;
  back.epochs = 3;  // naming steps takes it back
  apply_toml(back, to_toml(config), "a.toml");
  CHECK(to_toml(back) == to_toml(config));
  CHECK(back.data == config.data);
  CHECK(back.hidden == config.hidden);
  CHECK(back.activation == "gelu");
  CHECK((back.layer_norm && back.gated && back.centre));
  CHECK(back.dropout == config.dropout);
  CHECK(back.centre_mean == config.centre_mean);
  CHECK(back.init_from == config.init_from);
  CHECK(back.validation == 0.25);
  CHECK(back.example == config.example);
  CHECK(back.picture_range == config.picture_range);
  CHECK(back.lr == 3.0);
  CHECK(back.steps == config.steps);
  CHECK_FALSE(back.epochs.has_value());
  CHECK(back.seed == config.seed);
  for (const double number : {1e-3, 0.1, 1e22, 1e-300, 1.0 / 3, 123456.0}) {
    config.lr = number;
    apply_toml(back, to_toml(config), "a.toml");
    CHECK(back.lr == number);
  }
}

TEST_CASE("run configuration: hidden layers are widths or none, and what is usual is not written") {
  TrainConfig config;
  const std::string usual = to_toml(config);
  for (const char* name : {"activation", "layer_norm", "gated", "dropout", "centre", "init_from"}) {
    CAPTURE(name);
    CHECK_FALSE(contains(usual, name));
  }
  apply_setting(config, "hidden", "none");
  CHECK(config.linear);
  TrainConfig back;
  back.hidden = {3};
  apply_toml(back, to_toml(config), "a.toml");
  CHECK(back.linear);
  CHECK(back.hidden.empty());
  apply_toml(back, "hidden = [4]", "a.toml");
  CHECK_FALSE(back.linear);
  CHECK(back.hidden == std::vector<std::int64_t>{4});
  apply_setting(back, "init_from", "none");
  CHECK(back.init_from.empty());
  CHECK(contains(toml_error("hidden = \"all\""), "'hidden' must be a list of whole numbers"));
}

TEST_CASE("run configuration: what a file leaves out stays") {
  TrainConfig config;
  config.model = "burda";
  config.lr = 0.5;
  apply_toml(config, "lr = 1\nepochs = 4", "a.toml");
  CHECK(config.model == "burda");
  CHECK(config.lr == 1.0);
  CHECK(config.epochs == std::optional<std::uint64_t>(4));
}

TEST_CASE("run configuration: wrong files are refused with file, line and key") {
  CHECK(contains(toml_error("\nbatsh = 3"), "a.toml, line 2: 'batsh'"));
  CHECK(contains(toml_error("batsh = 3"), "did you mean 'batch'"));
  CHECK(contains(toml_error("lr = true"), "'lr' must be a string or a number"));
  CHECK(contains(toml_error("batch = 1.5"), "'batch' must be a whole number"));
  CHECK(contains(toml_error("hidden = [1, \"a\"]"), "'hidden' must be a whole number"));
  CHECK(contains(toml_error("hidden = 500"), "'hidden' must be a list of whole numbers"));
  CHECK(contains(toml_error("picture_range = [0.0]"), "must be a list of two numbers"));
  CHECK(contains(toml_error("picture_range = [1.0, 0.0]"), "the smaller first"));
  CHECK(contains(toml_error("model = 3"), "'model' must be a string"));
  CHECK(contains(toml_error("seed = -1"), "'seed' must be 0 or more"));
  CHECK(contains(toml_error("epochs = 1\nsteps = 2"), "exclude each other"));
  CHECK(contains(toml_error("lr = \n"), "a.toml, line 1"));
}

TEST_CASE("run configuration: values out of range name their setting") {
  const auto refused = [](const std::function<void(TrainConfig&)>& spoil) {
    TrainConfig config;
    spoil(config);
    return message_of([&] { resolve(config); });
  };
  CHECK(contains(refused([](auto& c) { c.data = ""; }), "data: "));
  CHECK(contains(refused([](auto& c) { c.model = "mpl"; }), "did you mean 'mlp'"));
  CHECK(contains(refused([](auto& c) { c.binarize = "static"; }), "binarize: "));
  CHECK(contains(refused([](auto& c) { c.optimizer = "adan"; }), "did you mean 'adam'"));
  CHECK(contains(refused([](auto& c) { c.likelihood = "normal:-1"; }), "likelihood: "));
  CHECK(contains(refused([](auto& c) { c.hidden = {0}; }), "hidden: "));
  CHECK(contains(refused([](auto& c) { c.model = "burda", c.hidden = {9}; }), "hidden: "));
  CHECK(contains(refused([](auto& c) { c.lr = 0; }), "lr: "));
  CHECK(contains(refused([](auto& c) { c.lr = 1.0 / 0.0; }), "lr: "));
  CHECK(contains(refused([](auto& c) { c.clip = -1; }), "clip: "));
  CHECK(contains(refused([](auto& c) { c.ema = 1; }), "ema: "));
  CHECK(contains(refused([](auto& c) { c.batch = 0; }), "batch: "));
  CHECK(contains(refused([](auto& c) { c.holdout = 1; }), "holdout: "));
  CHECK(contains(refused([](auto& c) { c.steps = 0; }), "steps: "));
  CHECK(contains(refused([](auto& c) { c.epochs = 0; }), "epochs: "));
  CHECK(contains(refused([](auto& c) { c.seed = ~std::uint64_t{0}; }), "seed: "));
  TrainConfig config;
  config.batch = 0;
  try {
    resolve(config);
    FAIL("a batch of 0 was accepted");
  } catch (const SettingError& error) {
    CHECK(error.setting() == "batch");
    CHECK(error.reason() == "must be 1 to 1048576");
    CHECK(std::string(error.what()) == "batch: must be 1 to 1048576");
  }
  config = {};
  config.objective = "nell + 4*dif";
  CHECK_THROWS_AS(resolve(config), ExpressionError);
  CHECK_NOTHROW(resolve(TrainConfig{}));
}

TEST_CASE("run configuration: run names suit every file system") {
  TrainConfig config;
  config.model = "burda";
  config.data = "/some where/mnist/";
  config.seed = 3;
  CHECK(run_name(config) == "burda-mnist-elbo-s3");
  config.data = "sprites:32";
  config.objective = "nell + 4*div(mc)";
  CHECK(run_name(config) == "burda-sprites_32-nell+4_div_mc-s3");
}

TEST_CASE(
    "run configuration: lr, batch and objective may change while a run goes on, nothing else") {
  TrainConfig config;
  const Change lr = apply_change(config, "lr=1e-4");
  CHECK(config.lr == 1e-4);
  CHECK(lr.setting == "lr");
  CHECK(lr.from == "0.001");
  CHECK(lr.to == "0.0001");
  CHECK(lr.number);
  const Change objective = apply_change(config, "objective=nell + 4*div");
  CHECK(config.objective == "nell + 4*div");
  CHECK(objective.from == "elbo");
  CHECK(objective.to == "nell + 4*div");
  CHECK_FALSE(objective.number);
  apply_change(config, "batch=17");
  CHECK(config.batch == 17);
  for (const char* wrong : {"lr", "lr=", "=3", "lr=a", "lr='1'", "batch=1.5", "batch=1\nseed = 3",
                            "seed=1", "data=x", "latent=3", "rl=1"}) {
    CAPTURE(wrong);
    const std::string before = to_toml(config);
    CHECK_THROWS_WITH(apply_change(config, wrong), tests::contains("change: '"));
    CHECK(to_toml(config) == before);
  }
  CHECK(may_change("lr"));
  CHECK_FALSE(may_change("seed"));
}

TEST_CASE("run configuration: a setting is read from the text of its flag") {
  TrainConfig config;
  apply_setting(config, "hidden", "500,3");
  apply_setting(config, "lr", "1e-4");
  apply_setting(config, "scale", "255");
  apply_setting(config, "steps", "7");
  CHECK(config.hidden == std::vector<std::int64_t>{500, 3});
  CHECK(config.lr == 1e-4);
  CHECK(config.scale == "255");
  CHECK(config.steps == std::optional<std::uint64_t>(7));
  const std::string before = to_toml(config);
  const auto refused = [&](const std::string& name, const std::string& text) {
    return message_of([&] { apply_setting(config, name, text); });
  };
  CHECK(refused("batch", "0") == "batch: '0' is not a whole number, 1 to 1048576");
  CHECK(refused("batch", "1e99") == "batch: '1e99' is not a whole number, 1 to 1048576");
  CHECK(refused("batch", "") == "batch: '' is not a whole number, 1 to 1048576");
  CHECK(refused("lr", "nan").starts_with("lr: 'nan', column 1: unknown term 'nan'"));
  CHECK(refused("momentum", "1") == "momentum: '1' is not a number, at least 0 and below 1");
  CHECK(refused("holdout", "1") == "holdout: '1' is not a number, above 0 and below 1");
  CHECK(refused("hidden", "500,,3") ==
        "hidden: '500,,3' is not none or a list of whole numbers, as in 500,500, 1 to 1048576");
  CHECK(refused("hiden", "3") == "hiden: is no setting");
  CHECK(to_toml(config) == before);
}
