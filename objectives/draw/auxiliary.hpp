#pragma once
#include <functional>
#include <string>
#include <vector>

#include "autodiff/optimizer.hpp"
#include "models/layers/layer.hpp"
#include "models/model.hpp"

namespace nelbo {

/// A network that learns beside the model, from a loss of its own and with an optimiser of its own:
/// FactorVAE's critic, a baseline, a term's own. Its parameters are a group that no objective of the
/// model moves, as its own loss moves nothing else.
struct Auxiliary {
  std::string group;  // of its parameters, and its name: "critic"
  OptimizerConfig optimizer = {};
  double rate = 1e-3;
  /// Declares its parameters, all of the group, with names that begin with it: "critic.0.weight".
  std::function<Layer(ParameterStore& store, const Model& model)> declare;
};

/// The auxiliaries of a run, declared.
class Auxiliaries {
 public:
  /// Declares one; nothing where there is one of that group. Throws Error for parameters of other groups
  /// or names.
  void declare(const Auxiliary& auxiliary, ParameterStore& store, const Model& model);
  /// Puts a network that is made already in the place of its group's, or beside the others.
  void place(const Auxiliary& auxiliary, Layer network);

  /// In the order of declaration.
  const std::vector<Auxiliary>& all() const { return all_; }
  /// Null where there is none of that group.
  const Layer* find(const std::string& group) const;
  /// Their groups; one without parameters has none.
  Groups groups(const ParameterStore& store) const;

 private:
  std::vector<Auxiliary> all_;
  std::vector<Layer> networks_;
};

}  // namespace nelbo
