#include "lab/training/told_order.hpp"

#include <algorithm>

#include "autodiff/random.hpp"
#include "autodiff/random_variables.hpp"

namespace nelbo {
namespace {

constexpr std::size_t places_for_one = 10;  // one place in so many, where fewer labels are told

std::size_t divided_up(std::size_t n, std::size_t by) { return (n + by - 1) / by; }

}  // namespace

ToldOrder::ToldOrder(const std::vector<std::int64_t>& told, std::size_t n)
    : told_(told.begin(), told.end()), is_told_(n, false), permutation_(told.size()) {
  for (const std::uint32_t row : told_) is_told_[row] = true;
  others_.reserve(n);
}

void ToldOrder::mix(std::vector<std::uint32_t>& order, std::size_t batch, std::uint64_t seed,
                    std::uint64_t epoch) {
  const std::size_t n = order.size();
  const std::size_t places =
      std::max({told_.size(), divided_up(n, places_for_one), divided_up(n, batch)});
  others_.clear();
  for (const std::uint32_t row : order) {
    if (!is_told_[row]) others_.push_back(row);
  }
  fill_permutation(permutation_.data(), permutation_.size(), random_variables::told_order.of(seed),
                   epoch);
  std::size_t told = 0, other = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const bool is_place = (i + 1) * places / n > i * places / n;
    order[i] = is_place ? told_[permutation_[told++ % told_.size()]] : others_[other++];
  }
}

}  // namespace nelbo
