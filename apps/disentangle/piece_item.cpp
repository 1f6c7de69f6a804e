#include "apps/disentangle/piece_item.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "apps/cli/read_json.hpp"
#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;
using disentanglement::FactorTrees;
using disentanglement::Matrix;
using disentanglement::Measured;
using disentanglement::Measurement;
using disentanglement::PieceResult;

[[noreturn]] void damaged() {
  throw Error("a part does not hold a piece of an evaluation; run its shard again");
}

/// A matrix [D, K] of the next numbers.
Matrix taken_matrix(std::span<const double>& left, std::size_t rows, std::size_t columns) {
  if (columns > 0 && rows > left.size() / columns) damaged();
  const std::span<const double> values = taken(left, rows * columns);
  Matrix matrix(rows, columns);
  for (std::size_t i = 0; i < values.size(); ++i) matrix(i / columns, i % columns) = values[i];
  return matrix;
}

void append(std::vector<double>& to, std::span<const double> more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

ItemResult item_of(const PieceResult& piece) {
  const Measurement& of = piece.measured;
  ItemResult item;
  Json metrics = Json::array(), matrices = Json::array(), trees = Json::array();
  for (const Measured& metric : of.metrics) {
    metrics.push_back({metric.name, metric.variant});
    append(item.numbers, std::array{metric.score.value, metric.score.standard_error});
  }
  for (const auto& [name, matrix] : of.matrices) {
    matrices.push_back({name, matrix.rows(), matrix.columns()});
    for (std::size_t d = 0; d < matrix.rows(); ++d) {
      for (std::size_t k = 0; k < matrix.columns(); ++k) item.numbers.push_back(matrix(d, k));
    }
  }
  if (piece.trees) {
    trees = {piece.trees->importances.size(), piece.trees->right.influence.size()};
    append(item.numbers, piece.trees->importances);
    item.numbers.push_back(piece.trees->right.value);
    append(item.numbers, piece.trees->right.influence);
  }
  const Json text{{"active", of.active},
                  {"known", of.known},
                  {"metrics", metrics},
                  {"matrices", matrices},
                  {"trees", trees}};
  item.text = text.dump(-1, ' ', false, Json::error_handler_t::replace);
  return item;
}

PieceResult piece_of(const ItemResult& item) {
  PieceResult piece;
  std::span<const double> left = item.numbers;
  try {
    const Json text = parsed_json(item.text);
    Measurement& of = piece.measured;
    of.active = text.at("active").get<std::vector<std::size_t>>();
    of.known = text.at("known").get<std::vector<std::size_t>>();
    for (const Json& metric : text.at("metrics")) {
      const auto score = taken(left, 2);
      of.metrics.push_back({metric.at(0), metric.at(1), {score[0], score[1]}});
    }
    for (const Json& matrix : text.at("matrices")) {
      of.matrices.push_back({matrix.at(0), taken_matrix(left, matrix.at(1), matrix.at(2))});
    }
    if (const Json& trees = text.at("trees"); !trees.empty()) {
      const auto importances = taken(left, trees.at(0).get<std::size_t>());
      const double value = taken(left, 1).front();
      const auto influence = taken(left, trees.at(1).get<std::size_t>());
      piece.trees = FactorTrees{{importances.begin(), importances.end()},
                                {value, {influence.begin(), influence.end()}}};
    }
  } catch (const nlohmann::json::exception&) {
    damaged();
  }
  if (!left.empty()) damaged();
  return piece;
}

}  // namespace nelbo
