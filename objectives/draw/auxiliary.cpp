#include "objectives/draw/auxiliary.hpp"

#include <algorithm>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo {

void Auxiliaries::declare(const Auxiliary& auxiliary, ParameterStore& store, const Model& model) {
  if (find(auxiliary.group) != nullptr) return;
  const std::size_t first = store.entries().size();
  networks_.push_back(auxiliary.declare(store, model));
  all_.push_back(auxiliary);
  for (std::size_t i = first; i < store.entries().size(); ++i) {
    const ParameterStore::Entry& entry = store.entries()[i];
    const std::string& group = store.group_names()[std::size_t(entry.group)];
    if (group == auxiliary.group && entry.name.starts_with(group + ".")) continue;
    throw Error("the network '" + auxiliary.group + "' declares '" + entry.name +
                "' of the group '" + group + "'; its parameters are of its own group and called " +
                auxiliary.group + ".*");
  }
}

void Auxiliaries::place(const Auxiliary& auxiliary, Layer network) {
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const Auxiliary& one) { return one.group == auxiliary.group; });
  if (at == all_.end()) {
    all_.push_back(auxiliary);
    networks_.push_back(std::move(network));
  } else {
    *at = auxiliary;
    networks_[std::size_t(at - all_.begin())] = std::move(network);
  }
}

const Layer* Auxiliaries::find(const std::string& group) const {
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const Auxiliary& one) { return one.group == group; });
  return at == all_.end() ? nullptr : &networks_[std::size_t(at - all_.begin())];
}

Groups Auxiliaries::groups(const ParameterStore& store) const {
  Groups mask = 0;
  for (const std::string& group : store.group_names()) {
    if (find(group) != nullptr) mask |= store.groups({group});
  }
  return mask;
}

}  // namespace nelbo
