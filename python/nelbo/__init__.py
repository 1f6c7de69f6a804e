"""nelbo (negative ELBO): a laboratory for variational objectives on CPUs.

    run = nelbo.train("sprites:32", objective=nelbo.nell() + 4 * nelbo.div(), epochs=2)
    run.decompose()["tc"]
    codes = run.encode().mean

Objectives are an algebra of terms, some of them your own functions (``nelbo.term``), which are recorded
once and replayed without Python. Values are in nats per datum. docs/python.md tells it all.
"""

from . import _numpy as _numpy, layers, ops, terms, worlds
from ._algebra import (
    aggdiv,
    anneal,
    burda,
    ciwae,
    classification,
    cosine,
    cubo,
    dip,
    div,
    div_j,
    dwkl,
    elbo,
    factor_tc,
    hagg,
    hqzx,
    iw,
    jackknife,
    log_px,
    maximum,
    mc,
    mi,
    mi_lower,
    minimum,
    miwae,
    mmd,
    nell,
    parse,
    pf,
    relu,
    renyi,
    square,
    stages,
    step,
    tc,
    tvo,
    vr_max,
    warmup,
    word,
)
from ._command import Interrupted, NelboWarning, set_threads, threads
from ._core import Draw, NotFinite, OwnTerm, Tape, Term, Var, instruction_set, version
from ._data import Data, load_data
from ._own import bound, estimator, likelihood, prior, term
from ._results import (
    Annealing,
    Bounds,
    Decomposition,
    Disentanglement,
    Encoded,
    Evaluation,
    Explanation,
    GradientStudy,
    ParetoK,
    Result,
    Sample,
    Training,
    Verification,
)
from ._run import Estimation, Run, open, train  # noqa: A004
from ._studies import disentangle, explain, gradvar, pareto_k, verify
from ._sweep import Sweep, sweep
from ._trainer import Trainer
from .layers import architecture

__version__ = version()

__all__ = [
    "Annealing", "Bounds", "Data", "Decomposition", "Disentanglement", "Draw", "Encoded",
    "Estimation", "Evaluation", "Explanation", "GradientStudy", "Interrupted", "NelboWarning", "NotFinite",
    "OwnTerm", "ParetoK", "Result", "Run", "Sample", "Sweep", "Tape", "Term", "Trainer", "Training",
    "Var", "Verification", "aggdiv", "anneal", "architecture", "bound", "burda", "ciwae", "classification",
    "cosine", "cubo", "dip", "disentangle", "div", "div_j", "dwkl", "elbo", "estimator", "explain", "factor_tc", "gradvar", "hagg",
    "hqzx", "instruction_set", "iw", "jackknife", "layers", "likelihood", "load_data", "log_px", "maximum", "mc", "mi",
    "mi_lower", "minimum", "miwae", "mmd", "nell", "open", "ops", "pareto_k", "parse", "pf", "prior", "relu",
    "renyi", "set_threads", "square", "stages", "step", "sweep", "tc", "term", "terms", "threads",
    "train", "tvo", "verify", "vr_max", "warmup", "word", "worlds",
]
