#pragma once
#include <map>
#include <string>

#include "lab/files/array.hpp"

namespace nelbo {

/// Writes arrays as a NumPy .npz archive (numpy.load reads it), members stored uncompressed and
/// sorted by name. The file appears atomically, and its bytes are a function of the arrays alone.
/// Throws Error naming the path.
void write_npz(const std::string& path, const std::map<std::string, data::ArrayView>& arrays);

}  // namespace nelbo
