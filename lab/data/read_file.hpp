#pragma once
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "lab/data/reading.hpp"
#include "lab/files/recognise.hpp"

namespace nelbo::data {

/// What one data file holds: a single split without a name of its own yet.
struct FileContent {
  Format format = Format::unknown;
  Split split;
  std::vector<std::string> files;  ///< the file, and the label file beside it if there was one
  std::vector<std::string> factor_names;  ///< of split.factors
  std::vector<std::string> notes;
};

/// Reads the examples of one file. `member` chooses an array of an .npz or safetensors file;
/// without it `imgs`, `images` or the only readable array is taken. An array of whole numbers whose
/// shape equals the leading axes of the images labels them, and those axes become one: (964, 20,
/// 105, 105) with labels (964, 20) is 19,280 examples of (105, 105). Arrays
/// of factors beside the images (factors.hpp) are taken as such. IDX images take the labels of
/// the file beside them. `reading` says which are the labels, and what a
/// model is conditioned on. Throws Error naming the file.
FileContent read_file(const std::string& path, const std::string& member = "",
                      const Reading& reading = {});

}  // namespace nelbo::data
