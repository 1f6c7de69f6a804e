// Dropout: off where nothing trains, masks of mean 1, gradients through them. Seeds are fixed; z-scores
// are of exact repeats.
#include "models/layers/dropout.hpp"

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "tests/models/layer_checks.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// A network with dropout and what it was recorded with; its masks are drawn by draw().
struct Recorded {
  Recorded(const Layer& layer, const Tensor& x) : tape({.mode = Tape::Mode::replay}) {
    const Recording recording(tape);
    const DropoutMasks::Use use(tape, masks);
    leaf = tape.leaf(x, true);
    y = layer(leaf);
    loss = sum(y * tape.leaf(numbers(y.shape(), 99).cast(x.dtype())));
  }
  void draw(std::uint64_t step) {
    std::vector<std::uint32_t> rows(std::size_t(leaf.shape()[-2]));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::uint32_t(3 * i + 1);
    masks.fill(7, step, rows);
    tape.forward();
  }

  Tape tape;
  DropoutMasks masks;
  Var leaf, y, loss;
};

Tensor ones(const Shape& shape, DType dtype = DType::f64) { return Tensor::full(shape, 1, dtype); }

}  // namespace

TEST_CASE("dropout: the identity outside training, and on tapes of others") {
  const Tensor x = numbers({3, 4}, 1);
  CHECK(apply(Dropout(0.5), x).values() == x.values());
  Tape training({.mode = Tape::Mode::replay});
  DropoutMasks masks;
  const DropoutMasks::Use use(training, masks);
  CHECK(apply(Dropout(0.5), x).values() == x.values());
  Tape none;
  const Recording recording(none);
  const Var leaf = none.leaf(x);
  const std::size_t before = none.nodes();
  Dropout(0.5)(leaf);
  CHECK(none.nodes() == before);
}

TEST_CASE("dropout: a rate of 0 records nothing, and rates below 0 or from 1 on are refused") {
  Recorded recorded(Dropout(0), numbers({3, 4}, 1));
  recorded.draw(0);
  CHECK(recorded.y.value().values() == recorded.leaf.value().values());
  for (const double rate : {-0.1, 1.0, std::nan("")}) {
    CHECK_THROWS_WITH(Dropout(rate), contains("at least 0 and below 1"));
  }
}

TEMPLATE_TEST_CASE("dropout: a unit is 0 or 1 / (1 - rate), and kept with probability 1 - rate", "",
                   float, double) {
  const double rate = GENERATE(0.1, 0.5, 0.8);
  CAPTURE(rate);
  Recorded recorded(Dropout(rate), ones({4, 50, 20}, dtype_of<TestType>));
  double kept = 0, pairs = 0, all = 0;
  std::vector<double> before;
  for (std::uint64_t step = 0; step < 20; ++step) {
    recorded.draw(step);
    const std::vector<double> y = recorded.y.value().values();
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] != 0) CHECK(y[i] == Approx(1 / (1 - rate)).epsilon(1e-6));
      kept += y[i] != 0;
      // Neighbours in the step before, the draw, the batch and the layer are others.
      if (!before.empty()) pairs += (y[i] != 0) == (before[i] != 0);
      ++all;
    }
    before = y;
  }
  const double p = 1 - rate, z = (kept - all * p) / std::sqrt(all * p * rate);
  CHECK(std::abs(z) < 3);  // rates in turn: 0.6, 1.2, 1.2
  const double same = p * p + rate * rate, n = all * 19 / 20;
  CHECK(std::abs((pairs - n * same) / std::sqrt(n * same * (1 - same))) < 3);  // 1.3, 0.2, -0.3
}

TEST_CASE("dropout: masks of one step differ by layer, draw, datum and unit") {
  const Layer twice = [](Var x) { return stack({Dropout(0.5)(x), Dropout(0.5)(x)}); };
  Recorded recorded(twice, ones({2, 64, 32}));
  recorded.draw(5);
  const Tensor y = recorded.y.value();
  double agreeing[4] = {};
  const auto value = [&](std::int64_t l, std::int64_t s, std::int64_t b, std::int64_t d) {
    return y.at({l, s, b, d});
  };
  for (std::int64_t b = 0; b < 63; ++b) {
    for (std::int64_t d = 0; d < 31; ++d) {
      const double here = value(0, 0, b, d);
      const double others[] = {value(1, 0, b, d), value(0, 1, b, d), value(0, 0, b + 1, d),
                               value(0, 0, b, d + 1)};
      for (int i = 0; i < 4; ++i) agreeing[i] += here == others[i];
    }
  }
  constexpr double count = 63 * 31;
  for (const double same : agreeing) {
    CHECK(std::abs((same - count / 2) / std::sqrt(count / 4)) < 3);  // 0.2, 0.2, 0.6, -0.2
  }
}

TEST_CASE("dropout: numbers go by the datum, wherever it stands in the batch") {
  const auto mask_of = [&](std::vector<std::uint32_t> rows) {
    Tape tape({.mode = Tape::Mode::replay});
    DropoutMasks masks;
    const Recording recording(tape);
    const DropoutMasks::Use use(tape, masks);
    const Var y = Dropout(0.5)(tape.leaf(ones({std::int64_t(rows.size()), 40})));
    masks.fill(1, 2, rows);
    tape.forward();
    const Tensor mask = y.value();  // the tape and its memory end here
    return Tensor::of(mask.values(), mask.shape());
  };
  const Tensor three = mask_of({4, 9, 2}), one = mask_of({9});
  CHECK(three.slice(0, 1, 2).values() == one.values());
  CHECK(three.slice(0, 0, 1).values() != one.values());
}

TEST_CASE("dropout: gradients through fixed masks are those of central differences") {
  ParameterStore store(DType::f64);
  const std::vector<std::int64_t> widths{6, 5};
  const Mlp mlp(store, "net", "phi", 4, widths, HiddenKind{.gated = true, .dropout = 0.4});
  store.freeze(3);
  Recorded recorded(mlp, numbers({3, 4}, 2));
  recorded.draw(11);
  GradientSink sink(store);
  recorded.tape.backward(recorded.loss, all_groups, sink);
  for (std::uint32_t i = 0; i < store.entries().size(); ++i) {
    const Tensor gradient = sink.tensor(store, ParameterId{i}).contiguous();
    const Tensor at = store.tensor(ParameterId{i});
    for (std::int64_t k = 0; k < at.size(); ++k) {
      double& w = at.data_as<double>()[k];
      const double centre = w, h = 1e-6;
      const auto value = [&](double moved) {
        w = moved;
        recorded.tape.forward();
        return recorded.loss.item();
      };
      const double difference = (value(centre + h) - value(centre - h)) / (2 * h);
      w = centre;
      INFO(store.entries()[i].name << ", element " << k);
      CHECK(gradient.values()[std::size_t(k)] == Approx(difference).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("dropout: of a network that is linear in its units the mean over masks is evaluation") {
  ParameterStore store(DType::f64);
  const std::vector<std::int64_t> widths{8};
  const Mlp hidden(store, "net", "phi", 4, widths,
                   HiddenKind{.activation = Activation::softplus, .dropout = 0.3});
  const Sequential net{hidden, Linear(store, "net.output", "phi", 8, 2)};
  store.freeze(5);
  const Tensor x = numbers({3, 4}, 2);
  const std::vector<double> evaluated = apply(net, x).values();
  Recorded recorded(net, x);
  constexpr int steps = 4000;
  std::vector<double> sums(6), squares(6);
  for (int step = 0; step < steps; ++step) {
    recorded.draw(std::uint64_t(step));
    const std::vector<double> y = recorded.y.value().values();
    for (std::size_t i = 0; i < 6; ++i) {
      sums[i] += y[i];
      squares[i] += y[i] * y[i];
    }
  }
  for (std::size_t i = 0; i < 6; ++i) {
    const double mean = sums[i] / steps, variance = squares[i] / steps - mean * mean;
    CHECK(std::abs(mean - evaluated[i]) / std::sqrt(variance / steps) < 3);  // at most 2.1
  }
}
