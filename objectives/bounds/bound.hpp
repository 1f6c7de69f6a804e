#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace nelbo {

/// A bound on (or estimate of) log p(x) as a smooth function L(f_1 .. f_S) of one datum's
/// log-weights f_s = log P(x|z_s) + log P0(z_s) - log Q(z_s|x), in nats: an immutable value, whose
/// copies share one object.
///
///   const Bound bound = bounds::iw(5);
///   bound.text();                          // "iw(m=5)"
///   double L = bound(f, a, h);             // f, a, h: 5 numbers each
class Bound {
 public:
  /// On which side of log p(x) it is known to lie, for every model: lower, E L of any m; upper, what E L
  /// tends to as m grows, while of few samples the logarithm may leave it below (cubo).
  enum class Side { lower, upper, neither };
  /// Sign of E L - log p(x), where it is the same for every model.
  enum class Bias { under, undetermined };

  /// L(f); writes a_s = dL/df_s to a and h_s = d2L/df_s^2 to h. All have `samples` elements. Called
  /// from several threads at once; may not throw.
  using Function =
      std::function<double(std::span<const double> f, std::span<double> a, std::span<double> h)>;

  struct Properties {
    std::string text;      // as it is written: "ciwae(beta=0.5, m=5)"
    std::string formula;   // L in LaTeX, of the weights R_s = exp f_s
    std::string equation;  // "Zheng eq. (39)"
    std::string meaning;   // half a line for people
    std::int64_t samples;  // S
    Side side;
    Bias bias;
    bool linear = false;  // L is a weighted mean of f: h = 0
    bool smooth = true;   // L has second derivatives everywhere
    /// a_s vanishes only where h_s does; h_s / a_s is then bounded.
    bool bounded_curvature = true;
    bool importance_weighted = false;  // L is log mean_s R_s: a_s are the normalised weights
    std::string family = "";  // as it is written but for m: "ciwae(beta=0.5)"; none: the text
  };

  Bound(Properties properties, Function function);
  /// The mean of `groups` copies of `inner` on consecutive samples.
  Bound(Properties properties, Function function, std::int64_t groups, const Bound& inner);

  const std::string& text() const { return node_->properties.text; }
  /// The same of every number of samples m.
  const std::string& family() const {
    return node_->properties.family.empty() ? text() : node_->properties.family;
  }
  const std::string& formula() const { return node_->properties.formula; }
  const std::string& equation() const { return node_->properties.equation; }
  const std::string& meaning() const { return node_->properties.meaning; }
  std::int64_t samples() const { return node_->properties.samples; }
  Side side() const { return node_->properties.side; }
  Bias bias() const { return node_->properties.bias; }
  bool linear() const { return node_->properties.linear; }
  bool smooth() const { return node_->properties.smooth; }
  bool importance_weighted() const { return node_->properties.importance_weighted; }
  bool bounded_curvature() const { return node_->properties.bounded_curvature; }
  const Properties& properties() const { return node_->properties; }
  /// k of a mean of k copies of inner(), else 1 and the bound itself.
  std::int64_t groups() const { return node_->groups; }
  const Bound& inner() const { return node_->inner ? *node_->inner : *this; }
  /// Whether it is the ELBO, f_1, or a mean of k of them.
  bool is_elbo() const { return inner().samples() == 1 && inner().linear(); }

  /// L of one datum, nats, with its first and second derivatives in each f_s. Throws Error if f, a
  /// or h has not samples() elements.
  double operator()(std::span<const double> f, std::span<double> a, std::span<double> h) const;
  /// L alone.
  double operator()(std::span<const double> f) const;

  /// The function itself, which lives as long as any copy of this bound.
  const Function& function() const { return node_->function; }

 private:
  struct Node {
    Properties properties;
    Function function;
    std::int64_t groups = 1;
    std::shared_ptr<const Bound> inner = nullptr;
  };
  std::shared_ptr<const Node> node_;
};

}  // namespace nelbo
