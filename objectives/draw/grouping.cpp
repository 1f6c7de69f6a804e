#include "objectives/draw/grouping.hpp"

#include <vector>

#include "autodiff/error.hpp"

namespace nelbo {

Grouping Grouping::equal(std::int64_t groups) {
  if (groups < 1) throw Error("groups=" + std::to_string(groups) + ": at least 1 group");
  Grouping grouping{DimensionGroups{}};
  grouping.count_ = groups;
  return grouping;
}

DimensionGroups Grouping::of(std::int64_t latent) const {
  const std::string what =
      "groups=" + text() + " of " + std::to_string(latent) + " latent dimensions: ";
  if (count_ > 0) {
    if (latent % count_ != 0) throw Error(what + "they cannot be cut into equal groups");
    DimensionGroups equal(static_cast<std::size_t>(count_));
    for (std::int64_t d = 0; d < latent; ++d) {
      equal[std::size_t(d / (latent / count_))].push_back(int(d));
    }
    return equal;
  }
  std::vector<bool> seen(std::size_t(latent), false);
  for (const auto& group : sets_) {
    if (group.empty()) throw Error(what + "a group is empty");
    for (const int d : group) {
      if (d < 0 || d >= latent) {
        throw Error(what + "there is no dimension " + std::to_string(d) + "; they count from 0");
      }
      if (seen[std::size_t(d)]) throw Error(what + "dimension " + std::to_string(d) + " is twice");
      seen[std::size_t(d)] = true;
    }
  }
  for (std::int64_t d = 0; d < latent; ++d) {
    if (!seen[std::size_t(d)]) {
      throw Error(what + "dimension " + std::to_string(d) + " is in no group");
    }
  }
  return sets_;
}

std::string Grouping::text() const {
  if (count_ > 0) return std::to_string(count_);
  std::string all = "[";
  for (const auto& group : sets_) {
    all += all.size() > 1 ? ",[" : "[";
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (i > 0) all += ",";
      all += std::to_string(group[i]);
    }
    all += "]";
  }
  return all + "]";
}

}  // namespace nelbo
