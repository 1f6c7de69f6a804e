"""Networks of your own: an encoder and a decoder as Python functions over layers, recorded once.

    @nelbo.architecture(latent=8)
    def two_layers(networks):
        encoder = layers.sequential(networks.linear("encoder.0", networks.inputs, 64, "relu"),
                                    networks.encoder_head(64))
        hidden = networks.linear("decoder.0", networks.codes, 64)
        output = networks.decoder_output(64)
        return encoder, lambda z: output(ops.tanh(hidden(z)))

    nelbo.train(data, model="two_layers")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from . import _core
from ._core import Layer, Networks, Var

Function: TypeAlias = "Callable[[Var], Var]"


def sequential(*layers: Function) -> Layer:
    """Layers, and functions of variables, one after the other."""
    return _core.sequential(list(layers))


def architecture(
    *, name: str | None = None, summary: str = "", latent: int = 10
) -> Callable[
    [Callable[[Networks], tuple[Function, Function]]],
    Callable[[Networks], tuple[Function, Function]],
]:
    """Makes a model of a function that declares layers and returns encoder and decoder.

    The encoder takes x [B, X] to the posterior's parameters, which ``networks.encoder_head`` makes; the
    decoder takes codes [S, B, D] to the likelihood's output [S, B, P X], which
    ``networks.decoder_output`` makes. Both are called once for each recording. The model's ``name`` is the
    function's unless given; ``model=NAME`` in nelbo.train means it. It takes any posterior, prior and
    likelihood. ``latent``: its latent variables unless configured. A name of nelbo's is a ValueError; one of
    an earlier function means this one from now on, and its ``latent`` and ``summary`` stay.
    """

    def define(
        function: Callable[[Networks], tuple[Function, Function]],
    ) -> Callable[[Networks], tuple[Function, Function]]:
        about = summary or (function.__doc__ or "networks of a Python function").split("\n")[0]
        _core.define_model(name or function.__name__, function, about, latent)
        return function

    return define


__all__ = ["Function", "Layer", "Networks", "architecture", "sequential"]
