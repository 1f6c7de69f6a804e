"""Terms that Python functions record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import _core
from ._core import Draw, OwnTerm, Var


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
) -> Callable[[Callable[[Draw], Var]], OwnTerm]:
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
            meaning or (function.__doc__ or "").strip().split("\n")[0],
            list(moves),
            unit,
            latex,
            formula,
            source,
            pairwise,
            samples,
        )

    return define
