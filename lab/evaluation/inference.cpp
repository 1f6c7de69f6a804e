#include "lab/evaluation/inference.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/training/replay_by_size.hpp"
#include "models/labels/labelled_posterior.hpp"

namespace nelbo {
namespace {

constexpr std::size_t most_rows = 100;

/// One batch size of the map from rows [N, K] to outputs that a recording function names.
struct RowTape {
  Tape tape{{.mode = Tape::Mode::replay, .gradients = false}};
  Var in;
  std::vector<Var> out;
};

/// Runs `record` (Var [B, width] -> outputs [B, ...]) over n rows in batches. `fill` puts rows
/// first .. first + B - 1 into a float buffer.
template <class Fill, class Record>
std::vector<Tensor> map_rows(std::size_t n, std::size_t width, const Fill& fill,
                             const Record& record) {
  std::vector<Tensor> results;
  ReplayBySize<RowTape> tapes(most_rows, [&](std::size_t rows) {
    auto recorded = std::make_unique<RowTape>();
    const Recording recording(recorded->tape);
    recorded->in = recorded->tape.leaf({std::int64_t(rows), std::int64_t(width)});
    for (const Var& out : record(recorded->in)) {
      recorded->out.push_back(contiguous(out));
      recorded->tape.keep(recorded->out.back());
    }
    return recorded;
  });
  for (std::size_t first = 0; first < n; first += most_rows) {
    const std::size_t rows = std::min(most_rows, n - first);
    RowTape& of = tapes.of(rows);
    fill(of.tape.data(of.in).template data_as<float>(), first, rows);
    of.tape.forward();
    for (std::size_t i = 0; i < of.out.size(); ++i) {
      const Tensor values = of.out[i].value();
      const std::int64_t columns = values.size() / std::int64_t(rows);
      if (first == 0) results.push_back(Tensor({std::int64_t(n), columns}));
      std::memcpy(results[i].data_as<float>() + first * std::size_t(columns),
                  values.data_as<float>(), std::size_t(values.size()) * sizeof(float));
    }
  }
  return results;
}

auto rows_of(const Tensor& values) {
  return [from = values.contiguous()](float* to, std::size_t first, std::size_t rows) {
    const std::size_t width = std::size_t(from.shape()[1]);
    std::memcpy(to, from.data_as<float>() + first * width, rows * width * sizeof(float));
  };
}

auto posterior_parameters(const Model& model) {
  return [&model](Var rows) {
    const auto q = model.posterior(model.batch(rows));
    if (const LabelledPosterior* const labelled = q->labelled()) {
      const CodeSpace codes = model.codes();
      const Var of_z = slice(q->expectation(), -1, 0, codes.first(codes.variables));
      return std::vector<Var>{of_z, exp(labelled->classifier())};
    }
    if (q->normal() == nullptr) return std::vector<Var>{q->expectation()};
    const DiagNormal normal = q->normal()->marginals();
    // A world's covariance may be one of all data.
    return std::vector<Var>{normal.mean, broadcast_to(normal.log_variance, normal.mean.shape())};
  };
}

Encoded encoded(const Model& model, const std::vector<Tensor>& q) {
  if (model.codes().labels > 0) return {.mean = q[0], .label_probabilities = q[1]};
  return q.size() == 1 ? Encoded{q[0]} : Encoded{q[0], q[1]};
}

/// p log(p / p0), 0 for p = 0.
double divergence(double p, double p0) { return p == 0 ? 0 : p * std::log(p / p0); }

}  // namespace

Encoded encode(const Model& model, const Examples& examples) {
  return encode(model, examples, examples.count());
}

Encoded encode(const Model& model, const Examples& examples, std::size_t count) {
  const auto fill = [&](float* to, std::size_t first, std::size_t rows) {
    std::vector<std::uint32_t> which(rows);
    std::iota(which.begin(), which.end(), std::uint32_t(first));
    examples.fill(to, which, 0);
  };
  return encoded(model,
                 map_rows(count, std::size_t(model.shown()), fill, posterior_parameters(model)));
}

Encoded encode(const Model& model, const Tensor& rows) {
  return encoded(model, map_rows(std::size_t(rows.shape()[0]), std::size_t(rows.shape()[1]),
                                 rows_of(rows), posterior_parameters(model)));
}

std::vector<double> mean_divergences(const CodeSpace& codes, const Encoded& q) {
  const std::int64_t n = q.mean.shape()[0], dimensions = codes.dimensions();
  const float* const mean = q.mean.data_as<float>();
  const bool normal = q.log_variance.size() > 0;
  std::vector<double> all(std::size_t(codes.variables), 0);
  for (std::int64_t l = 0; l < codes.variables; ++l) {
    const CodeSpace& own = codes.of(l);
    double& of = all[std::size_t(l)];
    if (!own.discrete() && !normal) {
      of = std::nan("");
      continue;
    }
    const double p0 = own.discrete() ? 1 / double(own.values()) : 0;
    for (std::int64_t row = 0; row < n; ++row) {
      for (std::int64_t d = codes.first(l); d < codes.first(l + 1); ++d) {
        const std::int64_t i = row * dimensions + d;
        const double m = mean[i];
        if (own.discrete()) {
          of += divergence(m, p0);
          if (own.kind == CodeSpace::Kind::binary) of += divergence(1 - m, p0);
        } else {
          const double log_variance = q.log_variance.data_as<float>()[i];
          of += 0.5 * (std::exp(log_variance) + m * m - 1 - log_variance);
        }
      }
    }
    of /= double(n);
  }
  return all;
}

std::vector<std::int64_t> by_divergence(const std::vector<double>& divergences) {
  std::vector<std::int64_t> order(divergences.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const auto known = [&](std::int64_t d) { return !std::isnan(divergences[std::size_t(d)]); };
    if (!known(a) || !known(b)) return known(a) && !known(b);
    return divergences[std::size_t(a)] > divergences[std::size_t(b)];
  });
  return order;
}

std::vector<std::uint32_t> spread_rows(std::size_t count, std::size_t wanted) {
  std::vector<std::uint32_t> rows(std::min(count, wanted));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::uint32_t(i * count / rows.size());
  return rows;
}

Tensor examples_at(const Examples& examples, std::span<const std::uint32_t> rows) {
  Tensor x({std::int64_t(rows.size()), std::int64_t(examples.shown())});
  examples.fill(x.data_as<float>(), rows, 0);
  return x;
}

Tensor x_of(const Model& model, const Tensor& rows) {
  return rows.slice(1, 0, model.features()).contiguous();
}

Tensor conditions_of(const Model& model, const Tensor& rows) {
  if (model.conditions() == 0) return Tensor(Shape{0});
  return rows.slice(1, model.features(), model.shown()).contiguous();
}

Tensor repeated(const Tensor& conditions, std::int64_t n) {
  if (conditions.size() == 0) return conditions;
  Tensor rows({n, conditions.shape()[1]});
  for (std::int64_t i = 0; i < n; ++i) rows.slice(0, i, i + 1).copy_from(conditions);
  return rows;
}

Tensor shown_rows(const Tensor& x, const Tensor& conditions) {
  if (conditions.size() == 0) return x;
  const std::int64_t width = x.shape()[1], more = conditions.shape()[1];
  Tensor rows({x.shape()[0], width + more});
  rows.slice(1, 0, width).copy_from(x);
  rows.slice(1, width, width + more).copy_from(conditions);
  return rows;
}

namespace {

/// The condition at the end of rows [N, K + C].
std::optional<Var> last_of(Var rows, const Model& model) {
  if (model.conditions() == 0) return std::nullopt;
  const std::int64_t width = rows.shape()[1];
  return contiguous(slice(rows, -1, width - model.conditions(), width));
}

/// Columns from..to-1 of rows [N, K] as those of one draw, [1, N, to - from].
Var one_draw(Var rows, std::int64_t from, std::int64_t to) {
  return reshape(contiguous(slice(rows, -1, from, to)), {1, rows.shape()[0], to - from});
}

}  // namespace

Tensor most_probable_codes(const Model& model, const Tensor& shown) {
  const auto record = [&](Var rows) {
    return std::vector<Var>{model.posterior(model.batch(rows))->mode()};
  };
  return map_rows(std::size_t(shown.shape()[0]), std::size_t(shown.shape()[1]), rows_of(shown),
                  record)[0];
}

Tensor decode_means(const Model& model, const Tensor& z, const Tensor& conditions) {
  const auto record = [&](Var rows) {
    const Var code = one_draw(rows, 0, model.codes().dimensions());
    return std::vector<Var>{model.likelihood()->mean(model.decode(code, last_of(rows, model)))};
  };
  const Tensor all = shown_rows(z, conditions);
  return map_rows(std::size_t(all.shape()[0]), std::size_t(all.shape()[1]), rows_of(all),
                  record)[0];
}

Tensor sample_data(const Model& model, const Tensor& z, std::uint64_t seed,
                   const Tensor& conditions) {
  const std::int64_t dimensions = z.shape()[1], features = model.features();
  const std::int64_t more = model.conditions();
  const Tensor codes = z.contiguous(), of_codes = conditions.contiguous();
  // A row is a code, and the noise of its datum.
  const auto fill = [&](float* to, std::size_t first, std::size_t rows) {
    Tensor noise({1, std::int64_t(rows), features});
    fill_noise(model.likelihood()->noise(), noise,
               {.stream = random_variables::evaluation.dream.of(seed),
                .first_datum = std::uint32_t(first)});
    const float* code = codes.data_as<float>() + std::int64_t(first) * dimensions;
    const float* of_datum = noise.data_as<float>();
    const float* condition = of_codes.data_as<float>() + std::int64_t(first) * more;
    for (std::size_t row = 0; row < rows; ++row) {
      to = std::copy_n(code, dimensions, to);
      to = std::copy_n(of_datum, features, to);
      to = std::copy_n(condition, more, to);
      code += dimensions;
      of_datum += features;
      condition += more;
    }
  };
  const auto record = [&](Var rows) {
    const Var code = one_draw(rows, 0, dimensions);
    const Var noise = one_draw(rows, dimensions, dimensions + features);
    const Var output = model.decode(code, last_of(rows, model));
    return std::vector<Var>{model.likelihood()->sample(output, noise)};
  };
  return map_rows(std::size_t(z.shape()[0]), std::size_t(dimensions + features + more), fill,
                  record)[0];
}

std::optional<std::int64_t> row_not_finite(const Tensor& values) {
  const auto [n, columns] = std::pair{values.shape()[0], values.shape()[1]};
  const float* const all = values.data_as<float>();
  for (std::int64_t i = 0; i < n * columns; ++i) {
    if (!std::isfinite(all[i])) return i / columns;
  }
  return std::nullopt;
}

Tensor sample_prior(const Model& model, std::size_t n, std::uint64_t seed,
                    const Tensor& conditions) {
  std::int64_t width = 0;
  {
    Tape tape;
    const Recording recording(tape);
    width = model.prior(model.batch(tape.leaf({1, model.shown()})).condition)->noise_dimensions();
  }
  Tensor noise({std::int64_t(n), width});
  fill_normal(noise.data_as<float>(), {.stream = random_variables::evaluation.prior.of(seed),
                                       .batch = n,
                                       .dimensions = std::size_t(width)});
  const auto record = [&](Var rows) {
    const auto prior = model.prior(last_of(rows, model));
    return std::vector<Var>{prior->sample(contiguous(slice(rows, -1, 0, width)))};
  };
  const Tensor all = shown_rows(noise, conditions);
  return map_rows(n, std::size_t(all.shape()[1]), rows_of(all), record)[0];
}

}  // namespace nelbo
