#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lab/data/reading.hpp"

namespace nelbo::data {

struct Dataset;
struct Split;

/// C at the most, and classes of one factor.
inline constexpr std::size_t most_condition_numbers = 4096;

/// What a model is conditioned on, and how that is coded as C numbers: labels and factors one-hot, columns
/// less their mean, by their deviation.
struct Condition {
  std::string of;  ///< "labels", "factors", or names: "age,height"; empty: nothing
  /// Of labels the different ones of the training examples, ascending; of factors how many classes
  /// each has.
  std::vector<std::int64_t> classes = {};
  std::vector<double> mean = {}, deviation = {};  ///< [K], of columns, over the training examples
  /// Whether they are labels that a model infers (models/labels/semi_supervised.hpp), and the rows of the
  /// training split whose label it is told in training, ascending.
  bool inferred = false;
  std::vector<std::int64_t> told = {};

  bool any() const { return !of.empty(); }
  bool operator==(const Condition&) const = default;
  /// How many numbers or classes one is made of: 1 label, a class of each factor, K columns.
  std::size_t values() const;
  /// C.
  std::size_t size() const;
  /// Codes values [values()] as c [C]. Throws Error for a label or class that there is none of.
  void code(std::span<const double> values, float* c) const;
  /// The same of example i.
  void code(const Split& split, std::size_t i, float* c) const;
  /// The same of "3" or "0.5,2". Throws SettingError of `condition`.
  std::vector<float> parse(const std::string& text) const;
  /// Throws Error, which begins with `spec`, for a split that lacks the values, or has others.
  void check(const Split& split, const std::string& spec) const;
};

/// The columns or arrays that "age,height" names; none of labels and factors, which have places of their
/// own. Throws SettingError for a name that is given twice.
std::vector<std::string> condition_names(const std::string& of);

/// The condition `of` a data set, coded by its training split. Throws Error where that lacks it.
Condition code_condition(const Dataset& data, const std::string& of);

/// `count` rows of a split, as many of each of the different labels `classes` as there can be, chosen by
/// the seed, ascending. Throws SettingError of `labels_used` for fewer than one of each, and for labels
/// with too few examples.
std::vector<std::int64_t> told_rows(const Split& split, const std::vector<std::int64_t>& classes,
                                    std::int64_t count, std::uint64_t seed);

}  // namespace nelbo::data
