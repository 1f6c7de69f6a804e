#include "lab/evaluation/disentanglement/udr.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "autodiff/error.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/live_dimensions.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/statistics/learners/lasso.hpp"
#include "lab/statistics/learners/standardise.hpp"
#include "lab/statistics/ranks.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t most_points = 10000;
constexpr double penalty = 0.1;

/// Columns of variance 1: live codes and their ranks, [N, D].
struct Columns {
  std::size_t dimensions = 0;
  std::vector<double> codes, ranks;
};

Columns columns_of(const Points& points, std::span<const std::size_t> live,
                   std::span<const std::uint32_t> rows) {
  Columns result{live.size(), std::vector<double>(rows.size() * live.size()), {}};
  if (live.empty()) return result;
  result.ranks.resize(result.codes.size());
  std::vector<double> column(rows.size());
  for (std::size_t d = 0; d < live.size(); ++d) {
    for (std::size_t n = 0; n < rows.size(); ++n) column[n] = points.table()(rows[n], live[d]);
    const std::vector<double> ranks = mid_ranks(column);
    for (std::size_t n = 0; n < rows.size(); ++n) {
      result.codes[n * live.size() + d] = column[n];
      result.ranks[n * live.size() + d] = ranks[n];
    }
  }
  for (std::vector<double>* of : {&result.codes, &result.ranks}) {
    *of = learners::Standardisation(TableView(*of, live.size())).of(TableView(*of, live.size()));
  }
  return result;
}

Matrix lasso_likeness(const Columns& a, const Columns& b) {
  const learners::Gram gram(TableView(a.codes, a.dimensions), TableView(b.codes, b.dimensions));
  Matrix result(a.dimensions, b.dimensions);
  for (std::size_t j = 0; j < b.dimensions; ++j) {
    const std::vector<double> weights = learners::fit_lasso(gram, j, penalty);
    for (std::size_t i = 0; i < a.dimensions; ++i) result(i, j) = std::abs(weights[i]);
  }
  return result;
}

Matrix rank_likeness(const Columns& a, const Columns& b) {
  const learners::Gram gram(TableView(a.ranks, a.dimensions), TableView(b.ranks, b.dimensions));
  Matrix result(a.dimensions, b.dimensions);
  for (std::size_t i = 0; i < a.dimensions; ++i) {
    for (std::size_t j = 0; j < b.dimensions; ++j) {
      result(i, j) = std::abs(gram.with[i * b.dimensions + j]);
    }
  }
  return result;
}

/// max^2 / sum.
double strength(const std::vector<double>& likeness) {
  double most = 0, sum = 0;
  for (const double one : likeness) most = std::max(most, one), sum += one;
  return sum > 0 ? most * most / sum : 0;
}

double agreement(const Matrix& likeness) {
  double rows = 0, columns = 0;
  for (std::size_t a = 0; a < likeness.rows(); ++a) rows += strength(row(likeness, a));
  for (std::size_t b = 0; b < likeness.columns(); ++b) columns += strength(column(likeness, b));
  return (rows / double(likeness.rows()) + columns / double(likeness.columns())) / 2;
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return (x[(x.size() - 1) / 2] + x[x.size() / 2]) / 2;
}

/// The scores of all models under both likenesses, Lasso first.
std::vector<double> scores_of(const std::vector<Columns>& models) {
  std::vector<double> scores;
  for (const auto likeness : {lasso_likeness, rank_likeness}) {
    for (std::size_t i = 0; i < models.size(); ++i) {
      std::vector<double> others;
      for (std::size_t j = 0; j < models.size(); ++j) {
        if (j == i) continue;
        const bool dead = models[i].dimensions == 0 || models[j].dimensions == 0;
        others.push_back(dead ? 0 : agreement(likeness(models[i], models[j])));
      }
      scores.push_back(median(others));
    }
  }
  return scores;
}

}  // namespace

Udr udr(std::span<const Points> given, std::uint64_t seed) {
  if (given.size() < 2) throw Error("UDR compares the codes of at least 2 models");
  std::vector<Points> models;
  std::vector<std::vector<std::size_t>> live;
  for (const Points& points : given) {
    if (points.count() != given[0].count()) {
      throw Error("UDR: the models have codes of " + std::to_string(given[0].count()) + " and of " +
                  std::to_string(points.count()) + " points; encode the same data with all");
    }
    live.push_back(live_dimensions(points));
    models.push_back(some_points(points, most_points, seed));
  }
  const auto of_rows = [&](std::span<const std::uint32_t> rows) {
    std::vector<Columns> columns;
    for (std::size_t i = 0; i < models.size(); ++i) {
      columns.push_back(columns_of(models[i], live[i], rows));
    }
    return scores_of(columns);
  };
  std::vector<std::uint32_t> all(models[0].count());
  std::iota(all.begin(), all.end(), 0u);
  const std::vector<Score> scores =
      with_errors(of_rows(all), jackknife_errors(all.size(), seed, {}, of_rows));
  const auto half = scores.begin() + std::ptrdiff_t(models.size());
  return {{scores.begin(), half}, {half, scores.end()}};
}

}  // namespace nelbo::disentanglement
