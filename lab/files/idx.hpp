#pragma once
#include "lab/files/array.hpp"
#include "lab/files/stream.hpp"

namespace nelbo::data {

/// Reads an IDX file of unsigned bytes (LeCun's MNIST format): two zero bytes, element type 0x08,
/// the number of axes, one big-endian 32-bit size per axis, then the values row-major and nothing
/// after them. Throws Error naming the file for a wrong magic number, another element type, or
/// sizes that do not match.
Array read_idx(Stream& stream);

}  // namespace nelbo::data
