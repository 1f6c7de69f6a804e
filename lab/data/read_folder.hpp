#pragma once
#include <string>

#include "lab/data/dataset.hpp"
#include "lab/data/reading.hpp"

namespace nelbo::data {

/// Reads the data files of a folder (not of folders in it); files of other kinds are passed over.
/// Each data file is a split, called by a word of its name: train, valid, test (t10k is MNIST's
/// test, background and evaluation are Omniglot's train and test). One file alone is `train`; files
/// without such a word, or with one twice, are called by their full names. Throws Error naming the
/// folder when it holds no data, several formats, or differing shapes.
Dataset read_folder(const std::string& path, const Reading& reading = {});

}  // namespace nelbo::data
