#include "lab/data/images.hpp"

#include <cstring>
#include <utility>

namespace nelbo::data {
namespace {

class ArraySource final : public ImageSource {
 public:
  explicit ArraySource(Array array) : array_(std::move(array)) {
    count_ = array_.shape.front();
    shape_.assign(array_.shape.begin() + 1, array_.shape.end());
    if (shape_.empty()) shape_.push_back(1);
    stride_ = count_ > 0 ? array_.bytes.size() / static_cast<std::size_t>(count_) : 0;
  }
  std::int64_t count() const override { return count_; }
  StoredType type() const override { return array_.type; }
  const std::vector<std::int64_t>& shape() const override { return shape_; }
  const std::byte* example(std::int64_t i, std::byte*) const override {
    return array_.bytes.data() + static_cast<std::size_t>(i) * stride_;
  }
  bool is_block() const override { return true; }

 private:
  Array array_;
  std::vector<std::int64_t> shape_;
  std::int64_t count_ = 0;
  std::size_t stride_ = 0;
};

template <class T>
void scale(const std::byte* from, std::size_t n, const Scaling& scaling, float* to) {
  const auto value = [from](std::size_t k) {
    T stored;
    std::memcpy(&stored, from + k * sizeof(T), sizeof(T));
    return stored;
  };
  if (scaling.standard()) {
    for (std::size_t k = 0; k < n; ++k) {
      to[k] = float((static_cast<double>(value(k)) - scaling.mean[k]) / scaling.deviation[k]);
    }
  } else if constexpr (sizeof(T) == 1) {
    const auto divisor = static_cast<float>(scaling.divisor);
    for (std::size_t k = 0; k < n; ++k) to[k] = static_cast<float>(value(k)) / divisor;
  } else {
    for (std::size_t k = 0; k < n; ++k) {
      to[k] = float(static_cast<double>(value(k)) / scaling.divisor);
    }
  }
}

}  // namespace

Images::Images(std::shared_ptr<const ImageSource> source) : source_(std::move(source)) {
  features_ = 1;
  for (const std::int64_t size : source_->shape()) features_ *= size;
}

Images::Images(Array array) : Images(std::make_shared<ArraySource>(std::move(array))) {}

std::int64_t Images::count() const {
  return rows_ ? static_cast<std::int64_t>(rows_->size()) : source_->count();
}

std::size_t Images::example_bytes() const {
  return static_cast<std::size_t>(features_) * item_size(type());
}

std::int64_t Images::source_row(std::int64_t i) const {
  return rows_ ? (*rows_)[static_cast<std::size_t>(i)] : i;
}

const std::byte* Images::raw(std::int64_t i, std::byte* scratch) const {
  return source_->example(source_row(i), scratch);
}

void Images::write(std::int64_t i, const Scaling& scaling, float* to) const {
  // Only a source that draws its images touches the scratch; its images are small.
  thread_local std::vector<std::byte> scratch;
  scratch.resize(example_bytes());
  const std::byte* from = raw(i, scratch.data());
  of_type(type(),
          [&]<class T>(T) { scale<T>(from, static_cast<std::size_t>(features_), scaling, to); });
}

Images Images::select(const std::vector<std::uint32_t>& rows) const {
  auto chosen = std::make_shared<std::vector<std::uint32_t>>(rows);
  for (std::uint32_t& row : *chosen) row = static_cast<std::uint32_t>(source_row(row));
  Images selected = *this;
  selected.rows_ = std::move(chosen);
  return selected;
}

const std::uint8_t* Images::uint8_block() const {
  if (rows_ || type() != StoredType::uint8 || count() == 0) return nullptr;
  if (!source_->is_block()) return nullptr;
  return reinterpret_cast<const std::uint8_t*>(source_->example(0, nullptr));
}

}  // namespace nelbo::data
