#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lab/training/gradient_tree.hpp"
#include "lab/training/ranks.hpp"
#include "lab/training/recorded_batch.hpp"

namespace nelbo {

/// How many of a batch's parts have their values in memory.
enum class Memory {
  ample,  // all at once
  low  // one: parts come one after another, and where a gradient asks for values that another part's have
  // replaced, they are computed again
};

/// A batch of B rows as the P parts that it is computed in, models/batch_part.hpp: part p has the rows
/// from floor(p B / P) on. Every rank has its share of them; values and gradients are the same bits for
/// any number of ranks that divides P, and with any Memory. One part is a RecordedBatch as it is.
class BatchInParts {
 public:
  /// Records `rows` rows, of a part where there are several.
  using Record = std::function<std::unique_ptr<RecordedBatch>(std::size_t rows,
                                                              std::optional<BatchPart> part)>;
  /// Records this rank's parts. Throws Error for fewer rows than parts; with low memory SettingError where
  /// parts need each other's values.
  BatchInParts(std::size_t rows, std::size_t parts, Ranks& ranks, const Record& record,
               Memory memory = Memory::ample);

  /// Writes the data of these numbers to x, rows as the model is shown them.
  using FillRows = std::function<void(const Tensor& x, std::span<const std::uint32_t> rows)>;
  /// Fills and computes. Does not allocate but at the first call.
  void forward(const FillRows& fill, const Moment& moment);
  // After it, nats per datum, of the whole batch.
  double cost_value() const { return -metrics_->objective; }
  const Metrics& metrics() const { return *metrics_; }
  /// Where a number that is not finite began, of all parts.
  std::string first_non_finite();
  /// The gradient of the cost in `ranges`, those of the groups that it may move; `others` as
  /// RecordedBatch::backward.
  void backward(GradientTree& tree, std::span<const Range> ranges, GradientSink& gradient,
                std::span<GradientSink> others);
  /// The gradient of an auxiliary's own loss.
  void backward_loss(GradientTree& tree, const std::string& group, std::span<const Range> ranges,
                     GradientSink& gradient);

  /// One of this rank's parts, for what is the same of all.
  RecordedBatch& any() { return *recorded_.front().batch; }
  /// Memory of the recordings: values, cotangents, and what operators keep. Grows at the first step.
  std::size_t bytes() const;

 private:
  /// What is exchanged at one pause of the tapes: a message of each part, its blocks end to end.
  struct Stage {
    std::vector<std::size_t> exchanges;           // their numbers
    std::vector<std::vector<std::size_t>> begin;  // of part p's block of each, in `bytes`
    std::vector<std::size_t> ends;                // of each rank's messages, bytes
    std::vector<std::byte> bytes;
  };
  struct Recorded {
    std::unique_ptr<RecordedBatch> batch;
    std::size_t part;  // whose values it has
  };
  Recorded& recorded(std::size_t part) { return recorded_[own_[part - first_]]; }
  /// The recording of one of this rank's parts, with its values.
  RecordedBatch& of(std::size_t part);
  void fill(std::size_t part);
  void compute(std::size_t part);
  void forward_in_stages();
  void plan_stages();
  void exchange(Stage& stage);
  void read_numbers(std::size_t part);

  std::size_t parts_, first_ = 0, last_ = 1;  // this rank's are first_ ... last_ - 1
  Ranks* ranks_;
  std::vector<std::int64_t> sizes_;  // rows of every part
  std::vector<Recorded> recorded_;
  std::vector<std::size_t> own_;  // which of recorded_ each of this rank's parts is computed in
  FillRows fill_;                 // of this step
  std::optional<Moment> moment_;
  std::vector<Stage> stages_;
  std::vector<double> numbers_;  // of every part: nell, div, objective, terms
  std::vector<std::size_t> number_ends_;
  Metrics whole_;
  const Metrics* metrics_ = &whole_;
};

}  // namespace nelbo
