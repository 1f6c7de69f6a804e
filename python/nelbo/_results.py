"""What studies find, as dataclasses whose to_dict() is the command's JSON.

Values are in nats per datum unless said otherwise; ``None`` is a number that does not exist.
"""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy
from numpy.typing import NDArray

_Found = TypeVar("_Found", bound="Result")


@dataclass(frozen=True, kw_only=True)
class Result:
    """A result with all that the command says of it."""

    json: dict[str, Any] = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """What the command prints with --json, as a dictionary of its own."""
        return copy.deepcopy(self.json)


def result(kind: type[_Found], json: dict[str, Any], **other: Any) -> _Found:
    """Of the JSON's members that the dataclass knows; a member that is left out is None."""
    names = [one.name for one in dataclasses.fields(kind) if one.name != "json"]
    values = {name: json.get(name) for name in names}
    return kind(json=json, **(values | other))


def columns(rows: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    """Rows of JSON as columns, ready for pandas: numbers as float64 with NaN where there is none."""
    names = dict.fromkeys(name for row in rows for name in row)
    found: dict[str, NDArray[Any]] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if all(value is None or isinstance(value, int | float) for value in values):
            numbers = [float(_number(value)) for value in values]
            found[name] = numpy.array(numbers)
        else:
            found[name] = numpy.array(values, dtype=object)
    return found


def _number(value: float | None) -> float:
    return numpy.nan if value is None else value


@dataclass(frozen=True, kw_only=True)
class Training(Result):
    """What a training run came to: means of the last epoch over train, of the model at its end over test."""

    run: str
    objective: str
    epochs: int
    steps: int
    train: dict[str, float]
    test: dict[str, float]
    valid: dict[str, float] | None
    ema: dict[str, Any] | None
    seconds: float
    examples_per_second: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Evaluation(Result):
    """The bound and its parts on a split: ``nelbo eval``."""

    run: str
    data: str
    split: str
    count: int
    elbo: float
    nell: float
    div: float
    standard_error: dict[str, float]
    layers: list[dict[str, Any]] | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class Decomposition(Result):
    """Every term of a trained model's bound, with its error and bias: ``nelbo decompose``."""

    run: str
    data: str
    split: str
    count: int
    scheme: str
    terms: dict[str, dict[str, Any]]
    seed: int

    def __getitem__(self, term: str) -> float:
        """The value of a term."""
        return float(self.terms[term]["value"])

    def columns(self) -> dict[str, NDArray[Any]]:
        """A row for each term: its name, value, standard error, bias and equation. Ready for pandas."""
        return columns([{"term": name, **term} for name, term in self.terms.items()])

    def __repr__(self) -> str:
        rows = [f"{name:<10}{_number(term['value']):>12.4f} +- {_number(term['se']):.4f}  {term['equation']}"
                for name, term in self.terms.items()]
        return "\n".join([f"<Decomposition of {self.run} on {self.split}, {self.count} examples, nats per datum>",
                          *rows])


@dataclass(frozen=True, kw_only=True)
class Bounds(Result):
    """The lattice of bounds MC_k-IW_m on log p(x), a row each: ``nelbo bounds``."""

    run: str
    data: str
    split: str
    count: int
    draws: int
    bounds: list[dict[str, Any]]
    seconds: float
    seed: int

    def columns(self) -> dict[str, NDArray[Any]]:
        """The rows as columns."""
        return columns(self.bounds)


@dataclass(frozen=True, kw_only=True)
class GradientStudy(Result):
    """Moments of gradients by bound, estimator and group of parameters: ``nelbo gradvar``."""

    subject: str
    objective: str | None
    reference: str
    replicates: int
    batch: int
    rows: list[dict[str, Any]]
    slopes: list[dict[str, Any]]
    seconds: float
    seed: int

    def columns(self) -> dict[str, NDArray[Any]]:
        """The rows as columns."""
        return columns(self.rows)


@dataclass(frozen=True, kw_only=True)
class Annealing(Result):
    """log p(x) by annealed importance sampling: ``nelbo ais``."""

    run: str
    data: str
    split: str
    examples: int
    log_px: dict[str, Any] | None
    bdmc: dict[str, Any] | None
    curve: list[dict[str, Any]] | None
    temperatures: int
    chains: int
    seconds: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Disentanglement(Result):
    """Every metric of codes and factors, with its error, ceiling and floor: ``nelbo disentangle``."""

    n: int
    factors: list[str]
    active: list[int]
    metrics: dict[str, dict[str, Any]]
    seed: int
    matrices: dict[str, NDArray[numpy.float64]]

    def __getitem__(self, metric: str) -> float:
        """The value of a metric."""
        return float(self.metrics[metric]["value"])


@dataclass(frozen=True, kw_only=True)
class Explanation(Result):
    """What an objective consists of, moves and needs: ``nelbo explain``."""

    expression: str
    text: str
    direction: str
    samples: int
    bias: str
    moves: list[str]
    needs: list[str]
    latex: str
    equations: str
    quantities: list[dict[str, Any]]

    def _repr_latex_(self) -> str:
        return "$$" + self.equations.replace("align", "aligned") + "$$"


@dataclass(frozen=True, kw_only=True)
class Verification(Result):
    """Estimates held against worlds with exact answers: ``nelbo verify``."""

    failures: int
    exact: dict[str, float] | None
    estimate: dict[str, dict[str, float]] | None


@dataclass(frozen=True)
class ParetoK:
    """How far importance weights can be trusted (Vehtari et al. 2024)."""

    k: float
    limit: float
    log_mean: float
    smoothed_log_mean: float
    effective_sample_size: float

    @property
    def trusted(self) -> bool:
        """Whether k-hat is below its limit."""
        return self.k <= self.limit


@dataclass(frozen=True)
class Encoded:
    """Q(Z|x) of N data: means [N, D] and log-variances [N, D], of discrete codes probabilities and None."""

    mean: NDArray[numpy.float32]
    log_variance: NDArray[numpy.float32] | None


@dataclass(frozen=True)
class Sample:
    """Codes of the prior z [N, D], the decoder's means [N, ...] of them, and data drawn of these, or None."""

    z: NDArray[numpy.float32]
    mean: NDArray[numpy.float32]
    x: NDArray[numpy.float32] | None
