#pragma once
#include "lab/files/array.hpp"
#include "lab/files/stream.hpp"

namespace nelbo::data {

/// What a NumPy .npy header says (format versions 1 to 3).
struct NpyHeader {
  StoredType type = StoredType::uint8;
  bool readable = false;  ///< false for pickled objects, strings, records and other element types
  std::string type_text;  ///< the header's own name of the element type, e.g. "<f4" or "|O"
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// Reads the header and leaves the stream at the first value. Throws Error naming the file when it
/// is not one.
NpyHeader read_npy_header(Stream& stream);

/// What stands before the values of an array in a .npy file of format version 1.0, padded with
/// spaces so that they start at a multiple of 64 bytes.
std::string npy_header(const ArrayView& array);
/// The same of values of any element type, as NumPy writes it: "<U5".
std::string npy_header(const std::string& type, const std::vector<std::int64_t>& shape);

/// Reads a whole .npy stream of texts ("<U5", "|S5"), in UTF-8 and row-major order. Throws Error for other
/// element types, and more than 2^20 texts.
std::vector<std::string> read_npy_texts(Stream& stream);

/// Reads a whole .npy stream; Fortran order is turned into row-major order. Throws Error for
/// element types other than bool, uint8, int32, int64, float32, float64 (little-endian), and for
/// truncated or surplus content.
Array read_npy(Stream& stream);

}  // namespace nelbo::data
