"""What Python functions add to the language: terms, likelihoods and priors that they record, bounds and estimators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, overload

from numpy.typing import NDArray

from . import _core
from ._algebra import word
from ._core import Draw, OwnTerm, Term, Var


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().split("\n")[0]


@overload
def term(function: Callable[[Draw], Var], /) -> OwnTerm: ...
@overload
def term(
    *,
    meaning: str = "",
    moves: Sequence[str] = (),
    name: str | None = None,
    unit: str = "nats per datum",
    latex: str = "",
    formula: str = "",
    source: str = "",
    pairwise: bool = False,
    samples: int = 1,
) -> Callable[[Callable[[Draw], Var]], OwnTerm]: ...
def term(
    function: Callable[[Draw], Var] | None = None,
    /,
    *,
    meaning: str = "",
    moves: Sequence[str] = (),
    name: str | None = None,
    unit: str = "nats per datum",
    latex: str = "",
    formula: str = "",
    source: str = "",
    pairwise: bool = False,
    samples: int = 1,
) -> OwnTerm | Callable[[Callable[[Draw], Var]], OwnTerm]:
    """Makes a term of a function of a draw, which every objective of this process may hold by its name.

        @nelbo.term(meaning="mean absolute code", moves=["phi"])
        def sparsity(draw):
            return abs(draw.z()).sum(-1)

        nelbo.train(data, objective=nelbo.nell() + nelbo.div() + 0.1 * sparsity())

    The function runs once for each recording, on variables: operators and ``nelbo.ops`` record what
    they make on the tape, whose replay in training never enters Python. It returns values [S, B] (of each
    sample and datum), [B] or a scalar, of which the term is the mean; it is minimised. Branches on
    computed values cannot be recorded: reading one is a ValueError.

    ``moves``: the parameter groups that the value depends on (theta the decoder's, phi the encoder's, psi
    the prior's); none named: all. ``pairwise``: it compares the data of a batch with each other.
    ``samples``: draws of z per datum that it needs. ``name``: the function's own unless given. A name of
    nelbo's is a ValueError; one of an earlier function means this one from now on.
    """

    def define(function: Callable[[Draw], Var]) -> OwnTerm:
        return _core.define_term(
            name or function.__name__,
            function,
            meaning or _first_line(function),
            list(moves),
            unit,
            latex,
            formula,
            source,
            pairwise,
            samples,
        )

    return define if function is None else define(function)


def likelihood(
    name: str,
    *,
    log_prob: Callable[..., Var],
    mean: Callable[..., Var],
    sample: Callable[..., Var],
    start: Callable[[NDArray[Any], NDArray[Any]], Any] | None = None,
    parameters: int = 1,
    noise: Literal["normal", "uniform"] = "uniform",
    support: tuple[float, float] = (-float("inf"), float("inf")),
    whole: bool = False,
    mass: bool | None = None,
    summary: str = "",
) -> None:
    """Makes a likelihood P(X|z) of Python functions, which ``likelihood=NAME`` means from now on.

        nelbo.likelihood("exponential", support=(0, float("inf")),
                         log_prob=lambda x, log_mean: -log_mean - x * ops.exp(-log_mean),
                         mean=lambda log_mean: ops.exp(log_mean),
                         sample=lambda u, log_mean: -ops.exp(log_mean) * ops.log(u),
                         start=lambda mean, variance: numpy.log(numpy.maximum(mean, 1e-3)))

    The decoder gives every feature ``parameters`` numbers, unbounded, and each function takes them one
    by one, [S, B, X]. The functions record, once for each recording, as a term's does:
    ``log_prob(x, ...)`` [S, B, X], nats, of each feature alone, x [B, X]; ``mean(...)`` E[X|z] [S, B, X];
    ``sample(noise, ...)`` data [S, B, X] of ``noise``, normal or uniform in (0, 1), [S, B, X] or [B, X].
    ``start(mean, variance)`` takes the training data's moments [X] to what the parameters start at,
    [parameters, X], on numpy arrays; zeros without it.

    ``support``: the least and greatest value, and with ``whole`` whole numbers alone; other data are
    refused. ``mass``: whether log_prob is of a probability, not a density; as ``whole`` says unless given.
    A name of nelbo's is a ValueError; one of an earlier call means this likelihood from now on. Define it
    before a run of it is opened.
    """
    about = summary or f"P(X|z) of Python functions, {parameters} numbers for each feature"
    _core.define_likelihood(name, about, parameters, whole if mass is None else mass, noise == "uniform",
                            *support, whole, log_prob, mean, sample, start)


def prior(
    name: str,
    *,
    log_prob: Callable[..., Var],
    sample: Callable[..., Var],
    parameters: Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None = None,
    factorised: bool = False,
    noise: int = 0,
    summary: str = "",
) -> None:
    """Makes a prior P0(Z) of Python functions, which ``prior=NAME`` means from now on.

        nelbo.prior("wide", factorised=True, parameters=lambda latent: {"log_scale": numpy.zeros(latent)},
                    log_prob=lambda z, log_scale: -abs(z) * ops.exp(-log_scale) - log_scale - math.log(2),
                    sample=lambda noise, log_scale: ...)

    ``parameters``: names and first values of what it learns (group psi), or a function of the numbers D of
    a code that returns them. The functions take them by name, and record once for each recording:
    ``log_prob(z, ...)`` of z [S, B, D] is log P0(z) [S, B], nats, or of a ``factorised`` prior that of every
    dimension, [S, B, D], of which every term of the aggregated posterior can be made; ``sample(noise, ...)``
    takes standard normal numbers [S, B, ``noise``] (D of them unless given) to codes [S, B, D].

    Names as nelbo.likelihood's. It has no closed forms: terms that want one say so.
    """
    about = summary or "P0(Z) of Python functions"
    _core.define_prior(name, about, factorised, noise, log_prob, sample, parameters or {})


Array = NDArray[Any]


def bound(
    *, name: str | None = None, meaning: str = ""
) -> Callable[[Callable[[Array], tuple[float, Array, Array]]], Callable[[int], Term]]:
    """Makes a bound of a function of one datum's log-weights: slow, for Python is called for every datum at
    every step. A term of ``samples=m`` that is recorded (docs/python.md) is as fast as one of C++; this one takes
    every estimator and stands in gradvar.

        @nelbo.bound(meaning="log of the mean weight")
        def mine(f):                              # [m], nats, float64
            w = numpy.exp(f - f.max())
            a = w / w.sum()
            return math.log(w.mean()) + f.max(), a, a * (1 - a)

        nelbo.train(data, objective=mine(8), estimator="phi=dreg")

    The function returns L(f), its first derivatives dL/df_s [m] and its second, d2L/df_s^2 [m]. It is
    maximised; ``NAME(m=8)`` is a word of every expression. What it raises is told on stderr and makes the
    value NaN, so that training ends with NotFinite. A name of nelbo's is a ValueError; one of an earlier
    function means this one from now on.
    """

    def define(function: Callable[[Array], tuple[float, Array, Array]]) -> Callable[[int], Term]:
        of = name or function.__name__
        _core.define_bound(of, meaning or _first_line(function), function)

        def of_samples(m: int = 8) -> Term:
            return word(of, m=m)

        return of_samples

    return define


def estimator(
    *, name: str | None = None, meaning: str = "", path: bool = True, bias: str = "is not known to be unbiased"
) -> Callable[[Callable[[Array, Array, Array], tuple[Array | None, Array]]], str]:
    """Makes a gradient estimator of a function of one datum's arrays: as slow as ``nelbo.bound``. Returns
    its name, which ``estimator=`` and gradvar's ``estimators=`` take.

        @nelbo.estimator(meaning="sticking the landing", bias="leaves out a part of the score")
        def mine(f, a, h):                        # [m] each: log-weights, dL/df_s, d2L/df_s^2
            return a, 0 * a

    It returns the weights [m] of the encoder's gradient, of the path derivative d/dz [log P(x|z_s) + log
    P0(z_s) - log Q(z_s|x)] dz_s/dphi (None unless ``path``, for codes that are not differentiable) and of the
    score grad log Q(z_s|x). ``bias``: why its expectation is not the gradient; empty where it is.
    """

    def define(function: Callable[[Array, Array, Array], tuple[Array | None, Array]]) -> str:
        of = name or function.__name__
        _core.define_estimator(of, meaning or _first_line(function), bias, path, function)
        return of

    return define
