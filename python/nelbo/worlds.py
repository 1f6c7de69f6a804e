"""Worlds with exact answers, for oracles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _core
from ._core import LinearGaussian


def linear_gaussian(
    parameters: Mapping[str, Any] | None = None,
    *,
    data_dimensions: int | None = None,
    latent_dimensions: int = 2,
    seed: int = 0,
) -> LinearGaussian:
    """A world in which everything is Gaussian: every term of Zheng eqs (3)-(35) is known.

    Of ``parameters`` data_mean, data_cov, enc_weight, enc_bias, enc_var, prior_mean, prior_cov, dec_weight,
    dec_bias and dec_var (arrays); or a random one of ``data_dimensions`` and ``latent_dimensions``; or, of
    neither, the golden one of nelbo's tests. ValueError for shapes that do not fit and covariances that
    are not positive definite.
    """
    if parameters is not None:
        return _core.linear_gaussian(dict(parameters))
    if data_dimensions is not None:
        return _core.random_linear_gaussian(data_dimensions, latent_dimensions, seed)
    return _core.golden_linear_gaussian()


__all__ = ["LinearGaussian", "linear_gaussian"]
