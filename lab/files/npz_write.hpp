#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lab/files/array.hpp"

namespace nelbo {

/// Takes the next bytes of a row of values.
using TakeBytes = std::function<void(const void* bytes, std::size_t size)>;

/// An array whose values are made as they are written, so that they need never lie in memory at once.
struct ArrayInBlocks {
  data::StoredType type = data::StoredType::float32;
  std::vector<std::int64_t> shape;
  /// Hands over all values in row-major order. It is called twice, and must say the same.
  std::function<void(const TakeBytes& take)> values;
};

/// The arrays of an archive, by name.
struct NpzContent {
  std::map<std::string, data::ArrayView> arrays;
  std::map<std::string, ArrayInBlocks> in_blocks;
  std::map<std::string, std::vector<std::string>> texts;  ///< arrays of strings
};

/// What an archive may hold in all: the zip format counts in 32 bits.
inline constexpr std::uint64_t most_npz_bytes = 0xffffffff;

/// Writes a NumPy .npz archive (numpy.load reads it), members stored uncompressed and sorted by name.
/// The file appears atomically, and its bytes are a function of the arrays alone. Throws Error naming
/// the path, also for a name that is used twice and more than most_npz_bytes.
void write_npz(const std::string& path, const NpzContent& content);
void write_npz(const std::string& path, const std::map<std::string, data::ArrayView>& arrays);

}  // namespace nelbo
