"""What terms are made of, on arrays."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from . import _core


def aggregate_log_prob(z: Any, mean: Any, log_variance: Any) -> NDArray[Any]:
    """log 1/N sum_n N(z; mean_n, diag exp(log_variance_n)), the aggregated posterior of Zheng eq. (24).

    ``z`` [..., D], ``mean`` and ``log_variance`` [N, D]: [...], nats, in the type of z. The components are
    streamed past the points: no array of all pairs is made. ValueError for shapes that do not fit.
    """
    return _core.aggregate_log_prob(z, mean, log_variance)
