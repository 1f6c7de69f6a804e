#include "models/hierarchy/layered.hpp"

#include <functional>

#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

Var sum_of(const std::vector<Var>& parts) {
  Var sum = parts.front();
  for (std::size_t l = 1; l < parts.size(); ++l) sum = sum + parts[l];
  return sum;
}

/// A posterior whose layers are normals, each given the one that is drawn before it: z1 first, or the
/// last first.
class LayeredPosterior : public Posterior {
 public:
  explicit LayeredPosterior(const std::vector<CodeLayer>& layers) : layers_(layers) {}

  bool has_rsample() const override { return true; }
  std::string instead_of_normal() const override { return "choose a model of one layer"; }
  PosteriorSample draw(Var noise) const override {
    std::vector<Var> z(layers_.size()), log_q(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const std::size_t l = number(i);
      const auto [own, log_prob] =
          given(l, i == 0 ? Var() : z[number(i - 1)]).rsample_log_prob(layer_of(noise, layers_[l]));
      z[l] = own;
      log_q[l] = log_prob;
    }
    return {concatenate(z, -1), sum_of(log_q)};
  }
  std::vector<Var> log_prob_by_layer(Var z) const override {
    std::vector<Var> parts(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const std::size_t l = number(i);
      const Var before = i == 0 ? Var() : layer_of(z, layers_[number(i - 1)]);
      parts[l] = given(l, before).log_prob(layer_of(z, layers_[l]));
    }
    return parts;
  }
  Var log_prob(Var z) const override { return sum_of(log_prob_by_layer(z)); }
  Var expectation() const override {
    std::vector<Var> means(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      means[number(i)] = given(number(i), i == 0 ? Var() : means[number(i - 1)]).mean;
    }
    return concatenate(means, -1);
  }

 protected:
  /// Which layer is drawn as number i.
  virtual std::size_t number(std::size_t i) const = 0;
  /// Layer l given the one drawn before it, of which the first has none.
  virtual DiagNormal given(std::size_t l, Var before) const = 0;

  const std::vector<CodeLayer>& layers_;
};

class BottomUp final : public LayeredPosterior {
 public:
  BottomUp(const std::vector<CodeLayer>& layers, const DiagNormal& first,
           const std::vector<NormalLayer>& up)
      : LayeredPosterior(layers), first_(first), up_(up) {}
  std::string family() const override { return "layered"; }

 protected:
  std::size_t number(std::size_t i) const override { return i; }
  DiagNormal given(std::size_t l, Var before) const override {
    return l == 0 ? first_ : up_[l](before);
  }

 private:
  DiagNormal first_;
  const std::vector<NormalLayer>& up_;
};

class TopDown final : public LayeredPosterior {
 public:
  TopDown(const std::vector<CodeLayer>& layers, const std::vector<DiagNormal>& own,
          const std::vector<NormalLayer>& down)
      : LayeredPosterior(layers), own_(own), down_(down) {}
  std::string family() const override { return "ladder"; }

 protected:
  std::size_t number(std::size_t i) const override { return layers_.size() - 1 - i; }
  DiagNormal given(std::size_t l, Var before) const override {
    const bool last = l + 1 == layers_.size();
    return last ? own_[l] : precision_weighted(own_[l], down_[l](before));
  }

 private:
  std::vector<DiagNormal> own_;
  const std::vector<NormalLayer>& down_;
};

class LayeredPrior final : public Prior {
 public:
  LayeredPrior(const std::string& text, const std::vector<CodeLayer>& layers,
               const std::vector<NormalLayer>& down)
      : text_(text), layers_(layers), down_(down) {}

  std::string text() const override { return text_; }
  bool factorised() const override { return down_.empty(); }
  std::vector<Var> log_prob_by_layer(Var z) const override {
    std::vector<Var> parts;
    for (std::size_t l = 0; l < down_.size(); ++l) {
      parts.push_back(down_[l](layer_of(z, layers_[l + 1])).log_prob(layer_of(z, layers_[l])));
    }
    parts.push_back(standard_normal_log_prob(layer_of(z, layers_.back())));
    return parts;
  }
  Var log_prob(Var z) const override { return sum_of(log_prob_by_layer(z)); }
  std::int64_t noise_dimensions() const override {
    return layers_.back().first + layers_.back().size;
  }
  Var sample(Var noise) const override {
    std::vector<Var> z(layers_.size());
    z.back() = layer_of(noise, layers_.back());
    for (std::size_t l = down_.size(); l-- > 0;) {
      z[l] = down_[l](z[l + 1]).rsample(layer_of(noise, layers_[l]));
    }
    return stop(concatenate(z, -1));
  }

 private:
  std::string text_;
  const std::vector<CodeLayer>& layers_;
  const std::vector<NormalLayer>& down_;
};

}  // namespace

Var layer_of(Var z, const CodeLayer& layer) {
  return contiguous(slice(z, -1, layer.first, layer.first + layer.size));
}

std::shared_ptr<const Posterior> bottom_up(const std::vector<CodeLayer>& layers,
                                           const DiagNormal& first,
                                           const std::vector<NormalLayer>& up) {
  return std::make_shared<BottomUp>(layers, first, up);
}

std::shared_ptr<const Posterior> top_down(const std::vector<CodeLayer>& layers,
                                          const std::vector<DiagNormal>& own,
                                          const std::vector<NormalLayer>& down) {
  return std::make_shared<TopDown>(layers, own, down);
}

std::shared_ptr<const Prior> layered_prior(const std::string& text,
                                           const std::vector<CodeLayer>& layers,
                                           const std::vector<NormalLayer>& down) {
  return std::make_shared<LayeredPrior>(text, layers, down);
}

}  // namespace nelbo
