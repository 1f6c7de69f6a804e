"""A model in training, a step at a time."""

from __future__ import annotations

import os
import pathlib
import tempfile
import tomllib
from typing import Any

import numpy
from numpy.typing import NDArray

from . import _core
from ._command import Interrupted, text_of, warn
from ._core import Term
from ._data import DataLike, load_data
from ._run import _columns


class Trainer:
    """Trains without a run folder: steps and epochs when you say so, to the bits of ``nelbo train``.

    ``data``, ``objective``, ``model`` and settings as nelbo.train's. ValueError as there.
    """

    def __init__(
        self,
        data: DataLike,
        *,
        objective: str | Term | None = None,
        model: str | None = None,
        **config: Any,
    ) -> None:
        loaded = load_data(data)
        given = dict(objective=objective, model=model) | config
        self._settings = [("data", loaded.spec)] + [
            (name, text_of(value)) for name, value in given.items() if value is not None
        ]
        self._data = loaded
        self._start()
        warn(self._core.notes, 2)

    def _start(self) -> None:
        self._core = _core.Trainer(self._settings)
        self._epochs: list[dict[str, Any]] = []

    def step(self, steps: int = 1) -> None:
        """A step, or so many: a batch, forward, backward, update. Begins an epoch where one has ended.

        NotFinite, before the update, where loss or gradient is not finite.
        """
        self._core.step(steps)

    def fit(self, epochs: int = 1) -> dict[str, NDArray[numpy.float64]]:
        """Trains to the end of so many epochs and returns metrics; Interrupted, between steps, by Ctrl-C."""
        made, interrupted = self._core.fit(epochs)
        self._epochs += made
        if interrupted:
            raise Interrupted(f"interrupted after step {self.steps}; fit() goes on from there")
        return self.metrics

    def save(self, path: str | os.PathLike[str]) -> None:
        """All of the training's state in one safetensors file, which nelbo.open and load() read."""
        self._core.save(os.fspath(path))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Takes up a checkpoint of equal settings, to the same bits as if it had never been left."""
        note = self._core.load(os.fspath(path))
        warn([note] if note else [], 2)

    def evaluate(self) -> dict[str, float]:
        """Means over the test examples, nats per datum: objective (a gain), elbo, nell, div, terms.NAME."""
        return self._core.held_out()

    @property
    def metrics(self) -> dict[str, NDArray[numpy.float64]]:
        """A column for every number of the epochs that fit() made: ``epoch``, ``train.elbo``, ..."""
        return _columns(self._epochs)

    @property
    def config(self) -> dict[str, Any]:
        """Every setting, resolved."""
        return tomllib.loads(self._core.config_text)

    @property
    def objective(self) -> Term:
        """What is optimised."""
        return self._core.objective

    @property
    def parameters(self) -> dict[str, NDArray[numpy.float32]]:
        """Every parameter by its name: views of what is trained, not copies."""
        return self._core.parameters

    @property
    def steps(self) -> int:
        """Steps made."""
        return self._core.steps

    @property
    def epochs(self) -> int:
        """Epochs completed."""
        return self._core.epochs

    @property
    def batches_per_epoch(self) -> int:
        """Steps of an epoch."""
        return self._core.batches_per_epoch

    def __getstate__(self) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="nelbo-") as folder:
            file = pathlib.Path(folder) / "trainer.safetensors"
            self.save(file)
            return {"settings": self._settings, "epochs": self._epochs, "data": self._data,
                    "checkpoint": file.read_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._settings, self._data = state["settings"], state["data"]
        self._start()
        self._epochs = list(state["epochs"])
        with tempfile.TemporaryDirectory(prefix="nelbo-") as folder:
            file = pathlib.Path(folder) / "trainer.safetensors"
            file.write_bytes(state["checkpoint"])
            self.load(file)
