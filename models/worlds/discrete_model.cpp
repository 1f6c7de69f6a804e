#include "models/worlds/discrete_model.hpp"

#include <optional>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "models/init.hpp"
#include "models/priors/uniform_noise.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_codes = 4096;

/// K^L, once the config is known to be right.
std::int64_t checked_codes(const DiscreteConfig& config) {
  if (!config.codes.discrete()) {
    throw Error("discrete model: codes are " + config.codes.text() +
                "; it has binary or one-hot ones");
  }
  if (config.data < 1 || config.codes.variables < 1) {
    throw Error("discrete model: " + std::to_string(config.data) + " data and " +
                std::to_string(config.codes.variables) + " variables; there must be at least 1");
  }
  std::int64_t codes = 1;
  for (std::int64_t l = 0; l < config.codes.variables && codes <= most_codes; ++l) {
    codes *= config.codes.values();
  }
  if (codes <= most_codes) return codes;
  throw Error("discrete model: " + std::to_string(config.codes.variables) + " variables of " +
              config.codes.text() + " codes have more than " + std::to_string(most_codes) +
              " codes");
}

/// Standard normal numbers of a table.
Initializer random_table(const Shape& shape, std::uint64_t seed, std::size_t number) {
  const Tensor values(shape, DType::f64);
  fill_normal(values.data_as<double>(), {.stream = random_variables::world.of(seed, number),
                                         .dimensions = std::size_t(shape.size())});
  return constant(values);
}

/// The share of every code in z [S, B, D]: [S, B, C], products of its variables' numbers.
Var shares(const CodeSpace& codes, Var z) {
  const std::int64_t samples = z.shape()[0], batch = z.shape()[1], width = codes.width();
  std::optional<Var> product;
  for (std::int64_t l = 0; l < codes.variables; ++l) {
    const Var own = slice(z, -1, l * width, (l + 1) * width);
    const Var values = width == 1 ? concatenate({1 - own, own}, -1) : own;
    if (!product) {
      product = values;
      continue;
    }
    const Var before = reshape(*product, {samples, batch, 1, -1});
    product = reshape(reshape(values, {samples, batch, -1, 1}) * before, {samples, batch, -1});
  }
  return *product;
}

/// P0(z) as a table of all codes; between the codes log P0 goes on linearly in each variable.
class TablePrior final : public Prior {
 public:
  /// log_p [C], codes [C, D].
  TablePrior(const CodeSpace& codes, Var log_p, Var all)
      : codes_(codes), log_p_(log_p), all_(all) {}

  std::string text() const override { return "table"; }
  bool factorised() const override { return false; }
  Var log_prob(Var z) const override { return sum(shares(codes_, z) * log_p_, -1); }
  /// Two numbers choose the code.
  std::int64_t noise_dimensions() const override { return 2; }
  Var sample(Var noise) const override {
    const Var uniform = uniform_noise(noise);
    const std::int64_t count = log_p_.shape()[0];
    Tensor numbers({count}, noise.dtype());
    for (std::int64_t c = 0; c < count; ++c) numbers.set({c}, double(c));
    const Var chosen = Categorical{reshape(log_p_, {1, count})}.sample(uniform);
    return stop(matmul(equal(chosen, Tape::current().leaf(numbers)), all_));
  }

 private:
  CodeSpace codes_;
  Var log_p_, all_;
};

}  // namespace

DiscreteModel::DiscreteModel(ParameterStore& store, const DiscreteConfig& config)
    : config_(config), number_of_codes_(checked_codes(config)), store_(&store) {
  const auto table = [&](const char* name, const char* group, const Shape& shape,
                         std::size_t number) {
    return store.add(name, group, shape, random_table(shape, config.seed, number));
  };
  encoder_ = table("encoder.logits", "phi", {config.data, config.codes.dimensions()}, 0);
  decoder_ = table("decoder.logits", "theta", {number_of_codes_, config.data}, 1);
  prior_ = table("prior.logits", "theta", {number_of_codes_}, 2);
}

Tensor DiscreteModel::data() const {
  Tensor x({config_.data, config_.data}, store_->dtype());
  for (std::int64_t n = 0; n < config_.data; ++n) x.set({n, n}, 1);
  return x;
}

Tensor DiscreteModel::all_codes() const {
  const CodeSpace& codes = config_.codes;
  const std::int64_t width = codes.width(), values = codes.values();
  Tensor z({number_of_codes_, codes.dimensions()}, store_->dtype());
  for (std::int64_t c = 0; c < number_of_codes_; ++c) {
    std::int64_t rest = c;
    for (std::int64_t first = 0; first < codes.dimensions(); first += width, rest /= values) {
      const std::int64_t value = rest % values;
      width == 1 ? z.set({c, first}, double(value)) : z.set({c, first + value}, 1);
    }
  }
  return z;
}

std::shared_ptr<const Posterior> DiscreteModel::posterior(const Batch& batch) const {
  const Var logits = matmul(batch.x, Tape::current().parameter(*store_, encoder_));
  if (config_.codes.kind == CodeSpace::Kind::binary) return posterior_of(Bernoulli{logits});
  return posterior_of(OneHotCategorical{
      reshape(logits, {batch.x.shape()[0], config_.codes.variables, config_.codes.classes})});
}

std::shared_ptr<const Prior> DiscreteModel::prior(std::optional<Var>) const {
  Tape& tape = Tape::current();
  return std::make_shared<TablePrior>(
      config_.codes, log_softmax(tape.parameter(*store_, prior_), -1), tape.leaf(all_codes()));
}

Var DiscreteModel::log_likelihood(Var z, const Batch& batch) const {
  const Var log_p = log_softmax(Tape::current().parameter(*store_, decoder_), -1);
  return sum(shares(config_.codes, z) * matmul(batch.x, transpose(log_p)), -1);
}

Var DiscreteModel::log_joint(Var z, const Batch& batch) const {
  Tape& tape = Tape::current();
  const Var log_p = log_softmax(tape.parameter(*store_, decoder_), -1);
  const Var log_prior = log_softmax(tape.parameter(*store_, prior_), -1);
  return sum(shares(config_.codes, z) * (matmul(batch.x, transpose(log_p)) + log_prior), -1);
}

}  // namespace nelbo
