// Files that describe networks: what they say, the built-in networks written as files, and files that are
// none.
#include "lab/training/network_file.hpp"

#include "autodiff/ops/shape_ops.hpp"
#include "lab/training/train_plan.hpp"
#include "models/architectures/layer_types.hpp"
#include "models/make_model.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

constexpr const char* conv28_file = R"(
# conv28, as docs/networks.md has it
[[encoder]]
type = "conv"
channels = 32
kernel = 4
stride = 2
padding = 1
activation = "relu"

[[encoder]]
type = "conv"
channels = 64
kernel = 4
stride = 2
padding = 1
activation = "relu"

[[encoder]]
type = "flatten"

[[encoder]]
type = "dense"
width = 256
activation = "relu"

[[decoder]]
type = "dense"
width = 256
activation = "relu"

[[decoder]]
type = "dense"
width = 3136
activation = "relu"

[[decoder]]
type = "reshape"
shape = [7, 7, 64]

[[decoder]]
type = "conv_transpose"
channels = 32
kernel = 4
stride = 2
padding = 1
activation = "relu"
)";

constexpr const char* mlp_file = R"(
encoder = [ {type = "flatten"}, {type = "dense", width = 30, activation = "tanh"},
            {type = "dense", width = 20, activation = "tanh"} ]
decoder = [ {type = "dense", width = 20, activation = "tanh"},
            {type = "dense", width = 30, activation = "tanh"} ]
)";

/// All parameters of a configuration's model, as they start, with their names.
std::vector<std::pair<std::string, std::vector<double>>> started(const VaeConfig& config) {
  ParameterStore store;
  const Shape& example = config.example;
  const auto model =
      make_model(config, {Tensor::full(example, 0.3), Tensor::full(example, 0.1)}, store);
  store.freeze(9);
  std::vector<std::pair<std::string, std::vector<double>>> all;
  for (const auto& entry : store.entries()) {
    all.emplace_back(entry.name, store.tensor(entry.name).values());
  }
  Tape tape;
  const Recording recording(tape);
  const Var x = tape.leaf(Tensor::full({2, example.size()}, 0.4));
  const Var code = model->posterior(x)->expectation();
  all.emplace_back("codes", code.value().values());
  all.emplace_back("output", model->decode(reshape(code, {1, 2, -1})).value().values());
  return all;
}

VaeConfig in_file(const std::string& text, std::int64_t latent) {
  TrainConfig config;
  config.model = "net.toml";
  config.network = text;
  config.latent = latent;
  config.example = {28, 28};
  return model_of(config);
}

std::string refusal(const std::string& text) {
  try {
    read_network(text, "net.toml");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string encoder(const std::string& lines) { return "[[encoder]]\n" + lines + "\n"; }

}  // namespace

TEST_CASE("network file: conv28 and an mlp written as files have the bits of the built-in ones") {
  CHECK(started(in_file(conv28_file, 20)) ==
        started({.architecture = "conv28", .example = {28, 28}}));
  CHECK(started(in_file(mlp_file, 5)) ==
        started({.architecture = "mlp", .example = {28, 28}, .latent = 5, .hidden = {30, 20}}));
}

TEST_CASE("network file: every key of every type is read") {
  const NetworkDescription network =
      read_network(encoder("type='residual'\nwidth=7\nkernel=5\nactivation='elu'") +
                       encoder("type='layer_norm'") + encoder("type='dropout'\nrate=0.25") +
                       encoder("type='activation'\nactivation='gelu'") + encoder("type='residual'"),
                   "net.toml");
  REQUIRE(network.encoder.size() == 5);
  CHECK(network.name == "net.toml");
  CHECK(network.decoder.empty());
  const LayerDescription& block = network.encoder[0];
  CHECK((block.width == 7 && block.window.kernel == 5 && block.activation == Activation::elu));
  CHECK(network.encoder[2].rate == 0.25);
  CHECK(network.encoder[3].activation == Activation::gelu);
  CHECK(network.encoder[4].activation == Activation::relu);  // its own
  CHECK(network.encoder[4].width == 0);
}

TEST_CASE("network file: what is none is refused with file, line, layer and key") {
  const std::string conv = "type='conv'\nchannels=4\n", dense = "type='dense'\nwidth=4\n";
  std::string many;
  for (int i = 0; i < 1001; ++i) many += encoder("type='flatten'");
  const std::vector<std::pair<std::string, std::string>> all{
      {"", "net.toml: has no [[encoder]] and no [[decoder]]"},
      {"[[encoder]", "net.toml, line 1: is not TOML"},
      {std::string("\0\1\2", 3), "is not TOML"},
      {"[[encodr]]\ntype='flatten'",
       "line 1: 'encodr' is no part of a network; did you mean 'encoder'"},
      {"encoder = 3", "line 1: 'encoder' must be a list of layers: begin each with [[encoder]]"},
      {"encoder = [1]", "encoder, layer 1: is no table"},
      {"[encoder]\ntype='flatten'", "'encoder' must be a list of layers"},
      {encoder("width=3"), "line 1: encoder, layer 1: has no type"},
      {encoder("type=3"), "encoder, layer 1: its type must be a text"},
      {encoder(dense) + encoder("type='dens'\nwidth=3"),
       "encoder, layer 2: type 'dens' is unknown; did you mean 'dense'"},
      {encoder("type='dense'"), "encoder, layer 1, dense: wants width"},
      {encoder(conv + "chanels=3"),
       "line 4: encoder, layer 1, conv: 'chanels' is no key of it; did "
       "you mean 'channels'"},
      {encoder(dense + "kernel=3"), "dense: 'kernel' is no key of it"},
      {encoder("type='dense'\nwidth=0"), "dense: width: must be a whole number, 1 to 65536"},
      {encoder("type='dense'\nwidth=65537"), "width: must be a whole number, 1 to 65536"},
      {encoder("type='dense'\nwidth=-9223372036854775808"), "width: must be a whole number"},
      {encoder("type='dense'\nwidth=9223372036854775808"), "is not TOML"},
      {encoder("type='dense'\nwidth=2.5"), "width: must be a whole number"},
      {encoder("type='dense'\nwidth='3'"), "width: must be a whole number"},
      {encoder("type='dense'\nwidth=[3]"), "width: must be a whole number"},
      {encoder("type='dense'\nwidth={a=3}"), "width: must be a number, a text or a list"},
      {encoder("type='dense'\nwidth=1979-05-27"), "width: must be a number, a text or a list"},
      {encoder(dense + "activation='rellu'"),
       "dense: activation: activation 'rellu' is unknown; did you mean 'relu'"},
      {encoder(dense + "activation=true"), "activation: must be a name, as in \"relu\""},
      {encoder(conv + "kernel=0"), "conv: kernel: must be a whole number, 1 to 1024"},
      {encoder(conv + "stride=0"), "conv: stride: must be a whole number, 1 to 1024"},
      {encoder(conv + "padding=-1"), "conv: padding: must be a whole number, 0 to 1024"},
      {encoder("type='dropout'\nrate=1"),
       "dropout: rate: must be a number of at least 0 and below 1"},
      {encoder("type='dropout'\nrate=nan"), "rate: must be a number of at least 0 and below 1"},
      {encoder("type='dropout'\nrate='x'"), "rate: must be a number"},
      {encoder("type='reshape'\nshape=[]"),
       "shape: must be [numbers] or [height, width, channels]"},
      {encoder("type='reshape'\nshape=[2,2]"), "shape: must be [numbers]"},
      {encoder("type='reshape'\nshape=[1,2,0]"), "shape: must be [numbers]"},
      {encoder("type='reshape'\nshape=[1,2,'x']"), "shape: must be a list of whole numbers"},
      {encoder("type='reshape'\nshape=[1,2,1.5]"), "shape: must be a list of whole numbers"},
      {encoder("type='dense'\nwidth=4\nwidth=4"), "is not TOML"},
      {encoder(dense + "\"a\\nb\"=1"), "dense: 'a\\x0ab' is no key of it"},
      {many, "'encoder' has more than 1000 layers"},
      {"# " + std::string(std::size_t{1} << 20, 'x'), "is longer than 1048576 bytes"},
      {"x = " + std::string(100000, '['), "is not TOML"}};
  for (const auto& [text, message] : all) {
    CAPTURE(text.substr(0, 100), message);
    CHECK_THAT(refusal(text), contains("net.toml") && contains(message));
  }
  // Cut anywhere it is read, or refused.
  const std::string whole = conv28_file;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    refusal(whole.substr(0, i));
    std::string other = whole;
    other[i] = '\x80';
    refusal(other);
  }
}

TEST_CASE("network file: a configuration holds what the file says, and reads it once") {
  const tests::TempFolder folder;
  TrainConfig config;
  config.data = "sprites";
  config.model = folder.write("net.toml", conv28_file);
  config.example = {28, 28};
  const TrainPlan plan = resolve(config);
  CHECK(plan.config.network == conv28_file);
  REQUIRE(plan.model.network);
  CHECK(plan.model.network->decoder.size() == 4);
  // Kept in TOML to the letter, and enough when the file is gone.
  TrainConfig again;
  apply_toml(again, to_toml(plan.config), "config.toml");
  CHECK(again.network == conv28_file);
  for (const std::string text :
       {"\n\n# a", "# '\"\t\\\n# b\n", "# \'\'\' \"\"\"\n\n", "# \xc3\xa9\r\n#\n"}) {
    TrainConfig odd = plan.config, read;
    odd.network = text;
    apply_toml(read, to_toml(odd), "config.toml");
    CHECK(read.network == text);
  }
  again.model = "gone.toml";
  CHECK(resolve(again).model.network->encoder.size() == 4);
  CHECK_THAT(model_toml(plan.config), contains("network = "));
  // Named anew, it is read anew.
  apply_setting(again, "model", "gone.toml");
  CHECK(again.network.empty());
  CHECK_THROWS_WITH(resolve(again), contains("gone.toml"));
  CHECK_THROWS_WITH(model_of(again), contains("what it says is missing"));
  again.model = folder.path();
  again.model += "/x.toml";
  CHECK_THROWS_WITH(resolve(again), contains("model: ") && contains("x.toml"));
  CHECK_THAT(run_name(plan.config), contains("net.toml-sprites"));
}
