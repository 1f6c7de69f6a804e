// Registry rows of what rearranges values: references are Tensor's own counterparts, or loops.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

Tensor with_values(const Shape& shape, const std::vector<double>& values) {
  return Tensor::of(values, shape, DType::f64);
}

/// A row for a view or copy: the reference is Tensor's own counterpart, or loops.
OperatorRow row(std::string name, std::string variant,
                std::function<Var(const std::vector<Var>&)> apply,
                std::function<Tensor(const std::vector<Tensor>&)> reference,
                std::vector<std::vector<Operand>> samples) {
  OperatorRow r;
  r.name = std::move(name);
  r.variant = std::move(variant);
  r.apply = [apply](const std::vector<Var>& x) { return std::vector<Var>{apply(x)}; };
  r.reference = [reference](const std::vector<Tensor>& x) {
    return std::vector<Tensor>{reference(x)};
  };
  r.samples = std::move(samples);
  r.tolerance_f32 = 1e-7;
  r.tolerance_f64 = 0;
  return r;
}

Tensor join(const std::vector<Tensor>& parts, int axis) {
  Shape shape = parts[0].shape();
  shape[axis] = 0;
  for (const Tensor& part : parts) shape[axis] += part.shape()[axis];
  Tensor out(shape, DType::f64);
  std::int64_t at = 0;
  for (const Tensor& part : parts) {
    out.slice(axis, at, at + part.shape()[axis]).copy_from(part);
    at += part.shape()[axis];
  }
  return out;
}

}  // namespace

std::vector<OperatorRow> shape_rows() {
  using Vars = std::vector<Var>;
  using Tensors = std::vector<Tensor>;
  std::vector<OperatorRow> rows;
  rows.push_back(row(
      "reshape", "",
      [](const Vars& x) {
        return reshape(x[0], {-1, 3});
      },
      [](const Tensors& x) {
        return x[0].reshape({x[0].size() / 3, 3});
      },
      {{{.shape = {2, 9}}}, {{.shape = {3}}}, {{.shape = {0, 3}}}}));
  rows.push_back(row(
      "contiguous", "of a transposed view",
      [](const Vars& x) { return contiguous(transpose(x[0])); },
      [](const Tensors& x) { return x[0].transpose(0, 1).contiguous(); }, {{{.shape = {5, 7}}}}));
  rows.push_back(row(
      "reshape", "of a transposed view",
      [](const Vars& x) { return reshape(transpose(x[0]), {-1}); },
      [](const Tensors& x) { return x[0].transpose(0, 1).reshape({x[0].size()}); },
      {{{.shape = {5, 7}}}}));
  rows.push_back(row(
      "permute", "",
      [](const Vars& x) {
        return permute(x[0], {2, 0, 1});
      },
      [](const Tensors& x) {
        return x[0].permute({2, 0, 1}).contiguous();
      },
      {{{.shape = {2, 3, 5}}}, {{.shape = {1, 1, 1}}}, {{.shape = {2, 0, 5}}}}));
  rows.push_back(row(
      "transpose", "", [](const Vars& x) { return transpose(x[0]); },
      [](const Tensors& x) { return x[0].transpose(-2, -1).contiguous(); },
      {{{.shape = {4, 3}}}, {{.shape = {2, 1, 5}}}}));
  rows.push_back(row(
      "slice", "leading axis", [](const Vars& x) { return slice(x[0], 0, 1, 3); },
      [](const Tensors& x) { return x[0].slice(0, 1, 3).contiguous(); },
      {{{.shape = {4, 17}}}, {{.shape = {3}}}}));
  rows.push_back(row(
      "slice", "last axis, twice",
      [](const Vars& x) {
        return concatenate({slice(x[0], -1, 2, 5), slice(x[0], 1, 0, 3)}, 0);
      },
      [](const Tensors& x) {
        return join({x[0].slice(1, 2, 5), x[0].slice(1, 0, 3)}, 0);
      },
      {{{.shape = {3, 6}}}}));
  rows.push_back(row(
      "broadcast_to", "",
      [](const Vars& x) {
        return broadcast_to(x[0], {3, 4, 5});
      },
      [](const Tensors& x) {
        Tensor out({3, 4, 5}, DType::f64);
        for (int i = 0; i < 60; ++i) {
          const bool column = x[0].shape().rank() == 2;
          static_cast<double*>(out.data())[i] = x[0].size() == 1 ? x[0].item()
                                                : column         ? x[0].at({i / 5 % 4, 0})
                                                                 : x[0].at({i % 5});
        }
        return out;
      },
      {{{.shape = {4, 1}}}, {{.shape = {5}}}, {{.shape = {}}}}));
  rows.push_back(row(
      "concatenate", "", [](const Vars& x) { return concatenate(x, 1); },
      [](const Tensors& x) { return join(x, 1); },
      {{{.shape = {2, 3}}, {.shape = {2, 1}}, {.shape = {2, 17}}},
       {{.shape = {2, 0, 3}}, {.shape = {2, 2, 3}}}}));
  rows.push_back(row(
      "stack", "", [](const Vars& x) { return stack(x, 1); },
      [](const Tensors& x) {
        Tensors parts;
        for (const Tensor& part : x)
          parts.push_back(part.reshape({part.shape()[0], 1, part.shape()[1]}));
        return join(parts, 1);
      },
      {{{.shape = {4, 5}}, {.shape = {4, 5}}, {.shape = {4, 5}}}}));
  rows.push_back(row(
      "gather_rows", "", [](const Vars& x) { return gather_rows(x[0], x[1]); },
      [](const Tensors& x) {
        Tensor out({x[1].size(), x[0].shape()[1]}, DType::f64);
        for (std::int64_t b = 0; b < x[1].size(); ++b) {
          const auto from = std::int64_t(x[1].at({b}));
          out.slice(0, b, b + 1).copy_from(x[0].slice(0, from, from + 1));
        }
        return out;
      },
      {{{.shape = {5, 3}}, {.shape = {4}, .values = {4, 0, 4, 2}, .index = true}},
       {{.shape = {1, 17}}, {.shape = {0}, .values = {}, .index = true}}}));
  rows.push_back(row(
      "stop", "", [](const Vars& x) { return stop(x[0]); }, [](const Tensors& x) { return x[0]; },
      {{{.shape = {3, 4}}}}));
  rows.back().differentiable = false;
  rows.push_back(row(
      "only", "all groups", [](const Vars& x) { return only(x[0], all_groups); },
      [](const Tensors& x) { return x[0]; }, {{{.shape = {3, 4}}}}));
  rows.push_back(row(
      "gate", "coefficients 1",
      [](const Vars& x) {
        return gate(x[0], x[0].tape().leaf(Tensor::full({3, 4}, 1, x[0].dtype())));
      },
      [](const Tensors& x) { return with_values(x[0].shape(), x[0].values()); },
      {{{.shape = {3, 4, 5}}}}));
  rows.push_back(row(
      "straight_through", "hard as soft, of which it is the identity",
      [](const Vars& x) { return straight_through(x[0], x[0]); },
      [](const Tensors& x) { return x[0]; },
      {{{.shape = {3, 4, 5}}}, {{.shape = {1}}}, {{.shape = {0, 3}}}}));
  rows.push_back(row(
      "straight_through", "the value of hard",
      [](const Vars& x) { return straight_through(x[0], x[1]); },
      [](const Tensors& x) { return x[0]; }, {{{.shape = {3, 17}}, {.shape = {3, 17}}}}));
  rows.back().differentiable = false;
  return rows;
}

}  // namespace nelbo
