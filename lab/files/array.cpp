#include "lab/files/array.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

struct KnownType {
  const char* name;
  std::size_t size;
};

/// In the order of StoredType.
constexpr KnownType known_types[] = {{"bool", 1},  {"uint8", 1},   {"int32", 4},
                                     {"int64", 8}, {"float32", 4}, {"float64", 8}};

template <class T>
T load(const std::byte* bytes, std::int64_t i) {
  T value;
  std::memcpy(&value, bytes + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void check_finite(const std::string& file, const Array& array, bool missing) {
  const std::int64_t n = array.count();
  for (std::int64_t i = 0; i < n; ++i) {
    const T value = load<T>(array.bytes.data(), i);
    // Training computes in float32: a double beyond its range would be infinite there.
    if (std::abs(value) <= static_cast<T>(std::numeric_limits<float>::max())) continue;
    if (missing && std::isnan(value)) continue;
    const std::int64_t rows = array.shape.empty() ? 1 : array.shape.front();
    const std::int64_t per_row = rows > 0 ? n / rows : n;
    fail(file,
         "example {} holds {} at position {}; values must be finite numbers within float32's range",
         i / per_row, value, i % per_row);
  }
}

template <class T>
void widen(const Array& array, std::vector<std::int64_t>& out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = load<T>(array.bytes.data(), static_cast<std::int64_t>(i));
}

}  // namespace

std::size_t item_size(StoredType type) { return known_types[std::size_t(type)].size; }

bool is_floating(StoredType type) {
  return type == StoredType::float32 || type == StoredType::float64;
}

bool is_integer(StoredType type) { return !is_floating(type); }

const char* type_name(StoredType type) { return known_types[std::size_t(type)].name; }

std::int64_t Array::count() const {
  return static_cast<std::int64_t>(bytes.size() / item_size(type));
}

std::uint64_t checked_bytes(const std::string& file, StoredType type,
                            const std::vector<std::int64_t>& shape) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 62;
  // An axis of size 0 must not hide an absurd one, so the product runs over max(size, 1).
  std::uint64_t product = item_size(type);
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) fail(file, "negative size in shape {}", shape_text(shape));
    empty = empty || size == 0;
    const std::uint64_t factor = size == 0 ? 1 : static_cast<std::uint64_t>(size);
    if (factor > limit / product) fail(file, "absurd shape {}", shape_text(shape));
    product *= factor;
  }
  return empty ? 0 : product;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  constexpr std::size_t most = 16;
  std::string text;
  for (std::size_t i = 0; i < shape.size() && i < most; ++i)
    text += (i ? " x " : "") + std::to_string(shape[i]);
  if (shape.size() > most) text += " x ...";
  return text.empty() ? "()" : text;
}

void normalise(const std::string& file, Array& array, bool missing) {
  if (array.type == StoredType::float32) check_finite<float>(file, array, missing);
  if (array.type == StoredType::float64) check_finite<double>(file, array, missing);
  if (array.type == StoredType::boolean)
    for (std::size_t i = 0; i < array.bytes.size(); ++i)
      if (array.bytes.data()[i] != std::byte{0}) array.bytes.data()[i] = std::byte{1};
}

std::vector<std::int64_t> to_int64(const std::string& file, const Array& array) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(array.count()));
  switch (array.type) {
    case StoredType::boolean:
    case StoredType::uint8:
      widen<std::uint8_t>(array, out);
      break;
    case StoredType::int32:
      widen<std::int32_t>(array, out);
      break;
    case StoredType::int64:
      widen<std::int64_t>(array, out);
      break;
    default:
      fail(file, "labels must be integers, found {}", type_name(array.type));
  }
  return out;
}

std::vector<double> to_double(const Array& array) {
  std::vector<double> numbers(static_cast<std::size_t>(array.count()));
  of_type(array.type, [&]<class T>(T) {
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = static_cast<double>(load<T>(array.bytes.data(), static_cast<std::int64_t>(i)));
  });
  return numbers;
}

}  // namespace nelbo::data
