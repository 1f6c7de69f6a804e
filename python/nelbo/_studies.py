"""Studies of what is no run: codes, weights, objectives, worlds."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from . import _core
from ._command import run_command, study, text_of, warn
from ._core import Term
from ._data import DataLike, load_data
from ._results import (
    Disentanglement,
    Explanation,
    GradientStudy,
    ParetoK,
    Verification,
    columns,
    result,
)
from ._run import Run, disentanglement_of, train


def disentangle(
    codes: Any,
    factors: Any,
    *,
    log_variance: Any = None,
    factor_names: Sequence[str] = (),
    like: str = "nelbo",
    samples: int = 0,
    seed: int = 0,
) -> Disentanglement:
    """How codes [N, D] of any model stand to the factors [N, K] of its data: every metric, with its error.

    Arrays of numpy, torch (detached) or jax. ``log_variance`` [N, D]: of Q(Z|x), where ``codes`` are its
    means; ``like="chen"`` needs it. ``like``: whose definitions the names have: ``nelbo``,
    ``disentanglement_lib`` or ``chen``. docs/metrics.md says what every number means. ValueError for shapes
    that do not fit and numbers that are not finite.
    """
    text, notes = _core.disentangle(
        codes, factors, log_variance, list(factor_names), like, samples, seed
    )
    warn(notes, 2)
    return disentanglement_of(json.loads(text))


def pareto_k(log_weights: Any) -> ParetoK:
    """k-hat of importance weights, with its limit and the smoothed mean; NaN for fewer than 25 of them."""
    return ParetoK(*_core.pareto_k(log_weights))


def explain(
    objective: str | Term,
    *,
    batch: int | None = None,
    data_size: int | None = None,
    latent: int | None = None,
) -> Explanation:
    """What an objective consists of, moves and needs: ``nelbo explain``.

    With ``batch``, ``data_size`` or ``latent``: ValueError where it is not defined for these.
    """
    words = ["explain", "--json"]
    for name, value in dict(batch=batch, data_size=data_size, latent=latent).items():
        if value is not None:
            words.append(f"--{name.replace('_', '-')}={value}")
    return result(Explanation, run_command([*words, text_of(objective)]))


def verify(
    what: str = "all",
    *,
    world: str | None = None,
    params: str | os.PathLike[str] | None = None,
    samples: int | None = None,
    seed: int | None = None,
) -> Verification:
    """Holds estimates of terms and bounds against worlds with exact answers: ``nelbo verify``.

    ``failures`` counts what is off by more than 4 standard errors.
    """
    given = dict(world=world, params=params, samples=samples, seed=seed)
    return result(Verification, study("verify", [what], given))


def gradvar(
    world: str = "rainforth",
    *,
    bounds: str | Sequence[str] | None = None,
    objective: str | Term | None = None,
    estimators: str | Sequence[str] | None = None,
    m: Sequence[int] | int | None = None,
    k: Sequence[int] | int | None = None,
    replicates: int | None = None,
    batch: int | None = None,
    resample: bool = False,
    reference: str | None = None,
    seed: int | None = None,
    out: str | None = None,
) -> GradientStudy:
    """Gradient estimators at a world whose gradients are known: ``nelbo gradvar --world``."""
    given = dict(world=world, bounds=bounds, objective=objective, estimators=estimators, m=m, k=k,
                 replicates=replicates, batch=batch, resample=resample, reference=reference,
                 seed=seed, out=out)
    return result(GradientStudy, study("gradvar", [], given))


@dataclass(frozen=True)
class Sweep:
    """Runs of every combination of some settings."""

    path: pathlib.Path
    runs: list[Run]
    settings: list[dict[str, Any]]

    def columns(self) -> dict[str, NDArray[Any]]:
        """A row for each run: what varied, and what it came to. Ready for pandas."""
        rows = []
        for run, given in zip(self.runs, self.settings, strict=True):
            record = run.record
            row = dict(given)
            for part in ("train", "valid", "test"):
                for name, value in record.get(part, {}).items():
                    row[f"{part}.{name}"] = value
            rows.append(row)
        return columns(rows)


def _named(name: str) -> str:
    return "".join(one if one.isalnum() or one in "._=-" else "_" for one in name)


def sweep(
    data: DataLike | None = None,
    *,
    grid: Mapping[str, Iterable[Any]],
    seeds: Iterable[int] | None = None,
    out: str | os.PathLike[str] = "runs/sweep",
    quiet: bool = True,
    **config: Any,
) -> Sweep:
    """Trains every combination of the values in ``grid``, of every seed, one after the other.

    A name that stands in braces in a text of ``config`` is put there, ``objective="nell + {beta}*div"``;
    any other is a setting. Runs in ``out`` that are finished are not made again, others go on: a sweep that
    was interrupted continues by the same call. ``nelbo sweep`` trains several at once, in processes of
    their own, which know no Python terms. What goes wrong in one is raised when it does.
    """
    folder = pathlib.Path(out)
    loaded = None if data is None else load_data(data)
    names = [*grid, *([] if seeds is None else ["seed"])]
    values = [list(one) for one in grid.values()] + ([] if seeds is None else [list(seeds)])
    runs, settings = [], []
    for combination in itertools.product(*values):
        given = dict(zip(names, combination, strict=True))
        own = dict(config)
        for name, value in given.items():
            places = [key for key, text in own.items()
                      if isinstance(text, str) and f"{{{name}}}" in text]
            for key in places:
                own[key] = own[key].replace(f"{{{name}}}", text_of(value))
            if not places:
                own[name] = value
        path = folder / _named("-".join(f"{name}={text_of(value)}" for name, value in given.items()))
        if (path / "config.toml").exists():
            run = Run(path)
            if run.record.get("status") != "finished":
                run.resume(quiet=quiet)
        else:
            run = train(loaded, out=path, quiet=quiet, **own)
        runs.append(run)
        settings.append(given)
    return Sweep(folder, runs, settings)
