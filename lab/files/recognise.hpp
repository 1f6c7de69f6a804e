#pragma once
#include <memory>
#include <string>

#include "lab/files/input.hpp"

namespace nelbo::data {

/// idx_labels: one axis, or 32-bit integers in two as QMNIST has them; idx_other: of an element type
/// that is not read.
enum class Format { unknown, idx_images, idx_labels, idx_other, npy, npz, safetensors, amat, csv };

/// "idx", "npy", "npz", "safetensors", "amat", "csv"; "unknown"
const char* format_name(Format format);

/// What a file is by its first bytes, after unpacking gzip. Text counts as amat or CSV when its
/// first line (for CSV with a header its second) is all numbers. Throws Error when gzip data is
/// damaged at its start.
Format recognise(const std::shared_ptr<const Input>& input);

/// The same, but a file whose content says nothing is taken for what its name says, so that the
/// reader of that format can say what is wrong with it.
Format recognise_named(const std::shared_ptr<const Input>& input);

}  // namespace nelbo::data
