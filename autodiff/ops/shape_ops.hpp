#pragma once
#include <initializer_list>
#include <span>

#include "autodiff/tape.hpp"

namespace nelbo {

/// Itself where its memory is row-major, else a copy that is.
Var contiguous(Var x);

/// The same numbers in row-major order under another shape. Free (a view) for row-major values.
/// Throws Error if the sizes differ.
Var reshape(Var x, const Shape& shape);
/// One axis may be -1: what is left.
Var reshape(Var x, std::initializer_list<std::int64_t> dims);

/// Axes in the order given; free (a view).
Var permute(Var x, std::initializer_list<int> axes);
/// Swaps two axes; free (a view).
Var transpose(Var x, int a = -2, int b = -1);

/// Elements start..stop-1 of one axis; free (a view).
Var slice(Var x, int axis, std::int64_t start, std::int64_t stop);

/// x repeated along axes of length 1 and new leading axes until it has `shape`; free (a view).
Var broadcast_to(Var x, const Shape& shape);

/// Joins values of equal shape but for `axis`.
Var concatenate(std::span<const Var> parts, int axis);
Var concatenate(std::initializer_list<Var> parts, int axis);
/// Joins n values of equal shape along a new axis of length n.
Var stack(std::span<const Var> parts, int axis = 0);
Var stack(std::initializer_list<Var> parts, int axis = 0);

/// Rows of `table` [N, ...] that `index` [B] (an i32 leaf, refilled at replay) names: [B, ...]. The
/// forward pass throws Error for an index outside 0..N-1.
Var gather_rows(Var table, Var index);

/// The same value, through which no gradient passes: stop(x) has no cost.
Var stop(Var x);

/// The same value, which backward passes go through only if they may reach one of `groups`; no
/// cost. Behind it they go on to all groups that they may reach.
Var only(Var x, Groups groups);

/// The identity whose cotangent is scaled: backward, row (s, b) of the cotangent of x [S, B, ...]
/// is that of the result times coefficients[s, b] [S, B]. The coefficients are read in the backward
/// pass and may be set after the forward pass; no gradient flows to them. This is all that the
/// estimators of Zheng eqs (36)-(40) need: path derivatives weighted after the weights are known.
Var gate(Var x, Var coefficients);

/// The value of `hard`, whose cotangent goes to `soft` as if soft had been the value: the
/// straight-through estimator of Bengio, Leonard and Courville (2013). Both of one shape and type.
/// It is biased: `hard` is a step function, and this is the derivative of something else.
Var straight_through(Var hard, Var soft);

}  // namespace nelbo
