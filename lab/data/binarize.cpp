#include "lab/data/binarize.hpp"

#include <cstddef>
#include <iterator>

#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {
namespace {

/// In the order of Binarize.
constexpr const char* names[] = {"none", "threshold", "fixed", "dynamic"};

}  // namespace

Binarize parse_binarize(const std::string& name) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (name == names[i]) return Binarize(i);
  throw SettingError("binarize",
                     one_line("'" + name + "' is not one of none, threshold, fixed, dynamic"));
}

const char* name_of(Binarize policy) { return names[std::size_t(policy)]; }

}  // namespace nelbo::data
