#include "lab/training/batch_in_parts.hpp"

#include <algorithm>
#include <cstring>

#include "autodiff/dtype.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

/// The sum of every `stride`-th of n numbers, by the tree that gradients are summed by.
double tree_sum(const double* first, std::size_t n, std::size_t stride) {
  if (n == 1) return *first;
  const std::size_t half = n / 2;
  return tree_sum(first, half, stride) + tree_sum(first + half * stride, n - half, stride);
}

}  // namespace

BatchInParts::BatchInParts(std::size_t rows, std::size_t parts, Ranks& ranks, const Record& record,
                           Memory memory)
    : parts_(parts), ranks_(&ranks) {
  if (parts_ == 1) {
    sizes_ = {std::int64_t(rows)};
    recorded_.push_back({record(rows, std::nullopt), 0});
    own_ = {0};
    return;
  }
  sizes_ = BatchPart::sizes_of(std::int64_t(rows), std::int64_t(parts_));
  first_ = ranks.begin_of(ranks.rank(), parts_);
  last_ = ranks.begin_of(ranks.rank() + 1, parts_);
  for (std::size_t p = first_; p < last_; ++p) {
    const auto size = std::size_t(sizes_[p]);
    const auto alike = std::find_if(recorded_.begin(), recorded_.end(), [&](const Recorded& one) {
      return one.batch->batch() == size;
    });
    const bool shared = memory == Memory::low && alike != recorded_.end();
    own_.push_back(shared ? std::size_t(alike - recorded_.begin()) : recorded_.size());
    if (!shared) recorded_.push_back({record(size, BatchPart(sizes_, p)), p});
  }
  if (memory == Memory::low && !any().part()->exchanges().empty()) {
    throw SettingError("memory",
                       "low: the objective or the model compares the data of a batch, whose parts "
                       "then need each other's values; train with --parts and ample memory");
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
  for (std::size_t p = first_; p < last_; ++p) {
    for (std::size_t i = 0; i < stage.exchanges.size(); ++i) {
      const Var own = of(p).part()->exchanges()[stage.exchanges[i]].own;
      const Shape shape = own.shape();
      Tensor(stage.bytes.data() + stage.begin[p][i], shape, row_major(shape), own.dtype())
          .copy_from(own.value());
    }
  }
  ranks_->gather(stage.bytes, stage.ends);
  for (const Recorded& one : recorded_) {
    for (std::size_t i = 0; i < stage.exchanges.size(); ++i) {
      const BatchPart::Exchange& to = one.batch->part()->exchanges()[stage.exchanges[i]];
      auto* all = static_cast<std::byte*>(to.all.data());
      for (std::size_t p = 0; p < parts_; all += to.bytes_of(p++)) {
        std::memcpy(all, stage.bytes.data() + stage.begin[p][i], to.bytes_of(p));
      }
    }
  }
}

void BatchInParts::fill(std::size_t part) {
  RecordedBatch& one = *recorded(part).batch;
  std::size_t first = 0;
  for (std::size_t p = 0; p < part; ++p) first += std::size_t(sizes_[p]);
  Moment own = *moment_;
  own.rows = moment_->rows.subspan(first, one.batch());
  fill_(one.x(), own.rows);
  one.fill(own);
}

void BatchInParts::compute(std::size_t part) {
  fill(part);
  recorded(part).batch->tape().forward();
  recorded(part).part = part;
}

RecordedBatch& BatchInParts::of(std::size_t part) {
  if (recorded(part).part != part) compute(part);
  return *recorded(part).batch;
}

void BatchInParts::forward(const FillRows& fill, const Moment& moment) {
  fill_ = fill;
  moment_.emplace(moment);
  if (parts_ == 1) {
    compute(0);
    metrics_ = &any().metrics();
    return;
  }
  if (!stages_.empty()) forward_in_stages();
  for (std::size_t p = first_; p < last_; ++p) {
    if (stages_.empty()) compute(p);
    read_numbers(p);
  }
  ranks_->gather(std::as_writable_bytes(std::span(numbers_)), number_ends_);
  const std::size_t each = 3 + whole_.terms.size();
  const auto sum = [&](std::size_t i) { return tree_sum(numbers_.data() + i, parts_, each); };
  whole_.nell = sum(0);
  whole_.div = sum(1);
  whole_.objective = sum(2);
  for (std::size_t i = 3; i < each; ++i) whole_.terms[i - 3] = sum(i);
}

void BatchInParts::forward_in_stages() {
  for (std::size_t p = first_; p < last_; ++p) fill(p);
  for (Stage& stage : stages_) {
    for (const Recorded& one : recorded_) one.batch->tape().advance();
    exchange(stage);
  }
  for (const Recorded& one : recorded_) one.batch->tape().advance();
}

void BatchInParts::read_numbers(std::size_t part) {
  RecordedBatch& one = of(part);
  const Metrics& metrics = one.metrics();
  const double share = one.part()->weight();
  double* to = numbers_.data() + part * (3 + whole_.terms.size());
  for (const double number : {metrics.nell, metrics.div, metrics.objective}) *to++ = share * number;
  for (const double number : metrics.terms) *to++ = share * number;
}

std::size_t BatchInParts::bytes() const {
  std::size_t sum = 0;
  for (const Recorded& one : recorded_) sum += one.batch->tape().bytes();
  return sum;
}

std::string BatchInParts::first_non_finite() {
  std::string found;
  for (std::size_t p = first_; p < last_; ++p) {
    // What came from another part began there.
    const std::string op = of(p).tape().first_non_finite();
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
