#include "lab/evaluation/disentanglement/buckets.hpp"

#include "autodiff/error.hpp"

namespace nelbo::disentanglement {

Buckets::Buckets(const Factor& factor)
    : factor_(factor), members_(factor.classes.size()), first_(std::size_t(factor.size) + 1, 0) {
  for (const std::int32_t c : factor.classes) ++first_[std::size_t(c) + 1];
  for (std::size_t c = 1; c < first_.size(); ++c) first_[c] += first_[c - 1];
  std::vector<std::size_t> next = first_;
  for (std::uint32_t n = 0; n < factor.classes.size(); ++n) {
    members_[next[std::size_t(factor.classes[n])]++] = n;
  }
  for (std::uint32_t n = 0; n < factor.classes.size(); ++n) {
    if (like(n).size() > 1) shared_.push_back(n);
  }
  if (shared_.empty()) {
    throw Error("factor '" + factor.name + "': no two of the " +
                std::to_string(factor.classes.size()) +
                " points share a value, so that it cannot be held fixed; leave it out or divide it "
                "into classes");
  }
  if (like(shared_.front()).size() == factor.classes.size()) {
    throw Error("factor '" + factor.name + "' has the same value at all " +
                std::to_string(factor.classes.size()) + " points; leave it out");
  }
}

std::span<const std::uint32_t> Buckets::like(std::uint32_t n) const {
  const std::size_t c = std::size_t(factor_.classes[n]);
  return std::span(members_).subspan(first_[c], first_[c + 1] - first_[c]);
}

std::vector<Buckets> buckets_of(const Points& points) {
  if (points.factors.empty()) throw Error("the points have no factors to score codes by");
  std::vector<Buckets> result;
  for (const Factor& factor : points.factors) result.emplace_back(factor);
  return result;
}

}  // namespace nelbo::disentanglement
