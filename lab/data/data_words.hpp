#pragma once
#include <functional>
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "models/registry.hpp"

namespace nelbo::data {

/// A data set that has a name, where others are files and folders.
struct DataWord {
  std::string name;
  std::string usage;    // "sprites[:32|:full]"
  std::string summary;  // one line for --help
  /// Of a data set on the disk: the folder where it lies. Throws Error saying how to get it.
  std::function<std::string()> folder = {};
  /// Of any other: makes it, with splits, scale and version. Throws Error for another argument.
  std::function<Dataset(const Choice&)> make = {};
  /// Of what it makes: whether entries are missing, NaN. None are unless given.
  std::function<bool(const Choice&)> missing = {};
};

/// sprites, fashion-mnist and gaussian, and a program's own.
Registry<DataWord>& data_sets();

/// Whether SPEC names a data set that its word makes, whose maker knows its scale and labels.
bool is_made(const std::string& spec);

/// The folders in which data sets of the system are looked for: "<root>/datasets/<name>", roots
/// after the XDG base directory specification.
std::vector<std::string> system_data_roots();

/// The folder of Debian's package dataset-fashion-mnist. Throws Error with the apt-get line when it
/// is missing.
std::string find_fashion_mnist(const std::vector<std::string>& roots);

}  // namespace nelbo::data
