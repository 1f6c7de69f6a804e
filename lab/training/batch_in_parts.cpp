#include "lab/training/batch_in_parts.hpp"

#include <algorithm>
#include <cstring>

#include "autodiff/dtype.hpp"

namespace nelbo {
namespace {

/// The sum of every `stride`-th of n numbers, by the tree that gradients are summed by.
double tree_sum(const double* first, std::size_t n, std::size_t stride) {
  if (n == 1) return *first;
  const std::size_t half = n / 2;
  return tree_sum(first, half, stride) + tree_sum(first + half * stride, n - half, stride);
}

}  // namespace

BatchInParts::BatchInParts(std::size_t rows, std::size_t parts, Ranks& ranks, const Record& record)
    : parts_(parts), ranks_(&ranks) {
  if (parts_ == 1) {
    own_.push_back(record(rows, std::nullopt));
    return;
  }
  sizes_ = BatchPart::sizes_of(std::int64_t(rows), std::int64_t(parts_));
  first_ = ranks.begin_of(ranks.rank(), parts_);
  const std::size_t last = ranks.begin_of(ranks.rank() + 1, parts_);
  for (std::size_t p = first_; p < last; ++p) {
    own_.push_back(record(std::size_t(sizes_[p]), BatchPart(sizes_, p)));
  }
  plan_stages();
  const std::size_t each = 3 + any().terms();
  numbers_.resize(parts_ * each);
  for (int r = 0; r < ranks.size(); ++r) {
    number_ends_.push_back(ranks.begin_of(r + 1, parts_) * each * sizeof(double));
  }
  whole_.terms.resize(each - 3);
}

void BatchInParts::plan_stages() {
  const std::vector<BatchPart::Exchange>& all = any().part()->exchanges();
  for (std::size_t e = 0; e < all.size(); ++e) {
    stages_.resize(std::max(stages_.size(), all[e].pause + 1));
    stages_[all[e].pause].exchanges.push_back(e);
  }
  for (Stage& stage : stages_) {
    std::size_t end = 0;
    for (std::size_t p = 0; p < parts_; ++p) {
      stage.begin.emplace_back();
      for (const std::size_t e : stage.exchanges) {
        stage.begin.back().push_back(end);
        end += all[e].bytes_of(p);
      }
      if (p + 1 == ranks_->begin_of(int(stage.ends.size()) + 1, parts_)) stage.ends.push_back(end);
    }
    stage.bytes.resize(end);
  }
}

void BatchInParts::exchange(Stage& stage) {
  for (std::size_t p = first_; p < first_ + own_.size(); ++p) {
    for (std::size_t i = 0; i < stage.exchanges.size(); ++i) {
      const Var own = of(p).part()->exchanges()[stage.exchanges[i]].own;
      const Shape shape = own.shape();
      Tensor(stage.bytes.data() + stage.begin[p][i], shape, row_major(shape), own.dtype())
          .copy_from(own.value());
    }
  }
  ranks_->gather(stage.bytes, stage.ends);
  for (const auto& one : own_) {
    for (std::size_t i = 0; i < stage.exchanges.size(); ++i) {
      const BatchPart::Exchange& to = one->part()->exchanges()[stage.exchanges[i]];
      auto* all = static_cast<std::byte*>(to.all.data());
      for (std::size_t p = 0; p < parts_; all += to.bytes_of(p++)) {
        std::memcpy(all, stage.bytes.data() + stage.begin[p][i], to.bytes_of(p));
      }
    }
  }
}

void BatchInParts::forward(const FillRows& fill, const Moment& moment) {
  std::size_t first = 0;
  for (std::size_t p = 0; p < first_; ++p) first += std::size_t(sizes_[p]);
  for (const auto& one : own_) {
    Moment own = moment;
    own.rows = moment.rows.subspan(first, one->batch());
    first += one->batch();
    fill(one->x(), own.rows);
    one->fill(own);
  }
  for (Stage& stage : stages_) {
    for (const auto& one : own_) one->tape().advance();
    exchange(stage);
  }
  for (const auto& one : own_) one->tape().advance();
  if (parts_ == 1) {
    metrics_ = &any().metrics();
  } else {
    gather_metrics();
  }
}

void BatchInParts::gather_metrics() {
  const std::size_t each = 3 + whole_.terms.size();
  for (std::size_t i = 0; i < own_.size(); ++i) {
    const Metrics& part = own_[i]->metrics();
    const double share = own_[i]->part()->weight();
    double* to = numbers_.data() + (first_ + i) * each;
    for (const double number : {part.nell, part.div, part.objective}) *to++ = share * number;
    for (const double number : part.terms) *to++ = share * number;
  }
  ranks_->gather(std::as_writable_bytes(std::span(numbers_)), number_ends_);
  const auto sum = [&](std::size_t i) { return tree_sum(numbers_.data() + i, parts_, each); };
  whole_.nell = sum(0);
  whole_.div = sum(1);
  whole_.objective = sum(2);
  for (std::size_t i = 3; i < each; ++i) whole_.terms[i - 3] = sum(i);
}

std::string BatchInParts::first_non_finite() {
  std::string found;
  for (const auto& one : own_) {
    // What came from another part began there.
    const std::string op = one->tape().first_non_finite();
    if (found.empty() || found == "leaf") found = op;
  }
  for (int r = 0; r < ranks_->size(); ++r) {
    const std::string of_rank = ranks_->text_of(found, r);
    if (!of_rank.empty() && of_rank != "leaf") return of_rank;
  }
  return found;
}

void BatchInParts::backward(GradientTree& tree, std::span<const Range> ranges,
                            GradientSink& gradient, std::span<GradientSink> others) {
  tree.sum(gradient, ranges,
           [&](std::size_t part, GradientSink& sink) { of(part).backward(sink, others); });
}

void BatchInParts::backward_loss(GradientTree& tree, const std::string& group,
                                 std::span<const Range> ranges, GradientSink& gradient) {
  tree.sum(gradient, ranges,
           [&](std::size_t part, GradientSink& sink) { of(part).backward_loss(group, sink); });
}

}  // namespace nelbo
