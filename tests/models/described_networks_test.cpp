// Networks that are described as lists of layers: the same bits as those written out, their parameters,
// and what is refused.
#include "models/architectures/described.hpp"

#include "autodiff/setting_error.hpp"
#include "models/architectures/layer_types.hpp"
#include "models/layers.hpp"
#include "tests/models/support.hpp"
#include "tests/models/vae_configs.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr auto rectified = Activation::relu;
constexpr Window halving{.kernel = 4, .stride = 2, .padding = 1};

VaeConfig described(const NetworkDescription& network, const Shape& example, std::int64_t latent) {
  return {.architecture = described_in_file,
          .network = std::make_shared<const NetworkDescription>(network),
          .example = example,
          .latent = latent};
}

/// Names and first values of all parameters, and what both networks make of some numbers.
struct Bits {
  std::vector<std::string> names;
  std::vector<std::vector<double>> values;
  bool operator==(const Bits&) const = default;
};

Bits bits_of(const VaeConfig& config) {
  ParameterStore store;
  const Vae vae(config, flat_moments(config.example), store);
  store.freeze(5);
  Bits bits;
  for (const auto& entry : store.entries()) {
    bits.names.push_back(entry.name + " " + entry.shape.text());
    bits.values.push_back(store.tensor(entry.name).values());
  }
  Tape tape;
  const Recording recording(tape);
  const Tensor x = numbers({3, config.example.size()}, 1),
               z = numbers({2, 3, vae.codes().dimensions()}, 2);
  bits.values.push_back(
      vae.posterior(tape.leaf(x.cast(DType::f32)))->expectation().value().values());
  const Var output = vae.decode(tape.leaf(z.cast(DType::f32)));
  CHECK(output.shape() == Shape{2, 3, config.example.size()});
  bits.values.push_back(output.value().values());
  return bits;
}

NetworkDescription dense_pair() {
  return {.name = "pair",
          .encoder = {{.type = "flatten"},
                      {.type = "dense", .width = 5, .activation = Activation::tanh},
                      {.type = "dense", .width = 4, .activation = Activation::tanh}},
          .decoder = {{.type = "dense", .width = 4, .activation = Activation::tanh},
                      {.type = "dense", .width = 5, .activation = Activation::tanh}}};
}

std::string refusal(const NetworkDescription& network, const Shape& example = {8, 8}) {
  ParameterStore store;
  const VaeConfig config = described(network, example, 2);
  try {
    const Vae vae(config, flat_moments(example), store);
  } catch (const SettingError& error) {
    CHECK(error.setting() == "model");
    return error.reason();
  }
  return "";
}

}  // namespace

TEST_CASE("networks: a described mlp has the bits of mlp") {
  CHECK(bits_of(described(dense_pair(), {2, 3}, 2)) == bits_of(small()));
}

TEST_CASE("networks: described convolutions of colour have the bits of conv64") {
  const auto conv = [](std::int64_t width) {
    return LayerDescription{
        .type = "conv", .width = width, .window = halving, .activation = rectified};
  };
  const auto up = [](std::int64_t width) {
    return LayerDescription{
        .type = "conv_transpose", .width = width, .window = halving, .activation = rectified};
  };
  const auto dense = [](std::int64_t width) {
    return LayerDescription{.type = "dense", .width = width, .activation = rectified};
  };
  const NetworkDescription network{
      .name = "as conv64",
      .encoder = {conv(32), conv(32), conv(64), conv(64), {.type = "flatten"}, dense(256)},
      .decoder = {dense(256),
                  dense(1024),
                  {.type = "reshape", .shape = {4, 4, 64}},
                  up(64),
                  up(32),
                  up(32)}};
  for (const Shape& example : {Shape{64, 64, 3}, Shape{64, 64}}) {
    CHECK(bits_of(described(network, example, 10)) ==
          bits_of({.architecture = "conv64", .example = example}));
  }
}

TEST_CASE("networks: conv28 and resnet32 are of their images, grey and colour, and of no others") {
  for (const auto& [name, side] : {std::pair{"conv28", 28}, {"resnet32", 32}}) {
    for (const std::int64_t channels : {1, 3}) {
      const Bits bits = bits_of({.architecture = name, .example = {side, side, channels}});
      CHECK(bits.names.back() == "decoder.output.bias [" + std::to_string(channels) + "]");
    }
    CHECK(bits_of({.architecture = name, .example = {side, side}}) ==
          bits_of({.architecture = name, .example = {side, side, 1}}));
    const auto refused = [&](const Shape& example) {
      ParameterStore store;
      const VaeConfig config{.architecture = name, .example = example};
      try {
        const Vae vae(config, flat_moments(example), store);
      } catch (const Error& error) {
        return std::string(error.what());
      }
      return std::string();
    };
    const std::string n = std::to_string(side);
    CHECK_THAT(refused({27, 28}), contains(name + std::string(": examples of shape [27, 28]")) &&
                                      contains("[" + n + ", " + n + ", C]"));
    CHECK_THAT(refused({side * side}), contains("are no images"));
    CHECK_THAT(refused({3, side, side}), contains("channels first"));
  }
  ParameterStore store;
  const VaeConfig config{.architecture = "conv28", .example = {28, 28}};
  const Vae vae(config, flat_moments({28, 28}), store);
  const auto dense = [](std::size_t i, std::size_t o) { return i * o + o; };
  CHECK(store.count() == 16 * (32 + 32 * 64) + 32 + 64 + dense(3136, 256) + dense(256, 40) +
                             dense(20, 256) + dense(256, 3136) + 16 * (64 * 32 + 32) + 32 + 1);
}

TEST_CASE("networks: a residual block starts as the identity, and is x + out(act(in(act(x))))") {
  const NetworkDescription plain{.name = "plain", .encoder = {}, .decoder = {}};
  NetworkDescription block = plain;
  block.encoder = {{.type = "residual", .width = 7, .activation = Activation::tanh}};
  const auto mean_of = [](const NetworkDescription& network, const Shape& example) {
    return bits_of(described(network, example, 2)).values.rbegin()[1];
  };
  CHECK(mean_of(block, {6}) == mean_of(plain, {6}));
  CHECK(mean_of(block, {4, 4, 2}) == mean_of(plain, {4, 4, 2}));

  // Away from its start, against the convolutions by themselves.
  const Shape image{5, 4, 2};
  ParameterStore store(DType::f64);
  const BuiltLayer built = layer_type("residual")
                               .build({.type = "residual", .width = 3, .activation = rectified},
                                      image, {store, "block", "phi"});
  CHECK(built.out == image);
  const Conv2d in(store, "in", "phi", 2, 3, {.kernel = 3, .padding = 1}),
      out(store, "out", "phi", 3, 2, {.kernel = 3, .padding = 1});
  store.freeze(1);
  for (const char* name : {"in.weight", "in.bias", "out.weight", "out.bias"}) {
    const Tensor here = store.tensor(std::string("block.") + name), there = store.tensor(name);
    const Tensor values = numbers({here.size()}, std::string(name).size());
    for (std::int64_t i = 0; i < here.size(); ++i) {
      here.data_as<double>()[i] = there.data_as<double>()[i] = values.at({i});
    }
  }
  Tape tape;
  const Recording recording(tape);
  const Var x = tape.leaf(numbers({6, 5, 4, 2}, 3));
  const Var wanted = x + out(activate(in(activate(x, rectified)), rectified));
  const Var got = built.layer(reshape(x, {2, 3, 5, 4, 2}));
  CHECK(got.shape() == Shape{2, 3, 5, 4, 2});
  CHECK(got.value().values() == wanted.value().values());
}

TEST_CASE("networks: every type of layer in both networks has the derivatives of its values") {
  const NetworkDescription all{
      .name = "all",
      .encoder = {{.type = "conv", .width = 2, .window = {.kernel = 3, .stride = 2, .padding = 1}},
                  {.type = "layer_norm"},
                  {.type = "activation", .activation = Activation::tanh},
                  {.type = "residual", .activation = Activation::tanh},
                  {.type = "dropout", .rate = 0.5},
                  {.type = "flatten"},
                  {.type = "dense", .width = 3, .activation = Activation::tanh}},
      .decoder = {{.type = "dense", .width = 8},
                  {.type = "residual", .width = 3, .activation = Activation::tanh},
                  {.type = "reshape", .shape = {2, 2, 2}},
                  {.type = "layer_norm"},
                  {.type = "conv_transpose", .width = 2, .window = halving},
                  {.type = "dropout", .rate = 0.5}}};
  const VaeConfig config = described(all, {4, 4}, 2);
  ParameterStore store(DType::f64);
  const Vae vae(config, flat_moments({4, 4}), store);
  store.freeze(3);
  check_gradient(
      [&](const std::vector<Var>& in) {
        const Var mean = vae.posterior(in[0])->expectation();
        return sum(mean * mean) + sum(sigmoid(vae.decode(in[1])));
      },
      {numbers({2, 16}, 1), numbers({1, 2, 2}, 2)}, 1e-6);
}

TEST_CASE("networks: dropout of images takes whole examples' units, each by its datum") {
  NetworkDescription network{.name = "drop", .encoder = {}, .decoder = {}};
  network.encoder = {{.type = "dropout", .rate = 0.5}};
  const VaeConfig config = described(network, {4, 4}, 2);
  ParameterStore store;
  const Vae vae(config, flat_moments({4, 4}), store);
  store.freeze(3);
  const auto means = [&](const std::vector<std::uint32_t>& rows) {
    Tape tape({.mode = Tape::Mode::replay});
    DropoutMasks masks;
    std::optional<Var> mean;
    {
      const Recording recording(tape);
      const DropoutMasks::Use use(tape, masks);
      const Var x = tape.leaf({std::int64_t(rows.size()), 16}, DType::f32);
      for (std::int64_t i = 0; i < x.shape().size(); ++i) tape.data(x).data_as<float>()[i] = 1;
      mean = vae.posterior(x)->expectation();
      tape.keep(*mean);
    }
    masks.fill(1, 0, rows);
    tape.forward();
    return mean->value().values();
  };
  const std::vector<double> both = means({7, 4}), three = means({4, 7, 9});  // [B, 2]
  for (std::size_t d = 0; d < 2; ++d) {
    CHECK(both[d] == three[2 + d]);
    CHECK(both[2 + d] == three[d]);
    CHECK(both[d] != both[2 + d]);
  }
}

TEST_CASE(
    "networks: what does not fit is refused with network, layer, and the shape at that point") {
  const auto encoder = [](std::vector<LayerDescription> layers) {
    return NetworkDescription{.name = "net.toml", .encoder = std::move(layers), .decoder = {}};
  };
  const auto decoder = [](std::vector<LayerDescription> layers) {
    return NetworkDescription{.name = "net.toml", .encoder = {}, .decoder = std::move(layers)};
  };
  const LayerDescription conv{.type = "conv", .width = 4, .window = halving},
      flatten{.type = "flatten"}, dense{.type = "dense", .width = 9};
  const std::vector<std::pair<NetworkDescription, std::string>> all{
      {encoder({conv, dense}),
       "net.toml: encoder, layer 2, dense: takes a vector, and here is [4, 4, 4]; put a flatten"},
      {encoder({flatten, conv}),
       "encoder, layer 2, conv: takes images [height, width, channels], "
       "and here is [64]; put a reshape before it"},
      {encoder({{.type = "convv"}}),
       "layer 1, convv: type 'convv' is unknown; did you mean 'conv'"},
      {encoder({{.type = "conv", .width = 1, .window = {.kernel = 9}}}),
       "its kernel 9 is larger than [8, 8, 1] with padding 0"},
      {encoder({{.type = "conv", .width = 1, .window = {.kernel = 3, .padding = 1000}}}),
       "its padding 1000 is not below its kernel 3"},
      {encoder({{.type = "conv", .width = 1, .window = {.kernel = 1000, .padding = 999}}}),
       "would take 1014 thousand million products for one example, more than 4"},
      {encoder({{.type = "conv", .width = 64, .window = {.kernel = 1}},
                {.type = "conv_transpose", .width = 1400, .window = {.kernel = 100}}}),
       "thousand million products"},
      {encoder({{.type = "conv_transpose", .width = 1, .window = {.kernel = 1, .padding = 9}}}),
       "its padding 9 leaves nothing of [8, 8, 1]"},
      {encoder({{.type = "residual", .window = {.kernel = 2}}}), "its kernel 2 must be odd"},
      {encoder({{.type = "reshape", .shape = {3, 3, 3}}}),
       "cannot make [3, 3, 3] of [8, 8, 1]: 27 numbers of 64"},
      {decoder({dense, {.type = "reshape", .shape = {3, 3, 1}}}),
       "net.toml: decoder: ends in images [3, 3, 1], and an example is [8, 8]"},
      {decoder({conv}), "decoder, layer 1, conv: takes images"},
      {encoder({{.type = "conv_transpose",
                 .width = 65536,
                 .window = {.kernel = 1024, .stride = 1024}}}),
       "would give [8192, 8192, 65536], more than 16777216 numbers"},
      {encoder({flatten, {.type = "dense", .width = 65536}, {.type = "dense", .width = 65536}}),
       "layer 3, dense: would make more than 268435456 parameters"}};
  for (const auto& [network, message] : all) {
    CAPTURE(message);
    CHECK_THAT(refusal(network), contains(message));
  }
  CHECK_THAT(refusal(decoder({dense, {.type = "reshape", .shape = {3, 3, 1}}}), {64}),
             contains("an example is [64]"));
  ParameterStore store;
  CHECK_THROWS_WITH(
      Vae({.architecture = described_in_file, .example = {4}}, flat_moments({4}), store),
      contains("the network of the file is not known"));
}
