#pragma once
#include <initializer_list>
#include <vector>

#include "models/layers/layer.hpp"

namespace nelbo {

/// Layers applied one after the other; none is the identity.
class Sequential {
 public:
  Sequential() = default;
  Sequential(std::initializer_list<Layer> layers) : layers_(layers) {}

  void append(Layer layer) { layers_.push_back(std::move(layer)); }
  std::size_t size() const { return layers_.size(); }

  Var operator()(Var x) const {
    for (const Layer& layer : layers_) x = layer(x);
    return x;
  }

 private:
  std::vector<Layer> layers_;
};

}  // namespace nelbo
