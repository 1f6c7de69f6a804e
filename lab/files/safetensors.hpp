#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lab/files/array.hpp"
#include "lab/files/input.hpp"

/// The safetensors format: u64 little-endian header length, a JSON header
/// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {string: string}},
/// then the values of all tensors, little-endian and row-major, without holes or overlaps.
namespace nelbo::safetensors {

using View = data::ArrayView;
using Views = std::map<std::string, View>;
using Metadata = std::map<std::string, std::string>;

/// Writes the file atomically (temporary file, fsync, rename). The bytes are a function of the
/// arguments alone: tensors lie sorted by name, and the header is padded with spaces so that values
/// start at a multiple of 64. The metadata get one more entry, "nelbo_digest": an XXH64 of all
/// other metadata and all tensors, by which Reader::verify finds damage. Throws Error naming the
/// path.
void write(const std::string& path, const Views& tensors, const Metadata& metadata = {});

/// An entry of the header; begin and end count from the first value of the file's data part.
struct Entry {
  std::string dtype;  ///< "F32", "BF16", ...
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

/// An opened file: the header is checked as a whole, values are read on demand.
class Reader {
 public:
  /// Throws Error naming the file for every header that is not exactly right: length, JSON, unknown
  /// fields, sizes that do not match the offsets, overlaps, holes, offsets beyond the file.
  explicit Reader(std::shared_ptr<const data::Input> input);
  explicit Reader(const std::string& path);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  const Metadata& metadata() const { return metadata_; }
  bool has(const std::string& name) const { return entries_.count(name) != 0; }
  /// Reads the file through. Throws Error naming it where it holds a digest that is not that of its
  /// content. A note where it holds none, as files of other programs and of nelbo 0.1.0; else empty.
  std::string verify() const;
  /// Throws Error when there is no such tensor or its dtype is not one of BOOL, U8, I32, I64, F32,
  /// F64.
  data::Array read(const std::string& name) const;

 private:
  std::shared_ptr<const data::Input> input_;
  std::map<std::string, Entry> entries_;
  Metadata metadata_;
  std::uint64_t data_start_ = 0;
};

/// True for the dtypes that Reader::read understands.
bool is_readable(const std::string& dtype);

}  // namespace nelbo::safetensors
