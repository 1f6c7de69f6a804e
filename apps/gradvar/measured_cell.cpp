#include "apps/gradvar/measured_cell.hpp"

#include <nlohmann/json.hpp>
#include <span>

#include "apps/cli/read_json.hpp"
#include "autodiff/error.hpp"

namespace nelbo::gradvar {
namespace {

using Json = nlohmann::ordered_json;

/// The numbers of a row that are measured, in a fixed order.
template <class Row, class F>
void for_each_number(Row& row, F&& f) {
  for (auto* pair : {&row.mean_norm, &row.variance, &row.snr, &row.snr_norm, &row.dsnr, &row.cosine,
                     &row.us_per_gradient, &row.work}) {
    f(pair->mean);
    f(pair->standard_error);
  }
  f(row.snr_floor);
  f(row.bias_t);
  f(row.bias_p);
}

[[noreturn]] void damaged() { throw Error("a part does not hold a study's cell; run it again"); }

}  // namespace

ItemResult result_of(const MeasuredCell& cell) {
  ItemResult result;
  Json rows = Json::array(), gradients = Json::array();
  for (const Row& row : cell.rows) {
    rows.push_back({row.bound, row.estimator, row.m, row.k, row.group, row.reference, row.biased});
    for_each_number(row, [&](double number) { result.numbers.push_back(number); });
  }
  for (const MeanGradient& one : cell.gradients) {
    const std::span<const std::int64_t> dims = one.shape.dims();
    const std::vector<std::int64_t> shape(dims.begin(), dims.end());
    gradients.push_back({one.of, one.estimator, one.parameter, shape});
    result.numbers.insert(result.numbers.end(), one.mean.begin(), one.mean.end());
    result.numbers.insert(result.numbers.end(), one.standard_error.begin(),
                          one.standard_error.end());
  }
  result.text = Json{{"rows", rows}, {"gradients", gradients}}.dump();
  return result;
}

MeasuredCell cell_of(const ItemResult& result) {
  MeasuredCell cell;
  std::span<const double> left = result.numbers;
  try {
    const Json text = parsed_json(result.text);
    for (const Json& of : text.at("rows")) {
      Row row{.bound = of.at(0),
              .estimator = of.at(1),
              .m = of.at(2),
              .k = of.at(3),
              .group = of.at(4)};
      row.reference = of.at(5);
      row.biased = of.at(6);
      for_each_number(row, [&](double& number) { number = taken(left, 1).front(); });
      cell.rows.push_back(std::move(row));
    }
    for (const Json& of : text.at("gradients")) {
      const auto sizes = of.at(3).get<std::vector<std::int64_t>>();
      MeanGradient one{.of = of.at(0),
                       .estimator = of.at(1),
                       .parameter = of.at(2),
                       .shape = Shape(std::span(sizes))};
      const auto mean = taken(left, std::size_t(one.shape.size()));
      const auto error = taken(left, std::size_t(one.shape.size()));
      one.mean.assign(mean.begin(), mean.end());
      one.standard_error.assign(error.begin(), error.end());
      cell.gradients.push_back(std::move(one));
    }
  } catch (const nlohmann::json::exception&) {
    damaged();
  }
  if (!left.empty()) damaged();
  return cell;
}

}  // namespace nelbo::gradvar
