#include "autodiff/tape.hpp"

#include <cmath>
#include <memory>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::equals;

namespace {

Initializer constant_values(double value) {
  return [value](const Tensor& p, std::uint64_t, std::uint32_t) {
    p.copy_from(Tensor::full(p.shape(), value, p.dtype()));
  };
}

std::vector<double> list(const Tensor& t) { return t.values(); }

/// The number that a node's saved struct points at, read anew by every forward().
struct Pointer {
  const double* number;
};
const Op pointed_op{
    .name = "pointed",
    .forward = [](const Frame& f) { *f.out<double>() = *f.saved<Pointer>().number; },
};

}  // namespace

TEST_CASE("tape: gradient of a small expression") {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(Tensor::of({1, 2, 3}, {3}, DType::f64), true);
  const Var y = sum(x * x * x);
  CHECK(y.item() == 36);
  tape.backward(y);
  CHECK(list(tape.adjoint(x)) == std::vector<double>{3, 12, 27});
}

TEST_CASE("tape: a fan-out adds, a slice leaves the rest zero") {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(Tensor::of({1, 2, 3, 4, 5, 6}, {2, 3}, DType::f64), true);
  const Var column = slice(x, 1, 1, 2);
  tape.backward(sum(column * 10.0));
  CHECK(list(tape.adjoint(x)) == std::vector<double>{0, 10, 0, 0, 10, 0});
  tape.backward(sum(x) + sum(slice(x, 0, 1, 2)));
  CHECK(list(tape.adjoint(x)) == std::vector<double>{1, 1, 1, 2, 2, 2});
}

TEST_CASE("tape: an operator takes as many operands as are stacked") {
  Tape tape;
  const Recording recording(tape);
  std::vector<Var> parts;
  for (int k = 0; k < 4096; ++k) parts.push_back(tape.leaf(Tensor::of({double(k)}, {1}), true));
  const Var all = concatenate(parts, 0);
  CHECK(all.shape() == Shape{4096});
  tape.backward(sum(all * all));
  for (const int k : {0, 63, 64, 65, 4095}) {
    CHECK(all.value().at({k}) == k);
    CHECK(tape.adjoint(parts[std::size_t(k)]).at({0}) == 2 * k);
  }
  const std::vector<Var> too_many(65536, parts[0]);
  CHECK_THROWS_WITH(concatenate(too_many, 0), contains("more than 65535 operands"));
}

TEST_CASE("tape: stop blocks the gradient at no cost") {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(Tensor::of({3}, {1}, DType::f64), true);
  const std::size_t before = tape.nodes();
  const Var frozen = stop(x);
  CHECK(tape.nodes() == before);
  tape.backward(sum(frozen * x));
  CHECK(list(tape.adjoint(x)) == std::vector<double>{3});
}

TEST_CASE("tape: only lets through the backward passes of the groups named") {
  ParameterStore store(DType::f64);
  const ParameterId a = store.add("a", "phi", {2}, constant_values(3));
  const ParameterId b = store.add("b", "theta", {2}, constant_values(5));
  store.freeze(0);
  Tape tape;
  Recording recording(tape);
  const Var product = tape.parameter(store, a) * tape.parameter(store, b);
  const Groups phi = store.groups({"phi"});
  GradientSink sink(store);
  tape.backward(sum(only(product, phi)), all_groups, sink);
  CHECK(list(sink.tensor(store, a)) == std::vector<double>{5, 5});
  CHECK(list(sink.tensor(store, b)) == std::vector<double>{3, 3});
  tape.backward(sum(only(product, ~phi)), phi, sink);
  CHECK(list(sink.tensor(store, a)) == std::vector<double>{0, 0});
}

TEST_CASE("tape: gate scales cotangents by coefficients set after the forward pass") {
  Tape tape({.mode = Tape::Mode::replay});
  Var z, weight, loss;
  {
    Recording recording(tape);
    z = tape.leaf(Tensor::of({1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 2}, DType::f64), true);
    weight = tape.leaf(Shape{2, 2}, DType::f64);
    loss = sum(square(gate(z, weight)));
  }
  tape.forward();
  CHECK(loss.item() == 204);
  tape.data(weight).copy_from(Tensor::of({1, 0, 0.5, -1}, {2, 2}, DType::f64));
  tape.backward(loss);
  CHECK(list(tape.adjoint(z)) == std::vector<double>{2, 4, 0, 0, 5, 6, -14, -16});
  tape.data(weight).copy_from(Tensor::full({2, 2}, 1, DType::f64));
  tape.backward(loss);  // again, after one forward
  CHECK(list(tape.adjoint(z)) == std::vector<double>{2, 4, 6, 8, 10, 12, 14, 16});
}

TEST_CASE("tape: straight_through has the value of hard and hands its cotangent to soft") {
  Tape tape;
  Recording recording(tape);
  const Var hard = tape.leaf(Tensor::of({1, 0, 1}, {3}, DType::f64), true);
  const Var soft = tape.leaf(Tensor::of({0.9, 0.4, 0.6}, {3}, DType::f64), true);
  const Var z = straight_through(hard, soft);
  CHECK(list(z.value()) == std::vector<double>{1, 0, 1});
  tape.backward(sum(square(z) + 3.0 * z + square(soft)));  // 2 hard + 3, and soft's own 2 soft
  CHECK(list(tape.adjoint(hard)) == std::vector<double>{0, 0, 0});
  const std::vector<double> expected{5 + 1.8, 3 + 0.8, 5 + 1.2};
  for (int i = 0; i < 3; ++i) CHECK(tape.adjoint(soft).at({i}) == Approx(expected[i]));
  const Var wide = tape.leaf({2, 3}, DType::f64);
  CHECK_THROWS_WITH(straight_through(wide, soft), contains("[2, 3]") && contains("[3]"));
}

TEST_CASE("tape: groups choose what a backward pass reaches, sinks where it goes") {
  ParameterStore store(DType::f64);
  const ParameterId a = store.add("decoder.a", "theta", {2}, constant_values(2));
  const ParameterId b = store.add("encoder.b", "phi", {2}, constant_values(3));
  const ParameterId unused = store.add("encoder.c", "phi", {1}, constant_values(1));
  store.freeze(0);
  CHECK(store.range("theta").offset + store.range("theta").length == store.range("phi").offset);
  CHECK(store.count() == 5);

  Tape tape;
  Recording recording(tape);
  const Var x = tape.parameter(store, a), y = tape.parameter(store, b);
  const Var product = x * y;
  const Var first = sum(product), second = sum(square(y));
  GradientSink sink(store);
  sink.buffer().copy_from(Tensor::full(sink.buffer().shape(), -7, DType::f64));

  tape.backward(first, store.groups({"theta"}), sink);
  CHECK(list(sink.tensor(store, a)) == std::vector<double>{3, 3});
  CHECK(list(sink.tensor(store, b)) == std::vector<double>{-7, -7});  // not asked for: untouched

  tape.backward(first, store.groups({"theta", "phi"}), sink);
  CHECK(list(sink.tensor(store, b)) == std::vector<double>{2, 2});
  CHECK(list(sink.tensor(store, unused)) == std::vector<double>{0});

  const Tensor ten = Tensor::full({}, 10, DType::f64);
  const Root roots[] = {{first}, {second, &ten}};  // several roots in one pass
  GradientSink other(store);
  tape.backward(roots, all_groups, &other);
  CHECK(list(other.tensor(store, a)) == std::vector<double>{3, 3});
  CHECK(list(other.tensor(store, b)) == std::vector<double>{62, 62});
  other.add(sink);
  CHECK(list(other.tensor(store, b)) == std::vector<double>{64, 64});
  CHECK(list(store.tensor("encoder.b")) == std::vector<double>{3, 3});

  // Each parameter's gradient becomes one of norm 1: [3, 3] / sqrt(18), [64, 64] / sqrt(8192); 0
  // stays.
  other.normalise(store);
  for (const double g : list(other.tensor(store, a))) CHECK(g == Approx(std::sqrt(0.5)));
  for (const double g : list(other.tensor(store, b))) CHECK(g == Approx(std::sqrt(0.5)));
  CHECK(list(other.tensor(store, unused)) == std::vector<double>{0});
}

TEST_CASE("tape: replay follows new data, indices and parameters") {
  ParameterStore store(DType::f64);
  const ParameterId table = store.add("table", "theta", {3, 2}, [](const Tensor& p, auto, auto) {
    p.copy_from(Tensor::of({1, 2, 3, 4, 5, 6}, {3, 2}, DType::f64));
  });
  store.freeze(0);
  Tape tape({.mode = Tape::Mode::replay});
  Var index, scale, loss;
  {
    Recording recording(tape);
    index = tape.leaf(Shape{2}, DType::i32);
    scale = tape.leaf(Shape{}, DType::f64);
    loss = sum(gather_rows(tape.parameter(store, table), index)) * scale;
  }
  GradientSink sink(store);
  const auto run = [&](int i, int j, double s) {
    tape.data(index).copy_from(Tensor::of({double(i), double(j)}, {2}, DType::i32));
    tape.data(scale).set({}, s);
    tape.forward();
    tape.backward(loss, all_groups, sink);
    return loss.item();
  };
  CHECK(run(0, 2, 2) == 28);
  CHECK(list(sink.tensor(store, table)) == std::vector<double>{2, 2, 0, 0, 2, 2});
  CHECK(run(1, 1, 1) == 14);
  CHECK(list(sink.tensor(store, table)) == std::vector<double>{0, 0, 2, 2, 0, 0});
  store.tensor(table).set({1, 0}, 103);
  CHECK(run(1, 1, 1) == 214);
  CHECK_THROWS_WITH(run(1, 3, 1),
                    equals("gather_rows: index 3 is outside a table of shape [3, 2]"));
}

TEST_CASE("tape: without gradients buffers are reused, kept values stay") {
  const auto build = [](Tape& tape, Var& x, Var& middle, Var& last) {
    Recording recording(tape);
    x = tape.leaf(Shape{64, 1024});
    Var y = x;
    for (int i = 0; i < 40; ++i) {
      y = y + 1.0;
      if (i == 19) middle = y;
    }
    last = y;
  };
  Tape with, without({.mode = Tape::Mode::replay, .gradients = false});
  Var x, middle, last;
  build(without, x, middle, last);
  without.keep(middle);
  without.keep(last);
  without.data(x).copy_from(Tensor::full({64, 1024}, 0.5));
  without.forward();
  CHECK(middle.value().at({3, 4}) == 20.5);
  CHECK(last.value().at({63, 1023}) == 40.5);
  CHECK(without.bytes() < 8 * 64 * 1024 * 4);  // of 41 such values
  Var hidden;
  Tape third({.mode = Tape::Mode::replay, .gradients = false});
  build(third, x, hidden, last);
  third.forward();
  CHECK_THROWS_AS(hidden.value(), Error);
  CHECK_THROWS_AS(third.backward(last), Error);
}

TEST_CASE("tape: what its nodes point at lives as long as the recording") {
  std::weak_ptr<double> alive;
  const auto record_pointed = [&](Tape& tape, double number) {
    const auto object = std::make_shared<double>(number);
    alive = object;
    Recording recording(tape);
    Recorder recorder(tape);
    recorder.own(object);
    const Spec spec{Shape{}, DType::f64};
    const Pointer saved{object.get()};
    return recorder.record(pointed_op, {}, {&spec, 1}, &saved, sizeof(saved));
  };
  {
    Tape tape({.mode = Tape::Mode::replay});
    const Var first = record_pointed(tape, 3);
    for (int pass = 0; pass < 2; ++pass) {
      tape.forward();
      CHECK(first.item() == 3);
    }
    const std::weak_ptr<double> before = alive;
    CHECK_THROWS_WITH(Recorder(tape).own(before.lock()), contains("cannot be extended"));
    CHECK_FALSE(before.expired());
    tape.reset();
    CHECK(before.expired());
    const Var second = record_pointed(tape, 4);
    tape.forward();
    CHECK(second.item() == 4);
    CHECK_FALSE(alive.expired());
  }
  CHECK(alive.expired());
}

TEST_CASE("tape: wrong use is refused") {
  Tape tape;
  Var stale;
  {
    Recording recording(tape);
    stale = tape.leaf(Tensor::of({1}, {1}));
  }
  tape.reset();
  CHECK_THROWS_WITH(stale.value(), contains("after its tape was reset"));
  Recording recording(tape);
  CHECK_THROWS_AS(stale + stale, Error);
  const Var a = tape.leaf(Shape{2, 3}), b = tape.leaf(Shape{4});
  CHECK_THROWS_WITH(a + b, contains("add") && contains("[2, 3]") && contains("[4]"));
  CHECK_THROWS_WITH(a + tape.leaf(Shape{2, 3}, DType::f64), contains("f64"));
  CHECK_THROWS_AS(Var().value(), Error);

  Tape replay({.mode = Tape::Mode::replay});
  Recording inner(replay);
  const Var x = replay.leaf(Shape{2, 3}, DType::f32, true);
  const Var y = exp(x);
  CHECK_THROWS_WITH(y.value(), contains("recorded for replay"));
  CHECK_THROWS_AS(replay.backward(sum(y)), Error);
  CHECK_THROWS_WITH(a + x, contains("another tape"));
  replay.forward();
  CHECK(y.value().at({0, 0}) == 1);
  CHECK_THROWS_WITH(exp(y), contains("cannot be extended"));
  const Tensor wrong(Shape{3});
  const Root root{y, &wrong};
  CHECK_THROWS_AS(replay.backward({&root, 1}, leaf_group, nullptr), Error);
}

TEST_CASE("tape: outside a Recording nothing is recorded") {
  Tape tape;
  const Var x = tape.leaf(Shape{2});
  CHECK_THROWS_WITH(exp(x), contains("Recording"));
}

TEST_CASE("tape: names the first operator that produced a number that is not finite") {
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(Tensor::of({0, 1}, {2}));
  const Var y = exp(x), z = log(x), w = z * y;
  CHECK(std::isinf(w.value().at({0})));
  CHECK(tape.first_non_finite() == "log");
}

TEST_CASE("tape: what is severed from parameters refuses their backward passes, and no others") {
  ParameterStore store;
  const ParameterId phi = store.add("p", "phi", {2}, constant_values(0)),
                    theta = store.add("t", "theta", {2}, constant_values(0));
  store.freeze(1);
  const Groups of_phi = store.groups({"phi"}), of_theta = store.groups({"theta"});
  const auto step =
      Op{.name = "step",
         .forward = [](const Frame& frame) { frame.out<float>()[0] = frame.in<float>(0)[0]; },
         .vjp = nullptr};
  Tape tape;
  const Recording recording(tape);
  GradientSink sink(store);
  const Var p = tape.parameter(store, phi), t = tape.parameter(store, theta);
  const Var sample = stop(exp(p)), marked = tape.severed(sample, of_phi, "it was drawn");
  CHECK_FALSE(tape.differentiable(marked));
  const Var loss = sum(t * marked) + sum(p);
  CHECK(tape.differentiable(loss));
  CHECK(tape.severed(loss, of_theta).empty());
  CHECK(tape.severed(loss, of_phi) == "it was drawn");
  CHECK_THROWS_WITH(tape.backward(loss, of_phi, sink), contains("it was drawn"));
  CHECK_THROWS_WITH(tape.backward(loss, all_groups, sink), contains("it was drawn"));
  CHECK_THROWS_WITH(tape.backward(Recorder(tape).record(step, std::array{marked},
                                                        std::array{Spec{{2}, DType::f32}}),
                                  of_phi, sink),
                    contains("it was drawn"));
  tape.backward(loss, of_theta, sink);
  CHECK(sink.tensor(store, theta).values() == std::vector<double>{1, 1});
  tape.backward(sum(t * stop(marked)) + sum(only(marked, of_theta)), all_groups, sink);
  tape.backward(sum(t * sample), all_groups, sink);
  CHECK(sink.tensor(store, phi).values() == std::vector<double>{0, 0});

  Tape valued({.mode = Tape::Mode::replay, .gradients = false});
  const Recording inner(valued);
  const Var of_value = valued.severed(valued.leaf(Shape{2}), of_phi, "it was drawn");
  CHECK(valued.severed(of_value, of_phi).empty());
}
