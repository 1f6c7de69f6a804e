"""Operators of variables, under numpy's names where numpy has them.

Operands broadcast under numpy's rules; beside a variable stands a number or an array, which becomes a
constant. Reductions take ``axis`` (None: all) and ``keepdims``. Every operator is a ValueError for shapes
that do not fit. Inside a term they record; inside ``with nelbo.Tape()`` they compute at once.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, TypeAlias

from . import _core
from ._core import Var

Axis: TypeAlias = "int | Sequence[int] | None"
# A variable, a number or an array.
Operand: TypeAlias = Any


def _axes(axis: Axis) -> int | list[int] | None:
    return axis if axis is None or isinstance(axis, int) else list(axis)


def _shape(shape: int | Sequence[int]) -> list[int]:
    return [shape] if isinstance(shape, int) else list(shape)


# Elementwise -----------------------------------------------------------------------------------------


def exp(x: Var) -> Var:
    """e^x."""
    return _core.op_exp(x)


def expm1(x: Var) -> Var:
    """e^x - 1, exact near 0."""
    return _core.op_expm1(x)


def log(x: Var) -> Var:
    """Natural logarithm."""
    return _core.op_log(x)


def log1p(x: Var) -> Var:
    """log(1 + x), exact near 0."""
    return _core.op_log1p(x)


def sqrt(x: Var) -> Var:
    """Square root."""
    return _core.op_sqrt(x)


def square(x: Var) -> Var:
    """x^2."""
    return _core.op_square(x)


def abs(x: Var) -> Var:
    """|x|, with gradient 0 at 0."""
    return _core.op_abs(x)


def sin(x: Var) -> Var:
    """Sine."""
    return _core.op_sin(x)


def cos(x: Var) -> Var:
    """Cosine."""
    return _core.op_cos(x)


def tanh(x: Var) -> Var:
    """Hyperbolic tangent."""
    return _core.op_tanh(x)


def erf(x: Var) -> Var:
    """Error function."""
    return _core.op_erf(x)


def lgamma(x: Var) -> Var:
    """log Gamma(x)."""
    return _core.op_lgamma(x)


def digamma(x: Var) -> Var:
    """Derivative of lgamma."""
    return _core.op_digamma(x)


def trigamma(x: Var) -> Var:
    """Second derivative of lgamma."""
    return _core.op_trigamma(x)


def sigmoid(x: Var) -> Var:
    """1 / (1 + e^-x)."""
    return _core.op_sigmoid(x)


def softplus(x: Var) -> Var:
    """log(1 + e^x)."""
    return _core.op_softplus(x)


def relu(x: Var) -> Var:
    """max(x, 0)."""
    return _core.op_relu(x)


def elu(x: Var) -> Var:
    """x for x > 0, else e^x - 1."""
    return _core.op_elu(x)


def gelu(x: Var) -> Var:
    """x Phi(x), the exact form."""
    return _core.op_gelu(x)


def silu(x: Var) -> Var:
    """x sigmoid(x)."""
    return _core.op_silu(x)


def negative(x: Var) -> Var:
    """-x."""
    return _core.op_negate(x)


def leaky_relu(x: Var, slope: float = 0.01) -> Var:
    """x for x > 0, else slope x."""
    return _core.op_leaky_relu(x, slope)


def clip(x: Var, low: float, high: float) -> Var:
    """x within [low, high]; gradient 0 outside."""
    return _core.op_clamp(x, low, high)


def add(a: Operand, b: Operand) -> Var:
    """a + b."""
    return _core.op_add(a, b)


def subtract(a: Operand, b: Operand) -> Var:
    """a - b."""
    return _core.op_subtract(a, b)


def multiply(a: Operand, b: Operand) -> Var:
    """a b."""
    return _core.op_multiply(a, b)


def divide(a: Operand, b: Operand) -> Var:
    """a / b."""
    return _core.op_divide(a, b)


def minimum(a: Operand, b: Operand) -> Var:
    """The smaller; equal ones share the gradient."""
    return _core.op_minimum(a, b)


def maximum(a: Operand, b: Operand) -> Var:
    """The larger; equal ones share the gradient."""
    return _core.op_maximum(a, b)


def less(a: Operand, b: Operand) -> Var:
    """1 where a < b, else 0; no gradient."""
    return _core.op_less(a, b)


def less_equal(a: Operand, b: Operand) -> Var:
    """1 where a <= b, else 0; no gradient."""
    return _core.op_less_equal(a, b)


def greater(a: Operand, b: Operand) -> Var:
    """1 where a > b, else 0; no gradient."""
    return _core.op_greater(a, b)


def greater_equal(a: Operand, b: Operand) -> Var:
    """1 where a >= b, else 0; no gradient."""
    return _core.op_greater_equal(a, b)


def equal(a: Operand, b: Operand) -> Var:
    """1 where a = b, else 0; no gradient."""
    return _core.op_equal(a, b)


def not_equal(a: Operand, b: Operand) -> Var:
    """1 where a differs from b, else 0; no gradient."""
    return _core.op_not_equal(a, b)


def power(a: Operand, b: Operand) -> Var:
    """a^b, of a > 0 or a constant whole b."""
    return a**b if isinstance(a, Var) else _core.op_pow(a, b)


def where(condition: Operand, a: Operand, b: Operand) -> Var:
    """a where the condition is not 0, else b."""
    return _core.op_where(condition, a, b)


# Reductions ------------------------------------------------------------------------------------------


def sum(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """Sum, in a fixed order that depends on the shape alone."""
    return _core.op_sum(x, _axes(axis), keepdims)


def mean(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """Mean."""
    return _core.op_mean(x, _axes(axis), keepdims)


def max(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The largest number; equal ones share the gradient."""
    return _core.op_max(x, _axes(axis), keepdims)


def logsumexp(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """log sum exp(x)."""
    return _core.op_logsumexp(x, _axes(axis), keepdims)


def logmeanexp(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """logsumexp(x) - log n: the importance-weighted bound of log-weights."""
    return _core.op_logmeanexp(x, _axes(axis), keepdims)


def min(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The smallest number; equal ones share the gradient."""
    return -_core.op_max(-x, _axes(axis), keepdims)


def var(x: Var, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Var:
    """Variance in two passes; ddof 0 or 1."""
    return _core.op_variance(x, _axes(axis), ddof, keepdims)


def std(x: Var, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Var:
    """Square root of the variance."""
    return _core.op_sqrt(var(x, axis, ddof, keepdims))


def softmax(x: Var, axis: Axis = -1) -> Var:
    """exp(x - logsumexp(x)), of the shape of x."""
    return _core.op_softmax(x, _axes(axis))


def log_softmax(x: Var, axis: Axis = -1) -> Var:
    """x - logsumexp(x), of the shape of x."""
    return _core.op_log_softmax(x, _axes(axis))


# Shapes ----------------------------------------------------------------------------------------------


def reshape(x: Var, shape: int | Sequence[int]) -> Var:
    """The same numbers in row-major order; one length may be -1."""
    return _core.op_reshape(x, _shape(shape))


def ravel(x: Var) -> Var:
    """All numbers along one axis."""
    return _core.op_reshape(x, [-1])


def transpose(x: Var, axes: Sequence[int] | None = None) -> Var:
    """Axes in the order given, or reversed."""
    return _core.op_permute(x, list(reversed(range(x.ndim)) if axes is None else axes))


def swapaxes(x: Var, axis1: int = -2, axis2: int = -1) -> Var:
    """Two axes in each other's place."""
    return _core.op_swapaxes(x, axis1, axis2)


def expand_dims(x: Var, axis: int) -> Var:
    """With a new axis of length 1."""
    return x[(slice(None),) * (axis if axis >= 0 else x.ndim + 1 + axis) + (None,)]


def squeeze(x: Var, axis: Axis = None) -> Var:
    """Without axes of length 1: those named, or all."""
    named = [axis] if isinstance(axis, int) else axis
    gone = {i for i, n in enumerate(x.shape) if n == 1} if named is None else {i % x.ndim for i in named}
    if builtins.any(x.shape[i] != 1 for i in gone):
        raise ValueError(f"squeeze: axes {sorted(gone)} of {list(x.shape)} are not all of length 1")
    return reshape(x, [n for i, n in enumerate(x.shape) if i not in gone])


def broadcast_to(x: Var, shape: int | Sequence[int]) -> Var:
    """x repeated along axes of length 1 and new leading ones."""
    return _core.op_broadcast_to(x, _shape(shape))


def concatenate(parts: Sequence[Var], axis: int = 0) -> Var:
    """Joins variables of equal shape but for the axis."""
    return _core.op_concatenate(list(parts), axis)


def stack(parts: Sequence[Var], axis: int = 0) -> Var:
    """Joins variables of equal shape along a new axis."""
    return _core.op_stack(list(parts), axis)


def take_rows(table: Var, index: Var) -> Var:
    """Rows of table [N, ...] that index [B] names (Tape.constant of integers)."""
    return _core.op_gather_rows(table, index)


def contiguous(x: Var) -> Var:
    """Itself where its memory is row-major, else a copy that is."""
    return _core.op_contiguous(x)


def stop_gradient(x: Var) -> Var:
    """The same value, through which no gradient passes."""
    return _core.op_stop(x)


def straight_through(hard: Operand, soft: Operand) -> Var:
    """The value of hard with the gradient of soft (Bengio et al. 2013)."""
    return _core.op_straight_through(hard, soft)


def gate(x: Var, coefficients: Operand) -> Var:
    """x [S, B, ...], whose gradient is multiplied by coefficients [S, B]."""
    return _core.op_gate(x, coefficients)


# Linear algebra --------------------------------------------------------------------------------------


def matmul(a: Operand, b: Operand) -> Var:
    """a [..., M, K] times b [..., K, N]."""
    return _core.op_matmul(a, b)


def cholesky(a: Var) -> Var:
    """Lower triangular L with L L' = a of positive definite a [..., D, D]; NaN where it is not."""
    return _core.op_cholesky(a)


def triangular_solve(l: Var, b: Operand, transposed: bool = False) -> Var:
    """x with l x = b, or l' x = b, of lower triangular l [..., D, D] and b [..., D, K]."""
    return _core.op_triangular_solve(l, b, transposed)


def log_determinant(l: Var) -> Var:
    """log |det(l l')| of a Cholesky factor l [..., D, D]: [...]."""
    return _core.op_log_determinant(l)


def lower_triangular(diagonal: Operand, below: Operand) -> Var:
    """[..., D, D] of its diagonal [..., D] and what stands below, row by row."""
    return _core.op_lower_triangular(diagonal, below)


# Densities, nats, summed over the last axis ----------------------------------------------------------


def normal_log_prob(z: Operand, mean: Operand, log_variance: Operand) -> Var:
    """log N(z; mean, diag exp(log_variance)) of z [..., D]: [...]."""
    return _core.op_normal_log_prob(z, mean, log_variance)


def standard_normal_log_prob(z: Var) -> Var:
    """log N(z; 0, I) of z [..., D]: [...]."""
    return _core.op_standard_normal_log_prob(z)


def normal_kl_standard(mean: Operand, log_variance: Operand) -> Var:
    """KL(N(mean, exp(log_variance)) || N(0, I)) [B, D]: [B]; Zheng eq. (16)."""
    return _core.op_normal_kl_standard(mean, log_variance)


def normal_kl(mean_q: Operand, log_variance_q: Operand, mean_p: Operand, log_variance_p: Operand) -> Var:
    """KL of diagonal normals [B, D]: [B]."""
    return _core.op_normal_kl(mean_q, log_variance_q, mean_p, log_variance_p)


def bernoulli_log_prob(logits: Operand, x: Operand) -> Var:
    """log-probability of x [B, D] in [0, 1] under sigmoid(logits) [S, B, D]: [S, B]."""
    return _core.op_bernoulli_log_prob(logits, x)


def mixture_log_prob(z: Var, mean: Operand, log_variance: Operand, log_weight: float) -> Var:
    """log sum_n w N(z; mean_n, exp(log_variance_n)) of z [S, B, D], mean [N, D]: [S, B]; streamed."""
    return _core.op_pairwise_normal_log_prob(z, mean, log_variance, log_weight)


# Special functions and quantiles, computed in double -------------------------------------------------


def stirling_error(x: Var) -> Var:
    """The error of Stirling's formula of log Gamma(x), x > 0 (Loader 2000)."""
    return _core.op_stirling_error(x)


def digamma_minus_log(x: Var) -> Var:
    """digamma(x) - log x, x > 0."""
    return _core.op_digamma_minus_log(x)


def gamma_entropy(x: Var) -> Var:
    """Entropy of a gamma variable of shape x > 0 and rate 1, nats."""
    return _core.op_gamma_entropy(x)


def log_bessel_i0e(x: Var) -> Var:
    """log(e^-x I_0(x)), x >= 0."""
    return _core.op_log_bessel_i0e(x)


def von_mises_entropy(x: Var) -> Var:
    """Entropy of a von Mises variable of concentration x >= 0, nats."""
    return _core.op_von_mises_entropy(x)


def log_expm1_ratio(x: Var) -> Var:
    """log((e^x - 1) / x)."""
    return _core.op_log_expm1_ratio(x)


def tilted_uniform_mean(x: Var) -> Var:
    """Mean of the density e^(x t) on [0, 1]."""
    return _core.op_tilted_uniform_mean(x)


def log_gamma_quantile(alpha: Operand, u: Operand) -> Var:
    """log z with P(Z <= z) = u of a gamma variable of shape alpha and rate 1; implicit gradients."""
    return _core.op_log_gamma_quantile(alpha, u)


def student_t_quantile(nu: Operand, u: Operand) -> Var:
    """t with P(T <= t) = u of Student's distribution with nu degrees of freedom."""
    return _core.op_student_t_quantile(nu, u)


def von_mises_quantile(kappa: Operand, u: Operand) -> Var:
    """x with P(X <= x) = u for the density exp(kappa cos x) / 2 pi I_0(kappa)."""
    return _core.op_von_mises_quantile(kappa, u)


def dirichlet_divergence(log_p: Operand, log_q: Operand) -> Var:
    """KL of Dirichlet distributions of concentrations exp(log_p), exp(log_q) [.., D]: [..], nats."""
    return _core.op_dirichlet_divergence(log_p, log_q)


def poisson_log_mass(x: Operand, log_rate: Operand) -> Var:
    """log P(X = x) of a Poisson count of rate exp(log_rate), nats."""
    return _core.op_poisson_log_mass(x, log_rate)


def rounded_logistic_mean(mean: Operand, log_scale: Operand) -> Var:
    """Mean of a logistic variable rounded to 0 .. 255, over 255."""
    return _core.op_rounded_logistic_mean(mean, log_scale)


def logit_beta_quantile(a: Operand, b: Operand, u: Operand) -> Var:
    """log z - log(1 - z) with P(Z <= z) = u of a beta variable of parameters a, b."""
    return _core.op_logit_beta_quantile(a, b, u)


def negative_binomial_quantile(log_mean: Operand, log_r: Operand, u: Operand) -> Var:
    """The least count k with P(K <= k) >= u; no gradient."""
    return _core.op_negative_binomial_quantile(log_mean, log_r, u)


def gamma_divergence(log_p: Operand, log_q: Operand, log_rates: Operand) -> Var:
    """KL of gamma variables of shapes exp(log_p), exp(log_q), nats."""
    return _core.op_gamma_divergence(log_p, log_q, log_rates)


def negative_binomial_log_mass(x: Operand, log_mean: Operand, log_r: Operand) -> Var:
    """log P(X = x) of a negative binomial of mean exp(log_mean) and inverse dispersion exp(log_r)."""
    return _core.op_negative_binomial_log_mass(x, log_mean, log_r)
