#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lab/files/bytes.hpp"

namespace nelbo::data {

/// Element types that data files may hold; values stay in this type in memory.
enum class StoredType { boolean, uint8, int32, int64, float32, float64 };

std::size_t item_size(StoredType type);
bool is_integer(StoredType type);  ///< boolean counts as an integer
bool is_floating(StoredType type);
/// "bool", "uint8", "int32", "int64", "float32", "float64"
const char* type_name(StoredType type);

/// Calls f(T{}) with T the type in which elements are in memory; a boolean is a byte.
template <class F>
auto of_type(StoredType type, F&& f) {
  switch (type) {
    case StoredType::int32:
      return f(std::int32_t{});
    case StoredType::int64:
      return f(std::int64_t{});
    case StoredType::float32:
      return f(float{});
    case StoredType::float64:
      return f(double{});
    default:
      return f(std::uint8_t{});
  }
}

/// A dense row-major array as it was read from a file, in native byte order.
struct Array {
  StoredType type = StoredType::uint8;
  std::vector<std::int64_t> shape;
  Bytes bytes;

  std::int64_t count() const;  ///< number of elements
};

/// Values in row-major order that are somebody else's, to be written to a file.
struct ArrayView {
  StoredType type = StoredType::float32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
};

/// Number of bytes of an array with this shape. Throws Error naming `file` when a size is negative
/// or the product does not fit in 62 bits.
std::uint64_t checked_bytes(const std::string& file, StoredType type,
                            const std::vector<std::int64_t>& shape);

/// "60000 x 28 x 28"
std::string shape_text(const std::vector<std::int64_t>& shape);

/// Makes every boolean 0 or 1: as in NumPy any other byte is true (Omniglot's NPZ files hold 255).
/// Throws Error naming `file` and the position when a floating-point value is not a finite float32,
/// or with `missing` NaN, which is a value that is missing.
void normalise(const std::string& file, Array& array, bool missing = false);

/// Integers of any stored integer type as int64. Throws Error naming `file` for floating-point
/// arrays.
std::vector<std::int64_t> to_int64(const std::string& file, const Array& array);
/// Numbers of any stored type as double.
std::vector<double> to_double(const Array& array);

}  // namespace nelbo::data
