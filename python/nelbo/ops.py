"""Operators of variables, under numpy's names where numpy has them.

Operands broadcast under numpy's rules; beside a variable stands a number or an array, which becomes a
constant. Reductions take ``axis`` (None: all) and ``keepdims``. Every operator is a ValueError for shapes
that do not fit. Inside a term they record; inside ``with nelbo.Tape()`` they compute at once.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from . import _core
from ._core import Var

Axis: TypeAlias = "int | Sequence[int] | None"
# A variable, a number or an array.
Operand: TypeAlias = Any


def _axes(axis: Axis) -> int | list[int] | None:
    return axis if axis is None or isinstance(axis, int) else list(axis)


def _shape(shape: int | Sequence[int]) -> list[int]:
    return [shape] if isinstance(shape, int) else list(shape)


# Operators of _core under their names, each with what it is ----------------------------------------------------


def _told(function: Callable[..., Any], name: str, doc: str) -> None:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc


def _unary(name: str, doc: str, op: str = "") -> Callable[[Var], Var]:
    of: Callable[[Var], Var] = getattr(_core, f"op_{op or name}")

    def function(x: Var) -> Var:
        if not isinstance(x, Var):
            raise TypeError(f"{name}: a variable was wanted, not {type(x).__name__}; of those numpy has {name}")
        return of(x)

    _told(function, name, doc)
    return function


def _binary(name: str, doc: str, op: str = "") -> Callable[[Operand, Operand], Var]:
    of: Callable[[Operand, Operand], Var] = getattr(_core, f"op_{op or name}")

    def function(a: Operand, b: Operand) -> Var:
        return of(a, b)

    _told(function, name, doc)
    return function


class _Reduction(Protocol):
    def __call__(self, x: Var, axis: Axis = None, keepdims: bool = False) -> Var: ...


def _reduction(name: str, doc: str, op: str = "") -> _Reduction:
    of: _Reduction = getattr(_core, f"op_{op or name}")

    def function(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
        return of(x, _axes(axis), keepdims)

    _told(function, name, doc)
    return function


# Elementwise -----------------------------------------------------------------------------------------


exp = _unary("exp", "e^x.")
expm1 = _unary("expm1", "e^x - 1, exact near 0.")
log = _unary("log", "Natural logarithm.")
log1p = _unary("log1p", "log(1 + x), exact near 0.")
sqrt = _unary("sqrt", "Square root.")
square = _unary("square", "x^2.")
abs = _unary("abs", "|x|, with gradient 0 at 0.")
sin = _unary("sin", "Sine.")
cos = _unary("cos", "Cosine.")
tanh = _unary("tanh", "Hyperbolic tangent.")
erf = _unary("erf", "Error function.")
lgamma = _unary("lgamma", "log Gamma(x).")
digamma = _unary("digamma", "Derivative of lgamma.")
trigamma = _unary("trigamma", "Second derivative of lgamma.")
sigmoid = _unary("sigmoid", "1 / (1 + e^-x).")
softplus = _unary("softplus", "log(1 + e^x).")
relu = _unary("relu", "max(x, 0).")
elu = _unary("elu", "x for x > 0, else e^x - 1.")
gelu = _unary("gelu", "x Phi(x), the exact form.")
silu = _unary("silu", "x sigmoid(x).")
negative = _unary("negative", "-x.", "negate")


def leaky_relu(x: Var, slope: float = 0.01) -> Var:
    """x for x > 0, else slope x."""
    return _core.op_leaky_relu(x, slope)


def clip(x: Var, low: float, high: float) -> Var:
    """x within [low, high]; gradient 0 outside."""
    return _core.op_clamp(x, low, high)


add = _binary("add", "a + b.")
subtract = _binary("subtract", "a - b.")
multiply = _binary("multiply", "a b.")
divide = _binary("divide", "a / b.")
minimum = _binary("minimum", "The smaller; equal ones share the gradient.")
maximum = _binary("maximum", "The larger; equal ones share the gradient.")
less = _binary("less", "1 where a < b, else 0; no gradient.")
less_equal = _binary("less_equal", "1 where a <= b, else 0; no gradient.")
greater = _binary("greater", "1 where a > b, else 0; no gradient.")
greater_equal = _binary("greater_equal", "1 where a >= b, else 0; no gradient.")
equal = _binary("equal", "1 where a = b, else 0; no gradient.")
not_equal = _binary("not_equal", "1 where a differs from b, else 0; no gradient.")


def power(a: Operand, b: Operand) -> Var:
    """a^b, of a > 0 or a constant whole b."""
    return a**b if isinstance(a, Var) else _core.op_pow(a, b)


def where(condition: Operand, a: Operand, b: Operand) -> Var:
    """a where the condition is not 0, else b."""
    return _core.op_where(condition, a, b)


# Reductions ------------------------------------------------------------------------------------------


sum = _reduction("sum", "Sum, in a fixed order that depends on the shape alone.")
mean = _reduction("mean", "Mean.")
max = _reduction("max", "The largest number; equal ones share the gradient.")
logsumexp = _reduction("logsumexp", "log sum exp(x).")
logmeanexp = _reduction("logmeanexp", "logsumexp(x) - log n: the importance-weighted bound of log-weights.")


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


def take_rows(table: Var, index: Operand) -> Var:
    """Rows of table [N, ...] that index [B] names: whole numbers, or Tape.constant of them."""
    return _core.op_gather_rows(table, index)


contiguous = _unary("contiguous", "Itself where its memory is row-major, else a copy that is.")
stop_gradient = _unary("stop_gradient", "The same value, through which no gradient passes.", "stop")


def straight_through(hard: Operand, soft: Operand) -> Var:
    """The value of hard with the gradient of soft (Bengio et al. 2013)."""
    return _core.op_straight_through(hard, soft)


def gate(x: Var, coefficients: Operand) -> Var:
    """x [S, B, ...], whose gradient is multiplied by coefficients [S, B]."""
    return _core.op_gate(x, coefficients)


# Linear algebra --------------------------------------------------------------------------------------


matmul = _binary("matmul", "a [..., M, K] times b [..., K, N].")
cholesky = _unary("cholesky", "Lower triangular L with L L' = a of positive definite a [..., D, D]; NaN where it is not.")


def triangular_solve(l: Var, b: Operand, transposed: bool = False) -> Var:
    """x with l x = b, or l' x = b, of lower triangular l [..., D, D] and b [..., D, K]."""
    return _core.op_triangular_solve(l, b, transposed)


log_determinant = _unary("log_determinant", "log |det(l l')| of a Cholesky factor l [..., D, D]: [...].")


def lower_triangular(diagonal: Operand, below: Operand) -> Var:
    """[..., D, D] of its diagonal [..., D] and what stands below, row by row."""
    return _core.op_lower_triangular(diagonal, below)


# Densities, nats, summed over the last axis ----------------------------------------------------------


def normal_log_prob(z: Operand, mean: Operand, log_variance: Operand) -> Var:
    """log N(z; mean, diag exp(log_variance)) of z [..., D]: [...]."""
    return _core.op_normal_log_prob(z, mean, log_variance)


standard_normal_log_prob = _unary("standard_normal_log_prob", "log N(z; 0, I) of z [..., D]: [...].")


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


stirling_error = _unary("stirling_error", "The error of Stirling's formula of log Gamma(x), x > 0 (Loader 2000).")
digamma_minus_log = _unary("digamma_minus_log", "digamma(x) - log x, x > 0.")
gamma_entropy = _unary("gamma_entropy", "Entropy of a gamma variable of shape x > 0 and rate 1, nats.")
log_bessel_i0e = _unary("log_bessel_i0e", "log(e^-x I_0(x)), x >= 0.")
von_mises_entropy = _unary("von_mises_entropy", "Entropy of a von Mises variable of concentration x >= 0, nats.")
log_expm1_ratio = _unary("log_expm1_ratio", "log((e^x - 1) / x).")
tilted_uniform_mean = _unary("tilted_uniform_mean", "Mean of the density e^(x t) on [0, 1].")


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
