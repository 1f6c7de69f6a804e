"""Studies of what is no run: codes, weights, objectives, worlds."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Unpack

from . import _core
from ._command import flags_of, run_command, study, text_of, warn
from ._core import Term
from ._results import (
    Disentanglement,
    Explanation,
    GradientStudy,
    ParetoK,
    Verification,
    result,
)
from ._run import Estimation, disentanglement_of


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
    words = ["explain", "--json", *flags_of(dict(batch=batch, data_size=data_size, latent=latent))]
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


def gradvar(world: str = "rainforth", **options: Unpack[Estimation]) -> GradientStudy:
    """Gradient estimators at a world whose gradients are known: ``nelbo gradvar --world``.

    ``options``: bounds, objective, estimators, m, k, replicates, batch, resample, reference, seed and out, as
    nelbo.Estimation tells.
    """
    return result(GradientStudy, study("gradvar", [], {"world": world, **options}))
