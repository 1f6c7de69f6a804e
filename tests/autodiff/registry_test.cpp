// Every operator is held against its registry row: value, vjp, masks, accumulation, fused =
// composed, replay = fresh, edges, each ISA, no allocation. An operator that is declared without a
// row fails here.
#include "autodiff/registry/registry.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <regex>
#include <set>
#include <sstream>

#include "autodiff/instruction_set.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/threads.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

using Tensors = std::vector<Tensor>;

/// Inputs of a sample in f64, away from kinks. The same numbers, rounded, serve f32.
Tensors draw(const OperatorRow& row, const std::vector<Operand>& sample) {
  std::mt19937_64 random(20260101);
  Tensors inputs;
  for (std::size_t k = 0; k < sample.size(); ++k) {
    const Operand& operand = sample[k];
    if (operand.index || !operand.values.empty()) {
      inputs.push_back(
          Tensor::of(operand.values, operand.shape, operand.index ? DType::i32 : DType::f64));
      continue;
    }
    Tensor x(operand.shape, DType::f64);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      double u = double(random() >> 11) * 0x1p-53;
      double value = operand.low + u * (operand.high - operand.low);
      if (sample.size() >
          1) {  // two operands are never so near that a difference crosses min or max
        const double phase = double(k) / double(sample.size());
        value = (std::floor(32 * value) + 0.25 + 0.5 * phase) / 32;
      }
      for (double kink : row.kinks) {
        if (std::fabs(value - kink) < 0.05) value = kink + (value < kink ? -0.05 : 0.05);
      }
      x.data_as<double>()[i] = float(value);  // the same number in both types
    }
    inputs.push_back(x);
  }
  return inputs;
}

std::vector<Var> leaves(Tape& tape, const Tensors& inputs, DType dtype, unsigned wanted) {
  std::vector<Var> vars;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool index = inputs[i].dtype() == DType::i32;
    vars.push_back(tape.leaf(index ? inputs[i] : inputs[i].cast(dtype), (wanted >> i) & 1));
  }
  return vars;
}

/// Largest |a - b| / max(1, |b|); NaN against NaN and equal infinities count 0.
double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape().text() == b.shape().text());
  const std::vector<double> x = a.values(), y = b.values();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double d = std::fabs(x[i] - y[i]) / std::max(1.0, std::fabs(y[i]));
    worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(worst, d);
  }
  return worst;
}

Tensor cotangent_like(const Tensor& value, int salt) {
  std::mt19937_64 random(77 + salt);
  Tensor u(value.shape(), DType::f64);
  for (std::int64_t i = 0; i < u.size(); ++i) {
    u.data_as<double>()[i] = float(double(random() >> 11) * 0x1p-52 - 1);
  }
  return u;
}

/// Gradients of sum_o <cotangent_o, output_o> with respect to all wanted inputs.
Tensors gradients(const OperatorRow& row, const Tensors& inputs, DType dtype, unsigned wanted,
                  const std::function<std::vector<Var>(const std::vector<Var>&)>& apply) {
  Tape tape;
  Recording recording(tape);
  const std::vector<Var> x = leaves(tape, inputs, dtype, wanted);
  const std::vector<Var> y = apply(x);
  Tensors cotangents;
  for (std::size_t o = 0; o < y.size(); ++o) {
    cotangents.push_back(cotangent_like(y[o].value(), int(o)).cast(dtype));
  }
  std::vector<Root> roots;
  for (std::size_t o = 0; o < y.size(); ++o) roots.push_back({y[o], &cotangents[o]});
  tape.backward(roots, leaf_group, nullptr);
  Tensors out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (((wanted >> i) & 1) && inputs[i].dtype() != DType::i32) {
      out.push_back(tape.adjoint(x[i]).cast(DType::f64));
    } else {
      out.push_back(Tensor(inputs[i].shape(), DType::f64));
    }
  }
  (void)row;
  return out;
}

double projected(const OperatorRow& row, const Tensors& inputs) {
  const Tensors y = row.reference(inputs);
  double sum = 0;
  for (std::size_t o = 0; o < y.size(); ++o) {
    const std::vector<double> v = y[o].values(), u = cotangent_like(y[o], int(o)).values();
    for (std::size_t i = 0; i < v.size(); ++i) sum += u[i] * v[i];
  }
  return sum;
}

/// d(projected)/d(inputs[which][at]) by the four-point rule, error O(h^4).
double difference(const OperatorRow& row, const Tensors& inputs, std::size_t which,
                  std::int64_t at) {
  Tensors moved = inputs;
  moved[which] = Tensor(inputs[which].shape(), DType::f64);
  moved[which].copy_from(inputs[which]);
  double* x = moved[which].data_as<double>() + at;
  const double centre = *x, h = 1e-3 * std::max(1.0, std::fabs(centre));
  const auto value = [&](double delta) {
    *x = centre + delta;
    return projected(row, moved);
  };
  return (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
}

unsigned all_wanted(const Tensors& inputs) { return (1u << inputs.size()) - 1; }

template <class F>
void for_each_sample(F&& check) {
  for (const OperatorRow& row : operator_registry()) {
    for (std::size_t s = 0; s < row.samples.size(); ++s) {
      INFO(row.name << " (" << row.variant << "), sample " << s);
      check(row, draw(row, row.samples[s]));
    }
  }
}

std::vector<Var> apply(const OperatorRow& row, Tape& tape, const Tensors& inputs, DType dtype) {
  return row.apply(leaves(tape, inputs, dtype, all_wanted(inputs)));
}

}  // namespace

TEST_CASE("registry: values agree with the double reference on every ISA", "[registry][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    INFO(isa);
    for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
      const Tensors expected = row.reference(inputs);
      for (DType dtype : {DType::f32, DType::f64}) {
        INFO(name_of(dtype));
        Tape tape;
        Recording recording(tape);
        const std::vector<Var> y = apply(row, tape, inputs, dtype);
        REQUIRE(y.size() == expected.size());
        for (std::size_t o = 0; o < y.size(); ++o) {
          INFO("output " << o);
          CHECK(distance(y[o].value().cast(DType::f64), expected[o]) <=
                (dtype == DType::f32 ? row.tolerance_f32 : row.tolerance_f64));
        }
      }
    });
  }
  select_isa(supported_isas().back());
}

TEST_CASE("registry: vjp in double agrees with finite differences of the reference", "[registry]") {
  for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
    if (!row.differentiable) return;
    const Tensors g = gradients(row, inputs, DType::f64, all_wanted(inputs), row.apply);
    std::int64_t total = 0;
    for (const Tensor& input : inputs) total += input.size();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].dtype() == DType::i32) continue;
      // A difference costs four evaluations of the reference: few where that is large.
      const std::int64_t n = inputs[i].size(), places = total <= 2000 ? 40 : 3;
      const std::int64_t step = std::max<std::int64_t>(1, n / places);
      for (std::int64_t at = 0; at < n; at += step) {
        const double expected = difference(row, inputs, i, at);
        const double actual = g[i].data_as<double>()[at];
        INFO("input " << i << ", element " << at << ": " << actual << " against " << expected);
        CHECK(std::fabs(actual - expected) <= 2e-8 * std::max(1.0, std::fabs(expected)));
      }
    }
  });
}

TEST_CASE("registry: vjp in float agrees with vjp in double on every ISA", "[registry][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    INFO(isa);
    for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
      if (!row.differentiable) return;
      const Tensors f32 = gradients(row, inputs, DType::f32, all_wanted(inputs), row.apply);
      const Tensors f64 = gradients(row, inputs, DType::f64, all_wanted(inputs), row.apply);
      for (std::size_t i = 0; i < f32.size(); ++i) {
        INFO("input " << i);
        CHECK(distance(f32[i], f64[i]) <= 20 * std::max(row.tolerance_f32, 1e-6));
      }
    });
  }
  select_isa(supported_isas().back());
}

TEST_CASE("registry: every subset of wanted inputs gives the same partial result", "[registry]") {
  for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
    if (!row.differentiable) return;
    const Tensors all = gradients(row, inputs, DType::f64, all_wanted(inputs), row.apply);
    for (unsigned wanted = 1; wanted < std::min(all_wanted(inputs), 16u); ++wanted) {
      const Tensors some = gradients(row, inputs, DType::f64, wanted, row.apply);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if ((wanted >> i) & 1) {
          INFO("wanted " << wanted << ", input " << i);
          CHECK(distance(some[i], all[i]) <= 1e-13);
        }
      }
    }
  });
}

TEST_CASE("registry: adjoints accumulate over uses", "[registry]") {
  for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
    if (!row.differentiable) return;
    const Tensors once = gradients(row, inputs, DType::f64, all_wanted(inputs), row.apply);
    // Both uses have the same cotangents only if the outputs are doubled, not repeated.
    const auto twice = [&](const std::vector<Var>& x) {
      std::vector<Var> a = row.apply(x), b = row.apply(x), sum;
      for (std::size_t o = 0; o < a.size(); ++o) sum.push_back(a[o] + b[o]);
      return sum;
    };
    const Tensors two = gradients(row, inputs, DType::f64, all_wanted(inputs), twice);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Tensor doubled = once[i].cast(DType::f64);
      for (std::int64_t k = 0; k < doubled.size(); ++k) doubled.data_as<double>()[k] *= 2;
      INFO("input " << i);
      CHECK(distance(two[i], doubled) <= 1e-12);
    }
  });
}

TEST_CASE("registry: fused operators agree with their composed definition", "[registry]") {
  for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
    if (!row.composed) return;
    Tape tape;
    Recording recording(tape);
    const std::vector<Var> x = leaves(tape, inputs, DType::f64, all_wanted(inputs));
    const std::vector<Var> fused = row.apply(x), composed = row.composed(x);
    REQUIRE(fused.size() == composed.size());
    for (std::size_t o = 0; o < fused.size(); ++o) {
      CHECK(distance(fused[o].value(), composed[o].value().contiguous()) <= 1e-12);
    }
    if (!row.differentiable) return;
    const Tensors a = gradients(row, inputs, DType::f64, all_wanted(inputs), row.apply);
    const Tensors b = gradients(row, inputs, DType::f64, all_wanted(inputs), row.composed);
    for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(distance(a[i], b[i]) <= 1e-11);
  });
}

TEST_CASE("registry: a replayed tape gives a fresh recording's bits, without allocation",
          "[registry]") {
  for_each_sample([](const OperatorRow& row, const Tensors& inputs) {
    Tape fresh;
    Tensors expected;
    {
      Recording recording(fresh);
      for (const Var& y : apply(row, fresh, inputs, DType::f32)) expected.push_back(y.value());
    }
    for (bool with_gradients : {true, false}) {
      Tape tape({.mode = Tape::Mode::replay, .gradients = with_gradients});
      std::vector<Var> x, y;
      {
        Recording recording(tape);
        x = leaves(tape, inputs, DType::f32, all_wanted(inputs));
        y = row.apply(x);
        for (const Var& output : y) tape.keep(output);
      }
      // The first pass sees other data where that is allowed: nothing of it may survive.
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (inputs[i].dtype() != DType::i32) {
          for (std::int64_t k = 0; k < inputs[i].size(); ++k)
            tape.data(x[i]).data_as<float>()[k] = 0.5f;
        }
      }
      tape.forward();
      std::vector<Root> roots;
      Tensors ones;
      for (const Var& output : y) ones.push_back(Tensor::full(output.shape(), 1));
      for (std::size_t o = 0; o < y.size(); ++o) roots.push_back({y[o], &ones[o]});
      if (with_gradients && row.differentiable) tape.backward(roots, leaf_group, nullptr);
      for (std::size_t i = 0; i < x.size(); ++i)
        tape.data(x[i]).copy_from(inputs[i].cast(x[i].dtype()));
      tape.forward();
      if (with_gradients && row.differentiable) tape.backward(roots, leaf_group, nullptr);
      SerialScope one_thread;  // another thread's first chunk may have to grow its workspace
      const std::size_t before = tests::allocations();
      tape.forward();
      if (with_gradients && row.differentiable) tape.backward(roots, leaf_group, nullptr);
      CHECK(tests::allocations() == before);
      for (std::size_t o = 0; o < y.size(); ++o) {
        INFO("gradients " << with_gradients << ", output " << o);
        CHECK(y[o].value().values() == expected[o].values());
      }
    }
  });
}

TEST_CASE("registry: edges", "[registry][isa]") {
  for (const std::string& isa : supported_isas()) {
    select_isa(isa);
    for (const OperatorRow& row : operator_registry()) {
      for (const Edge& edge : row.edges) {
        for (DType dtype : {DType::f32, DType::f64}) {
          Tape tape;
          Recording recording(tape);
          const Var y = apply(row, tape, edge.inputs, dtype)[0];
          INFO(isa << ": " << row.name << " " << row.variant << " " << name_of(dtype));
          const Tensor expected = Tensor::of(edge.value, y.shape(), DType::f64);
          const double tolerance =
              std::max(dtype == DType::f32 ? row.tolerance_f32 : row.tolerance_f64, 0.0);
          CHECK(distance(y.value().cast(DType::f64), expected) <= tolerance);
        }
      }
    }
  }
  select_isa(supported_isas().back());
}

TEST_CASE("registry: every declared operator has a row", "[registry]") {
  std::set<std::string> with_row;
  for (const OperatorRow& row : operator_registry()) with_row.insert(row.name);
  std::size_t declared = 0;
  const auto demand = [&](const std::string& file, const std::string& pattern) {
    std::ifstream in(std::string(NELBO_SOURCE_DIR) + "/autodiff/" + file);
    REQUIRE(in);
    std::stringstream text;
    text << in.rdbuf();
    const std::string source = text.str();
    const std::regex declaration(pattern);
    for (std::sregex_iterator m(source.begin(), source.end(), declaration), end; m != end; ++m) {
      INFO((*m)[1].str() << " is declared in " << file << " and has no registry row");
      CHECK(with_row.count((*m)[1].str()) == 1);
      ++declared;
    }
  };
  for (const char* file :
       {"shape_ops.hpp", "linear_ops.hpp", "reduce_ops.hpp", "density_ops.hpp", "linalg_ops.hpp",
        "convolution_ops.hpp", "elementwise_ops.hpp", "pairwise_ops.hpp", "special_ops.hpp"}) {
    demand(std::string("ops/") + file,
           R"((?:^|\n)(?:Var|std::array<Var, \d+>|NormalSample|PairwiseLogProb) (\w+)\()");
  }
  demand("elementwise.def", R"((?:^|\n)NELBO_\w+\((\w+))");
  CHECK(declared > 70);
}
