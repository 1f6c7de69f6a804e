#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "lab/data/reading.hpp"

namespace nelbo::data {

/// Reads what SPEC names, as it is stored: a known name (sprites, sprites:32, sprites:full,
/// fashion-mnist), a file, a folder, or FILE:member. `reading` says which are the labels, and what a model
/// is conditioned on. Throws Error that says what was looked for, where, and what would mend it.
Dataset read_dataset(const std::string& spec, const Reading& reading = {});

struct LoadOptions {
  double holdout = 0.1;    ///< share that becomes `test` where the data have none; 0 for none
  std::uint64_t seed = 0;  ///< which examples these are
  double validation = 0;   ///< share of what is left for training that becomes `valid`; 0 for none
  double validation_otherwise = 0;  ///< the share where that is 0 and the data bring no `valid`
  std::string scale = {};  ///< none, 255, standard or a number; empty: as choose_scaling.hpp says
  std::string label = {};  ///< a name, or none; empty: what is clearly labels
  std::string condition = {};    ///< labels, factors, or names of columns or arrays (condition.hpp)
  std::int64_t labels_used = 0;  ///< of labels that are inferred how many are told; 0: no such
  bool missing = false;          ///< whether entries may be missing (Reading)
  /// How many of the training examples are kept, chosen by the seed; 0: all. Test and validation splits are
  /// those that they are without it.
  std::int64_t subset = 0;
  Preprocessing steps = {};  ///< what is done to the examples of every split
};

/// Reads SPEC for training: there is a split `train`, `test` too unless holdout is 0, and `valid`
/// where the data bring one or `validation` is above 0. A note in the result says what was held
/// out, left out and made of the examples. A scale that is not given is that of the values as they are
/// stored. The choice depends on the seed and the number of examples alone. Throws as read_dataset
/// does, and SettingError for another share or scale, more examples than there are, steps that the
/// examples do not fit, or a share for validation of data that bring
/// `valid`.
Dataset load_dataset(const std::string& spec, const LoadOptions& options = {});

/// SPEC with the path made absolute, for a configuration that must work from any folder. Names stay
/// names, except fashion-mnist, which becomes the folder where it was found.
std::string absolute_spec(const std::string& spec);

}  // namespace nelbo::data
