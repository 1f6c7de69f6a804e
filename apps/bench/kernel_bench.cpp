#include "apps/bench/kernel_bench.hpp"

#include <algorithm>
#include <functional>

#include "apps/bench/median_time.hpp"
#include "apps/bench/sampling_bench.hpp"
#include "autodiff/convolution.hpp"
#include "autodiff/gemm.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/peak.hpp"
#include "autodiff/random.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

Tensor uniform(const Shape& shape, double low, double high) {
  Tensor t(shape);
  fill_uniform(t.data_as<float>(),
               {.stream = {1, StreamId::user}, .dimensions = std::size_t(t.size())});
  for (std::int64_t i = 0; i < t.size(); ++i) {
    t.data_as<float>()[i] = float(low + (high - low) * t.data_as<float>()[i]);
  }
  return t;
}

class Bench {
 public:
  explicit Bench(double seconds) : seconds_(seconds) { measure_limits(); }

  /// `flop` and `bytes` of one call of f; the larger share of the two limits is what binds.
  void time(const std::string& name, double flop, double bytes, const std::function<void()>& f) {
    const double s = median_time(seconds_, 2, f);
    rows_.push_back({name, 1e6 * s, flop * 1e-9 / s, bytes * 1e-9 / s, false, 0});
  }

  KernelReport report() {
    measure_limits();
    for (KernelTime& row : rows_) {
      const double compute = row.gflops / peak_, memory = row.gb_per_s / bandwidth_;
      row.bound_by_memory = memory > compute;
      row.share = std::max(compute, memory);
    }
    return {peak_, bandwidth_, std::move(rows_)};
  }

 private:
  // The clock drifts on a machine that others use too: the best of before and after counts.
  void measure_limits() {
    peak_ = std::max(peak_, measure_fma_peak(num_threads()));
    bandwidth_ = std::max(bandwidth_, measure_bandwidth(num_threads()));
  }

  double seconds_;
  double peak_ = 0, bandwidth_ = 0;
  std::vector<KernelTime> rows_;
};

/// Y = X W, dW = X' dY and dX = dY W' of a dense layer on `batch` rows.
void bench_products(Bench& bench, std::int64_t batch, std::int64_t in, std::int64_t out) {
  const Tensor x = uniform({batch, in}, -1, 1), w = uniform({in, out}, -1, 1), y({batch, out});
  const Tensor dx({batch, in}), dw({in, out});
  const float *px = x.data_as<float>(), *pw = w.data_as<float>();
  float* py = y.data_as<float>();
  const double flop = 2.0 * batch * in * out;
  const double bytes = 4.0 * (batch * in + in * out + batch * out);
  const auto name = [&](std::int64_t m, std::int64_t n, std::int64_t k, const char* what) {
    return "gemm " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + what;
  };
  bench.time(name(batch, out, in, " forward"), flop, bytes,
             [&] { gemm<float>(batch, out, in, row_major(px, in), row_major(pw, out), py, out); });
  bench.time(name(in, out, batch, " weight"), flop, bytes, [&] {
    gemm<float>(in, out, batch, transposed(px, in), row_major<float>(py, out), dw.data_as<float>(),
                out);
  });
  bench.time(name(batch, in, out, " input"), flop, bytes, [&] {
    gemm<float>(batch, in, out, row_major<float>(py, out), transposed(pw, out), dx.data_as<float>(),
                in);
  });
}

void bench_convolution(Bench& bench, const ConvolutionShape& s) {
  const Tensor image = uniform({s.batch * s.height * s.width * s.channels}, -1, 1);
  const Tensor features = uniform({s.rows() * s.features}, -1, 1);
  const Tensor weights = uniform({s.patch() * s.features}, -1, 1);
  const Tensor gradient(weights.shape());
  const double flop = 2.0 * s.rows() * s.patch() * s.features;
  const double bytes = 4.0 * (image.size() + features.size() + weights.size());
  const std::string name = "conv " + std::to_string(s.height) + "x" + std::to_string(s.width) +
                           " " + std::to_string(s.channels) + "-" + std::to_string(s.features);
  bench.time(name + " forward", flop, bytes, [&] {
    correlate<float>(s, image.data_as<float>(), weights.data_as<float>(), nullptr,
                     Activation::identity, features.data_as<float>());
  });
  bench.time(name + " weight", flop, bytes, [&] {
    correlate_weight_gradient<float>(s, image.data_as<float>(), features.data_as<float>(),
                                     gradient.data_as<float>(), false);
  });
  bench.time(name + " input", flop, bytes, [&] {
    spread<float>(s, features.data_as<float>(), weights.data_as<float>(), nullptr,
                  Activation::identity, image.data_as<float>());
  });
}

/// An operator on the tape: forward alone, then backward alone, by replay. `forward` and `backward`
/// are how often the input's bytes cross the memory bus.
void bench_operator(Bench& bench, const std::string& name, const Tensor& input, int forward,
                    int backward, const std::function<Var(Tape&, Var)>& apply) {
  Tape tape({.mode = Tape::Mode::replay});
  Var output;
  {
    Recording recording(tape);
    output = apply(tape, tape.leaf(input, true));
  }
  const double bytes = 4.0 * input.size();
  bench.time(name, 0, forward * bytes, [&] { tape.forward(); });
  bench.time(name + " backward", 0, backward * bytes, [&] { tape.backward(output); });
}

}  // namespace

KernelReport bench_all_kernels(double seconds) {
  Bench bench(seconds);
  bench_products(bench, 64, 64, 64);
  bench_products(bench, 128, 784, 500);
  bench_products(bench, 128, 500, 40);
  bench_products(bench, 128, 20, 500);
  bench_products(bench, 1000, 50, 200);
  bench_products(bench, 1000, 200, 200);
  bench_products(bench, 1000, 200, 784);
  bench_products(bench, 1024, 4096, 1200);
  bench_products(bench, 1024, 1200, 1200);
  bench_products(bench, 1024, 10, 1200);
  bench_convolution(bench, {64, 64, 64, 1, 32, 32, 32, 4, 4, 2, 1});
  bench_convolution(bench, {64, 32, 32, 32, 16, 16, 32, 4, 4, 2, 1});
  bench_convolution(bench, {64, 16, 16, 32, 8, 8, 64, 4, 4, 2, 1});
  bench_convolution(bench, {64, 8, 8, 64, 4, 4, 64, 4, 4, 2, 1});

  const Tensor x = uniform({16000, 784}, -4, 4);  // 48 MiB: beyond most caches
  const Tensor data = uniform({320, 784}, 0, 1);
  for (const auto& [name, f] : {std::pair{"exp", static_cast<Var (*)(Var)>(exp)},
                                {"log1p", log1p},
                                {"tanh", tanh},
                                {"sigmoid", sigmoid},
                                {"softplus", softplus},
                                {"gelu", gelu},
                                {"lgamma", lgamma}}) {
    // Backward writes the root's cotangent, reads it and a value, and writes the adjoint.
    bench_operator(bench, name, x, 2, 4, [f](Tape&, Var v) { return f(v); });
  }
  bench_operator(bench, "add a row", x, 2, 3,
                 [](Tape& t, Var v) { return v + t.leaf(Tensor::full({784}, 1), true); });
  bench_operator(bench, "sum over the last axis", x, 1, 1, [](Tape&, Var v) { return sum(v, -1); });
  bench_operator(bench, "logsumexp over the last axis", x, 1, 2,
                 [](Tape&, Var v) { return logsumexp(v, -1); });
  bench_operator(bench, "softmax", x, 2, 4, [](Tape&, Var v) { return softmax(v); });
  bench_operator(bench, "bernoulli_log_prob [50, 320, 784]", x, 1, 2, [&](Tape& t, Var v) {
    return bernoulli_log_prob(reshape(v, {50, 320, 784}), t.leaf(data));
  });

  constexpr std::size_t n = std::size_t(8) << 20;
  const Tensor parameters = uniform({n}, -1, 1), gradients = uniform({n}, -1, 1);
  Optimizer adam({}, {{0, n}});
  bench.time("adam 8 Mi parameters", 0, 4.0 * 7 * n,
             [&] { adam.step(parameters.data(), gradients.data(), 1e-3); });
  const Tensor noise({n});
  const RandomBlock block{.stream = {0, StreamId::user}, .dimensions = n};
  bench.time("philox normal 8 Mi", 0, 4.0 * n, [&] { fill_normal(noise.data_as<float>(), block); });
  bench.time("philox uniform 8 Mi", 0, 4.0 * n,
             [&] { fill_uniform(noise.data_as<float>(), block); });
  bench_sampling([&](const std::string& name, const std::function<void()>& work) {
    bench.time(name, 0, 0, work);
  });
  return bench.report();
}

}  // namespace nelbo
