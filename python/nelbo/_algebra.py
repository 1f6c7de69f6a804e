"""The algebra of objectives: every word of the expression language as a function.

    nelbo.nell() + 4 * nelbo.tc("strat")
    nelbo.nell() + nelbo.warmup(1, steps=1000) * nelbo.div()
    nelbo.parse("beta_tcvae(beta=6)")

A Term prints as its expression, and as its formula in a notebook. What nelbo refuses is a ValueError that
shows the place, with the nearest name.
"""

from __future__ import annotations

from . import _core
from ._command import text_of
from ._core import Term, term_max, term_min, term_relu, term_square

Number = float | int
Groups = int | list[list[int]]


def parse(expression: str) -> Term:
    """Reads an objective, a number or a schedule as the command line does.

    ValueError shows where an expression is wrong, with the nearest name.
    """
    return _core.parse(expression)


def word(name: str, *arguments: object, **named: object) -> Term:
    """A word of the language with its arguments, also one that a program registered: ``word("iw", m=8)``."""
    parts = [_text(one) for one in arguments if one is not None]
    parts += [f"{key.rstrip('_')}={_text(one)}" for key, one in named.items() if one is not None]
    return parse(f"{name}({', '.join(parts)})" if parts else name)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(one) for one in value) + "]"
    return text_of(value)


# Terms of the evidence lower bound -------------------------------------------------------------------


def nell() -> Term:
    """-E log P(x|z), Zheng eq. (15); nats per datum."""
    return word("nell")


def div(how: str = "exact") -> Term:
    """E KL(Q(Z|x) || P0), Zheng eq. (16): ``exact`` (closed form) or ``mc``; nats per datum."""
    return word("div", how)


def div_j() -> Term:
    """div of each latent dimension, for functions of it: ``maximum(div_j(), 0.5)`` are free bits."""
    return word("div_j")


def hqzx(how: str = "exact") -> Term:
    """Conditional entropy of the codes, H[Z|X]: ``exact`` or ``mc``; nats per datum."""
    return word("hqzx", how)


def mi_lower() -> Term:
    """H_data - Nell, a lower bound on I_enc, Zheng eqs (30)-(34)."""
    return word("mi_lower")


# Terms of the aggregated posterior -------------------------------------------------------------------


def mi(scheme: str = "strat") -> Term:
    """Index-code mutual information I_enc(X;Z), Zheng eq. (8), under a scheme of the aggregated posterior."""
    return word("mi", scheme)


def tc(scheme: str = "strat", *, groups: Groups | None = None, level: str | None = None) -> Term:
    """Total correlation of the aggregated posterior, Zheng eq. (21); of groups between or within them."""
    return word("tc", scheme, groups=groups, level=level)


def dwkl(scheme: str = "strat") -> Term:
    """Dimension-wise KL, sum_j KL(P_enc(Z_j) || P0(Z_j)), Zheng eq. (21)."""
    return word("dwkl", scheme)


def aggdiv(scheme: str = "strat") -> Term:
    """KL(P_enc || P0), Zheng eq. (19)."""
    return word("aggdiv", scheme)


def hagg(scheme: str = "strat") -> Term:
    """Entropy of the aggregated posterior, Zheng eqs (22)-(29)."""
    return word("hagg", scheme)


def pf(how: str = "mc") -> Term:
    """Prior factorisation E log P0(z) / prod_j P0(z_j): ``mc`` or ``exact``."""
    return word("pf", how)


def classification() -> Term:
    """Mean of -log Q(c|x) over the data whose label is told, of a model that infers labels (Kingma et al. 2014, eq. 9)."""
    return word("classification")


# Regularisers ----------------------------------------------------------------------------------------


def mmd(kernel: str = "imq") -> Term:
    """Maximum mean discrepancy of codes and prior (Tolstikhin et al. 2018): kernel ``imq`` or ``rbf``."""
    return word("mmd", kernel)


def dip(kind: str = "i", diagonal: Number = 1) -> Term:
    """DIP-VAE I or II (Kumar et al. 2018): distance of the codes' covariance from I."""
    return word("dip", kind, diagonal=diagonal)


def factor_tc() -> Term:
    """Total correlation as FactorVAE's critic estimates it, which learns beside the model."""
    return word("factor_tc")


# Bounds ----------------------------------------------------------------------------------------------


def elbo(div: str = "exact") -> Term:
    """Evidence lower bound -(Nell + Div), a gain."""
    return word("elbo", div)


def log_px(m: int = 100) -> Term:
    """log P(x) by importance sampling with m samples."""
    return word("log_px", m=m)


def iw(m: int = 50) -> Term:
    """Importance-weighted bound IW_m (Burda et al. 2016)."""
    return word("iw", m=m)


def mc(k: int, m: int = 1) -> Term:
    """MC_k-IW_m: the mean of k bounds IW_m, Zheng eqs (39)-(40)."""
    return word("mc", k=k, m=m)


def miwae(k: int = 8, m: int = 8) -> Term:
    """MC_k-IW_m under its name in the literature (Rainforth et al. 2018)."""
    return word("miwae", k=k, m=m)


def ciwae(beta: Number = 0.05, m: int = 50) -> Term:
    """beta ELBO + (1 - beta) IW_m (Rainforth et al. 2018)."""
    return word("ciwae", beta=beta, m=m)


def renyi(alpha: Number = 0.5, m: int = 5) -> Term:
    """Variational Renyi bound (Li and Turner 2016)."""
    return word("renyi", alpha=alpha, m=m)


def vr_max(m: int = 5) -> Term:
    """The largest log-weight: renyi's limit."""
    return word("vr_max", m=m)


def cubo(n: Number = 2, m: int = 5) -> Term:
    """Chi upper bound CUBO_n (Dieng et al. 2017): a cost, which moves the encoder only."""
    return word("cubo", n=n, m=m)


def jackknife(m: int = 5) -> Term:
    """IW_m with its bias of order 1/m removed; no bound (Nowozin 2018)."""
    return word("jackknife", m=m)


def tvo(partitions: int = 5, m: int = 10) -> Term:
    """Thermodynamic variational objective, left Riemann sum (Masrani et al. 2019)."""
    return word("tvo", partitions=partitions, m=m)


# Schedules: numbers that change by step --------------------------------------------------------------


def anneal(from_: Number, to: Number, steps: int, unit: str = "steps") -> Term:
    """Linear from one number to another over so many steps, or epochs, then constant."""
    return word("anneal", from_, to, steps=steps, unit=unit)


def warmup(value: Number, steps: int, unit: str = "steps") -> Term:
    """Linear from 0, then constant."""
    return word("warmup", value, steps=steps, unit=unit)


def cosine(from_: Number, to: Number, steps: int, unit: str = "steps") -> Term:
    """Half a cosine from one number to another, then constant."""
    return word("cosine", from_, to, steps=steps, unit=unit)


def stages(*values_and_lengths: Number, unit: str = "steps") -> Term:
    """One value after the other, each for its length; the last one stays."""
    return word("stages", *values_and_lengths, unit=unit)


def step(value: Number, factor: Number, every: int, unit: str = "steps") -> Term:
    """value * factor^floor(step / every)."""
    return word("step", value, factor, every=every, unit=unit)


def burda() -> Term:
    """The learning rate of Burda et al. (2016): stages of 3^i epochs at 1e-3 * 10^(-i/7)."""
    return word("burda")


# Functions of the mean over a batch ------------------------------------------------------------------


def _term(x: Term | Number) -> Term:
    return x if isinstance(x, Term) else parse(text_of(x))


def square(x: Term) -> Term:
    """Square of the batch's mean."""
    return term_square(x)


def relu(x: Term) -> Term:
    """max(x, 0) of the batch's mean."""
    return term_relu(x)


def maximum(a: Term | Number, b: Term | Number) -> Term:
    """The larger, after the mean over the batch: ``maximum(div_j(), 0.5)``."""
    return term_max(_term(a), _term(b))


def minimum(a: Term | Number, b: Term | Number) -> Term:
    """The smaller, after the mean over the batch."""
    return term_min(_term(a), _term(b))
