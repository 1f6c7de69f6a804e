// Registry rows of the reductions: references in double over the numbers of each output, in order.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

using Numbers = std::vector<double>;
using Vars = std::vector<Var>;
using Tensors = std::vector<Tensor>;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Linear index of every number's output, when the axes of `mask` are reduced.
std::vector<std::int64_t> output_of(const Shape& shape, unsigned mask) {
  std::vector<std::int64_t> output;
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    std::int64_t rest = i, at = 0, step = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (!((mask >> axis) & 1)) {
        at += rest % shape[axis] * step;
        step *= shape[axis];
      }
      rest /= shape[axis];
    }
    output.push_back(at);
  }
  return output;
}

Shape output_shape(const Shape& shape, unsigned mask, Keep keep) {
  Shape out;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!((mask >> axis) & 1)) out.push_back(shape[axis]);
    if (((mask >> axis) & 1) && keep == Keep::yes) out.push_back(1);
  }
  return out;
}

std::vector<Numbers> groups(const Tensor& x, unsigned mask) {
  std::vector<Numbers> numbers(output_shape(x.shape(), mask, Keep::no).size());
  const std::vector<std::int64_t> output = output_of(x.shape(), mask);
  for (std::size_t i = 0; i < output.size(); ++i) {
    numbers[output[i]].push_back(x.data_as<double>()[i]);
  }
  return numbers;
}

double log_sum_exp(const Numbers& x) {
  const double m = x.empty() ? -inf : *std::max_element(x.begin(), x.end());
  if (std::isinf(m)) return m;
  double total = 0;
  for (double v : x) total += std::exp(v - m);
  return m + std::log(total);
}

double mean_of(const Numbers& x) {
  double total = 0;
  for (double v : x) total += v;
  return total / double(x.size());
}

double variance_of(const Numbers& x, double less) {
  double total = 0;
  for (double v : x) total += (v - mean_of(x)) * (v - mean_of(x));
  return total / (double(x.size()) - less);
}

struct Case {
  Shape shape;
  Axes axes;
  Keep keep;
  const char* text;
};

/// One run, columns, middle axes, axes that are not adjacent.
const std::vector<Case>& cases() {
  static const std::vector<Case> all{{{}, {}, Keep::no, "of a number"},
                                     {{67}, {}, Keep::no, "all of a vector"},
                                     {{5, 7}, {}, Keep::yes, "all, kept"},
                                     {{5, 33}, -1, Keep::no, "last axis"},
                                     {{5, 33}, 0, Keep::yes, "first axis, kept"},
                                     {{4, 5, 19}, 1, Keep::no, "middle axis"},
                                     {{3, 4, 5, 2}, {0, 2}, Keep::no, "axes 0 and 2"},
                                     {{3, 1, 5, 2}, {-1, 0}, Keep::yes, "outer axes, kept"},
                                     {{1, 1}, 0, Keep::no, "length 1"},
                                     {{3, 0}, 0, Keep::no, "empty result"},
                                     {{600}, {}, Keep::no, "a longer run"},
                                     {{300, 3}, 0, Keep::no, "longer columns"}};
  return all;
}

using Apply = std::function<Var(Var, const Axes&, Keep)>;
using Reference = std::function<double(const Numbers&)>;

void add_rows(std::vector<OperatorRow>& rows, const char* name, const char* variant,
              const Apply& apply, const Reference& reference) {
  for (const Case& c : cases()) {
    const bool long_axis = c.shape.size() > 500;
    if (*variant != '\0' && c.shape.size() == 1) continue;  // one number has no unbiased variance
    OperatorRow row;
    row.name = name;
    row.variant = std::string(variant) + c.text;
    row.apply = [apply, c](const Vars& x) { return Vars{apply(x[0], c.axes, c.keep)}; };
    row.reference = [reference, c, name](const Tensors& x) {
      const unsigned mask = c.axes.mask(x[0].shape(), name);
      Numbers out;
      for (const Numbers& group : groups(x[0], mask)) out.push_back(reference(group));
      return Tensors{Tensor::of(out, output_shape(x[0].shape(), mask, c.keep), DType::f64)};
    };
    row.samples = {{{.shape = c.shape, .low = -3, .high = 3}}};
    // Among many numbers the two largest are too close for differences.
    row.differentiable = !(long_axis && row.name == "max");
    rows.push_back(row);
  }
}

/// The row "all of a vector" holds the edges: numbers and the result of reducing them.
void add_edges(std::vector<OperatorRow>& rows, const char* name,
               const std::vector<std::pair<Numbers, double>>& edges) {
  for (OperatorRow& row : rows) {
    if (row.name != name || row.variant != "all of a vector") continue;
    for (const auto& [x, y] : edges) {
      row.edges.push_back({{Tensor::of(x, {std::int64_t(x.size())}, DType::f64)}, {y}});
    }
  }
}

using Normalize = std::function<Numbers(const Numbers&)>;

void add_normalization(std::vector<OperatorRow>& rows, const char* name, Var (*f)(Var, const Axes&),
                       const Normalize& normalize) {
  for (const Case& c : cases()) {
    if (c.keep == Keep::yes && c.shape.rank() == 2) continue;
    OperatorRow row;
    row.name = name;
    row.variant = c.text;
    row.apply = [f, c](const Vars& x) { return Vars{f(x[0], c.axes)}; };
    row.reference = [normalize, c, name](const Tensors& x) {
      const unsigned mask = c.axes.mask(x[0].shape(), name);
      std::vector<Numbers> results;
      for (const Numbers& group : groups(x[0], mask)) results.push_back(normalize(group));
      std::vector<std::size_t> next(results.size(), 0);
      Tensor out(x[0].shape(), DType::f64);
      const std::vector<std::int64_t> output = output_of(x[0].shape(), mask);
      for (std::size_t i = 0; i < output.size(); ++i) {
        out.data_as<double>()[i] = results[output[i]][next[output[i]]++];
      }
      return Tensors{out};
    };
    row.composed = [name, c](const Vars& x) {
      const Var log_y = x[0] - logsumexp(x[0], c.axes, Keep::yes);
      return Vars{std::string(name) == "softmax" ? exp(log_y) : log_y};
    };
    row.samples = {{{.shape = c.shape, .low = -3, .high = 3}}};
    rows.push_back(row);
  }
}

}  // namespace

std::vector<OperatorRow> reduce_rows() {
  std::vector<OperatorRow> rows;
  add_rows(
      rows, "sum", "", [](Var x, const Axes& a, Keep k) { return sum(x, a, k); },
      [](const Numbers& x) {
        double total = 0;
        for (double v : x) total += v;
        return total;
      });
  add_rows(
      rows, "mean", "", [](Var x, const Axes& a, Keep k) { return mean(x, a, k); }, mean_of);
  add_rows(
      rows, "max", "", [](Var x, const Axes& a, Keep k) { return max(x, a, k); },
      [](const Numbers& x) { return x.empty() ? -inf : *std::max_element(x.begin(), x.end()); });
  add_rows(
      rows, "logsumexp", "", [](Var x, const Axes& a, Keep k) { return logsumexp(x, a, k); },
      log_sum_exp);
  add_rows(
      rows, "logmeanexp", "", [](Var x, const Axes& a, Keep k) { return logmeanexp(x, a, k); },
      [](const Numbers& x) { return log_sum_exp(x) - std::log(double(x.size())); });
  add_rows(
      rows, "variance", "",
      [](Var x, const Axes& a, Keep k) { return variance(x, a, Divisor::n, k); },
      [](const Numbers& x) { return variance_of(x, 0); });
  add_rows(
      rows, "variance", "n - 1, ",
      [](Var x, const Axes& a, Keep k) { return variance(x, a, Divisor::n_minus_1, k); },
      [](const Numbers& x) { return variance_of(x, 1); });
  add_normalization(rows, "softmax", softmax, [](const Numbers& x) {
    Numbers y;
    for (double v : x) y.push_back(std::exp(v - log_sum_exp(x)));
    return y;
  });
  add_normalization(rows, "log_softmax", log_softmax, [](const Numbers& x) {
    Numbers y;
    for (double v : x) y.push_back(v - log_sum_exp(x));
    return y;
  });
  add_edges(rows, "sum", {{{}, 0}, {{1, inf}, inf}, {{inf, -inf}, nan}, {{nan, 1}, nan}});
  add_edges(rows, "mean", {{{}, nan}, {{1, -inf}, -inf}, {{nan, 1}, nan}});
  add_edges(
      rows, "max",
      {{{}, -inf}, {{1, nan, 2}, nan}, {{-inf, -inf}, -inf}, {{1, inf}, inf}, {{nan, inf}, nan}});
  add_edges(rows, "logsumexp",
            {{{}, -inf},
             {{-inf, -inf, -inf}, -inf},
             {{-inf, 3}, 3},
             {{inf, 3}, inf},
             {{inf, -inf}, inf},
             {{inf, inf}, inf},
             {{nan, 1}, nan},
             {{nan, inf}, nan},
             {{1000, 1000}, 1000.6931471805599},
             {{-1000, -1000}, -999.30685281944005}});
  add_edges(rows, "logmeanexp",
            {{{-inf, -inf}, -inf}, {{1000, 1000}, 1000}, {{inf, 0}, inf}, {{nan, 0}, nan}});
  add_edges(rows, "variance", {{{5}, 0}, {{nan, 1}, nan}, {{inf, 1}, nan}});
  return rows;
}

}  // namespace nelbo
