#include "lab/data/binarize.hpp"

#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {

Binarize parse_binarize(const std::string& name) {
  for (const Binarize policy :
       {Binarize::none, Binarize::threshold, Binarize::fixed, Binarize::dynamic})
    if (name == name_of(policy)) return policy;
  throw SettingError("binarize",
                     one_line("'" + name + "' is not one of none, threshold, fixed, dynamic"));
}

const char* name_of(Binarize policy) {
  switch (policy) {
    case Binarize::none:
      return "none";
    case Binarize::threshold:
      return "threshold";
    case Binarize::fixed:
      return "fixed";
    case Binarize::dynamic:
      return "dynamic";
  }
  return "";
}

}  // namespace nelbo::data
