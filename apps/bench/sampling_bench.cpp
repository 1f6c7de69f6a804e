#include "apps/bench/sampling_bench.hpp"

#include <cmath>

#include "autodiff/ops.hpp"
#include "models/distributions.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t sampled = 100000;

/// Logarithms of parameters from 0.1 to 100, in no order.
Tensor log_parameters(std::uint32_t which, const Shape& shape) {
  const Tensor t(shape);
  float* const values = t.data_as<float>();
  fill_uniform(values, {.stream = {which, StreamId::user}, .dimensions = std::size_t(t.size())});
  for (std::int64_t i = 0; i < t.size(); ++i) {
    values[i] = std::log(10.0F) * (3 * values[i] - 1);
  }
  return t;
}

}  // namespace

void bench_sampling(
    const std::function<void(const std::string& name, const std::function<void()>& work)>& time) {
  using Sample = std::function<Var(Var a, Var b, Var noise)>;
  const auto place = [](Var like) { return Tape::current().leaf(Tensor(like.shape())); };
  const std::pair<const char*, Sample> all[] = {
      {"gamma",
       [&](Var a, Var, Var u) {
         return Gamma{a, place(a)}.rsample(u);
       }},
      {"beta",
       [](Var a, Var b, Var u) {
         return Beta{a, b}.rsample(u);
       }},
      {"dirichlet", [](Var a, Var, Var u) { return Dirichlet{a}.rsample(u); }},
      {"von_mises",
       [&](Var a, Var, Var u) {
         return VonMises{place(a), a}.rsample(u);
       }},
      {"student", [&](Var a, Var, Var u) {
         return StudentT{place(a), place(a), a}.rsample(u);
       }}};
  for (const auto& [name, sample] : all) {
    const Shape shape{1, sampled / 10, 10};
    Tape tape({.mode = Tape::Mode::replay});
    Var noise, root;
    {
      const Recording recording(tape);
      noise = tape.leaf(shape, DType::f32);
      const Var a = tape.leaf(log_parameters(1, shape), true);
      root = sum(sample(a, tape.leaf(log_parameters(2, shape), true), noise));
    }
    std::uint64_t step = 0;
    time(std::string("sample ") + name, [&] {
      fill_noise(Noise::uniform, tape.data(noise), {.stream = {3, StreamId::user}, .step = step++});
      tape.forward();
    });
    time(std::string("sample ") + name + " backward", [&] { tape.backward(root); });
  }
}

}  // namespace nelbo
