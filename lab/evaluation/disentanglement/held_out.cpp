#include "lab/evaluation/disentanglement/held_out.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/votes.hpp"

namespace nelbo::disentanglement {

Split split_points(const Points& points, std::uint64_t seed) {
  const std::size_t count = points.count();
  if (count < least_points) {
    throw Error("a learner needs at least " + std::to_string(least_points) + " points, these are " +
                std::to_string(count));
  }
  std::vector<std::uint32_t> order(count);
  fill_permutation(order.data(), count, random_variables::probe_points.of(seed), 0);
  const std::size_t train = std::min(training_votes, count - count / 3);
  const std::size_t test = std::min(test_votes, count - train);
  return {rows_of(points, std::span(order).first(train)),
          rows_of(points, std::span(order).subspan(train, test))};
}

Split halve_points(const Points& points, std::uint64_t seed) {
  const std::size_t count = points.count();
  if (count < 2) throw Error("a learner needs points to learn from and others: at least 2");
  std::vector<std::uint32_t> order(count);
  fill_permutation(order.data(), count, random_variables::probe_points.of(seed), 1);
  return {rows_of(points, std::span(order).first(count / 2)),
          rows_of(points, std::span(order).subspan(count / 2))};
}

Split rows_of(const Split& points, std::span<const std::uint32_t> rows) {
  const auto learning = std::uint32_t(points.train.count());
  std::vector<std::uint32_t> train, test;
  for (const std::uint32_t n : rows) {
    n < learning ? train.push_back(n) : test.push_back(n - learning);
  }
  return {rows_of(points.train, train), rows_of(points.test, test)};
}

void HeldOut::add(const HeldOut& part, double share) {
  value += share * part.value;
  influence.resize(part.influence.size());
  for (std::size_t n = 0; n < influence.size(); ++n) influence[n] += share * part.influence[n];
}

Score HeldOut::score() const {
  double squares = 0;
  for (const double one : influence) squares += one * one;
  return {value, std::sqrt(squares)};
}

HeldOut mean_over_points(std::vector<double> numbers) {
  const double count = double(numbers.size());
  double sum = 0;
  for (const double number : numbers) sum += number;
  const double mean = sum / count;
  for (double& number : numbers) number = (number - mean) / count;
  return {mean, std::move(numbers)};
}

HeldOut accuracy(std::span<const std::int32_t> said, std::span<const std::int32_t> truth) {
  std::vector<double> right(said.size());
  for (std::size_t n = 0; n < said.size(); ++n) right[n] = said[n] == truth[n];
  return mean_over_points(std::move(right));
}

}  // namespace nelbo::disentanglement
