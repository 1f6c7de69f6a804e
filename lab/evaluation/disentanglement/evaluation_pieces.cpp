#include "lab/evaluation/disentanglement/evaluation_pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "autodiff/error.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"
#include "lab/evaluation/disentanglement/tree_splits.hpp"

namespace nelbo::disentanglement {
namespace {

using enum EvaluationPieces::Codes;

/// N, also of points without codes.
std::size_t count_of(const Points& points) {
  return points.factors.empty() ? points.count() : points.factors.front().classes.size();
}

/// Chen et al. leave the shape out, as it has no order.
bool is_left_out(const Factor& factor, std::size_t factors, Dialect like) {
  return like == Dialect::chen && factors > 1 && factor.name == "shape";
}

/// The names that every report has come first, in the order of the literature's tables; then variants.
std::size_t place_of(const std::string& name) {
  constexpr std::array names{
      "mig", "mig_sup",    "dci_disentanglement", "dci_completeness", "dci_informativeness",
      "sap", "modularity", "explicitness",        "factor_vae",       "beta_vae",
      "irs", "jemmig",     "gaussian_tc",         "active_units"};
  return std::size_t(std::find(names.begin(), names.end(), name) - names.begin());
}

/// NaN where there is no such metric.
double value_of(const Measurement& in, const std::string& name) {
  const auto one = std::find_if(in.metrics.begin(), in.metrics.end(),
                                [&](const Measured& metric) { return metric.name == name; });
  return one == in.metrics.end() ? std::nan("") : one->score.value;
}

void append(Measurement& to, Measurement more) {
  const auto move = [](auto& from, auto& into) {
    std::move(from.begin(), from.end(), std::back_inserter(into));
  };
  move(more.active, to.active);
  move(more.known, to.known);
  move(more.metrics, to.metrics);
  move(more.matrices, to.matrices);
}

}  // namespace

EvaluationPieces::EvaluationPieces(const Points& points, const EvaluationOptions& options)
    : points_(points), options_(options) {
  const std::size_t count = points_.dimensions == 0 ? 0 : count_of(points_);
  if (count < 2) throw Error(fmt::format("{} points; metrics need 2", count));
  if (points_.factors.empty()) throw Error("points without factors");
  const std::size_t factors = points_.factors.size();
  std::vector<std::size_t> order(factors);
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return points_.factors[a].size > points_.factors[b].size;
  });
  for (const std::size_t factor : order) {
    for (const Codes of : {given, perfect, noise}) {
      const std::size_t dimensions = of == perfect ? factors : points_.dimensions;
      const std::size_t splits = tree_splits(options.like, count, dimensions, of == given);
      for (std::size_t split = 0; split < splits; ++split) {
        pieces_.push_back(
            {.of = of, .trees = true, .section = 0, .split = split, .factor = factor});
      }
    }
  }
  for (const Codes of : {given, perfect, noise}) {
    for (std::size_t section = 0; section < sections_of(options.like).size(); ++section) {
      pieces_.push_back({.of = of, .trees = false, .section = section, .split = 0, .factor = 0});
    }
  }
}

const Points& EvaluationPieces::points() const {
  if (options_.like != Dialect::chen) return points_;
  if (!without_left_out_) {
    without_left_out_ = points_;
    std::erase_if(without_left_out_->factors, [&](const Factor& factor) {
      return is_left_out(factor, points_.factors.size(), options_.like);
    });
  }
  return *without_left_out_;
}

const Representation& EvaluationPieces::representation(Codes of) const {
  const auto i = std::size_t(of);
  if (!representations_[i]) {
    if (of == perfect) made_[i] = perfect_code(points());
    if (of == noise) made_[i] = noise_code(points(), options_.seed);
    representations_[i].emplace(made_[i] ? *made_[i] : points(), options_, of == given);
  }
  return *representations_[i];
}

PieceResult EvaluationPieces::compute(std::size_t number) const {
  if (options_.like == Dialect::chen && points_.log_variances.empty()) {
    throw Error("Chen's MIG needs the log-variances of Q(Z|x)");
  }
  if (points_.count() != count_of(points_)) {
    throw Error(
        fmt::format("{} codes and {} points with factors", points_.count(), count_of(points_)));
  }
  const Piece& piece = pieces_.at(number);
  const Representation& of = representation(piece.of);
  if (piece.trees) return {{}, factor_trees(tree_split(of, piece.split), piece.factor)};
  return {measure(sections_of(options_.like).subspan(piece.section, 1), of), std::nullopt};
}

Measurement EvaluationPieces::measurement(Codes of, std::vector<PieceResult>& results) const {
  Measurement all;
  std::vector<std::vector<FactorTrees>> trees;  // [splits, K]
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.of != of) continue;
    if (results[i].trees.has_value() != piece.trees) {
      throw Error(fmt::format("result {} is not of the evaluation's piece {}", i, i));
    }
    if (!piece.trees) {
      append(all, std::move(results[i].measured));
      continue;
    }
    if (trees.size() <= piece.split) trees.resize(piece.split + 1);
    trees[piece.split].resize(points_.factors.size());
    trees[piece.split][piece.factor] = std::move(*results[i].trees);
  }
  std::vector<TreeScores> grown;
  for (const std::vector<FactorTrees>& split : trees) grown.push_back(tree_scores(split));
  if (!grown.empty()) add_trees(options_.like, grown, all);
  return all;
}

Evaluation EvaluationPieces::put_together(std::vector<PieceResult> results) const {
  Measurement of = measurement(given, results);
  const Measurement best = measurement(perfect, results), least = measurement(noise, results);
  Evaluation all{.count = count_of(points_),
                 .factors = {},
                 .active = std::move(of.active),
                 .metrics = {},
                 .matrices = std::move(of.matrices)};
  for (const Factor& factor : points_.factors) {
    if (is_left_out(factor, points_.factors.size(), options_.like)) continue;
    all.factors.push_back(factor.name);
  }
  std::stable_sort(of.metrics.begin(), of.metrics.end(), [](const Measured& a, const Measured& b) {
    return place_of(a.name) < place_of(b.name);
  });
  for (Measured& one : of.metrics) {
    const double ceiling = value_of(best, one.name), floor = value_of(least, one.name);
    all.metrics.push_back({.name = std::move(one.name),
                           .score = one.score,
                           .ceiling = ceiling,
                           .floor = floor,
                           .variant = std::move(one.variant)});
  }
  return all;
}

}  // namespace nelbo::disentanglement
