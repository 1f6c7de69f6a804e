#include "objectives/bounds/bound.hpp"

#include <utility>
#include <vector>

#include "autodiff/error.hpp"

namespace nelbo {

Bound::Bound(Properties properties, Function function)
    : node_(std::make_shared<const Node>(Node{std::move(properties), std::move(function)})) {}

Bound::Bound(Properties properties, Function function, std::int64_t groups, const Bound& inner)
    : node_(std::make_shared<const Node>(Node{std::move(properties), std::move(function), groups,
                                              std::make_shared<const Bound>(inner)})) {}

double Bound::operator()(std::span<const double> f, std::span<double> a,
                         std::span<double> h) const {
  const std::size_t needed = std::size_t(samples());
  if (f.size() != needed || a.size() != needed || h.size() != needed) {
    throw Error(text() + ": " + std::to_string(f.size()) + " samples, and room for " +
                std::to_string(a.size()) + " and " + std::to_string(h.size()) +
                " derivatives, where " + std::to_string(needed) + " are needed");
  }
  return node_->function(f, a, h);
}

double Bound::operator()(std::span<const double> f) const {
  std::vector<double> derivatives(2 * f.size());
  const std::span<double> all(derivatives);
  return (*this)(f, all.first(f.size()), all.last(f.size()));
}

}  // namespace nelbo
