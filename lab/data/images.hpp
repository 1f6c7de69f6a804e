#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "lab/data/scaling.hpp"
#include "lab/files/array.hpp"

namespace nelbo::data {

/// Where images come from: an array in memory, or a formula that draws them when they are asked
/// for.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual std::int64_t count() const = 0;
  virtual StoredType type() const = 0;
  virtual const std::vector<std::int64_t>& shape() const = 0;  ///< of one example, e.g. (28, 28)
  /// The stored values of example i: a pointer into the source, or `scratch` (room for one example)
  /// filled. May be called from several threads.
  virtual const std::byte* example(std::int64_t i, std::byte* scratch) const = 0;
  /// Whether all examples lie one behind the other, from example(0) on.
  virtual bool is_block() const { return false; }
};

/// N examples of one shape, in their stored type. Cheap to copy: a shared source and a selection of
/// its rows.
class Images {
 public:
  explicit Images(std::shared_ptr<const ImageSource> source);
  /// Examples along the first axis of `array` [N, ...]; an array of rank 1 holds scalars, shape
  /// (1).
  explicit Images(Array array);

  std::int64_t count() const;
  StoredType type() const { return source_->type(); }
  const std::vector<std::int64_t>& shape() const { return source_->shape(); }
  std::int64_t features() const { return features_; }  ///< values per example
  std::size_t example_bytes() const;

  /// Writes example i as a model sees it, features() floats.
  void write(std::int64_t i, const Scaling& scaling, float* to) const;
  /// The stored bytes of example i; `scratch` has room for example_bytes().
  const std::byte* raw(std::int64_t i, std::byte* scratch) const;
  /// The row of the source that example i is, for addressing noise and ground-truth factors.
  std::int64_t source_row(std::int64_t i) const;
  /// The examples `rows` (each below count()), in that order, on the same source.
  Images select(const std::vector<std::uint32_t>& rows) const;
  /// All examples in order as one block of uint8 [N, features], or null when they are not stored
  /// like that.
  const std::uint8_t* uint8_block() const;

 private:
  std::shared_ptr<const ImageSource> source_;
  std::shared_ptr<const std::vector<std::uint32_t>> rows_;  // null: all of the source in order
  std::int64_t features_ = 0;
};

}  // namespace nelbo::data
