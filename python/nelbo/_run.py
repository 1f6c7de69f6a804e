"""Training runs: made by train(), opened by open()."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypedDict, Unpack

import numpy
from numpy.typing import NDArray

from . import _core
from . import _command
from ._command import Interrupted, flags_of, run_command, study, text_of, warn
from ._core import Term
from ._data import DataLike, load_data
from ._results import (
    Annealing,
    Bounds,
    Decomposition,
    Disentanglement,
    Encoded,
    Evaluation,
    GradientStudy,
    Sample,
    Training,
    result,
)

_kept = ("config.toml", "run.json", "metrics.jsonl", "checkpoints/last.safetensors",
         "checkpoints/best.safetensors", "checkpoints/ema.safetensors")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"train": {"elbo": -90}}`` as ``{"train.elbo": -90}``."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _columns(lines: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[numpy.float64]]:
    rows = [_flat(line) for line in lines]
    names = dict.fromkeys(
        name for row in rows for name, value in row.items() if isinstance(value, int | float)
    )
    return {
        name: numpy.array(
            [row[name] if isinstance(row.get(name), int | float) else numpy.nan for row in rows],
            dtype=numpy.float64,
        )
        for name in names
    }


def disentanglement_of(found: dict[str, Any]) -> Disentanglement:
    """With its matrices as arrays."""
    matrices = {
        name: numpy.array(rows, dtype=numpy.float64) for name, rows in found["matrices"].items()
    }
    return result(Disentanglement, found, matrices=matrices)


class Estimation(TypedDict, total=False):
    """What a study of gradient estimators is of: the flags of ``nelbo gradvar``."""

    bounds: str | Sequence[str] | None  # elbo, iw, miwae, ...
    objective: str | Term | None  # in their place
    estimators: str | Sequence[str] | None  # reparam, stl, dreg, ...
    m: Sequence[int] | int | None  # draws within a bound
    k: Sequence[int] | int | None  # bounds that are averaged
    replicates: int | None  # gradients, of which the moments are
    batch: int | None  # data of each gradient
    resample: bool  # other data in every replicate
    reference: str | None  # whose mean the bias is from
    seed: int | None
    out: str | None  # a .json file of the study


class Run:
    """A training run in its folder, or one checkpoint: what ``nelbo`` says of RUN.

    Studies take ``data`` (other data of the same shape: a SPEC, an array or load_data's), ``split`` and
    ``seed`` (the run's own unless given). Their results do not depend on the number of threads.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = pathlib.Path(path)
        self._model = _core.Model(self._path)
        self._result: Training | None = None
        self._kept_folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept_data: object = None

    # What it is ----------------------------------------------------------------------------------

    @property
    def path(self) -> pathlib.Path:
        """The run folder, or the checkpoint that was opened."""
        return self._path

    @property
    def result(self) -> Training | None:
        """What the training came to that this process made; None of a run that was opened."""
        return self._result

    @property
    def config(self) -> dict[str, Any]:
        """Every setting that the result depends on, as config.toml has it."""
        return tomllib.loads(self._file("config.toml").read_text())

    @property
    def record(self) -> dict[str, Any]:
        """run.json: what ran, where, and how it ended."""
        found: dict[str, Any] = json.loads(self._file("run.json").read_text())
        return found

    @property
    def metrics(self) -> dict[str, NDArray[numpy.float64]]:
        """A column for every number of metrics.jsonl, a row for each epoch: ``epoch``, ``train.elbo``,
        ``test.nell``, ``seconds``, ... Ready for pandas.DataFrame; NaN where an epoch has none."""
        file = self._file("metrics.jsonl")
        if not file.exists():
            return {}
        return _columns([json.loads(line) for line in file.read_text().splitlines()])

    @property
    def parameters(self) -> dict[str, NDArray[numpy.float32]]:
        """Every parameter by its name: views of this object's model, not copies."""
        return self._model.parameters

    @property
    def latent(self) -> int:
        """Latent variables of the model."""
        return self._model.latent

    def __repr__(self) -> str:
        return f"<nelbo.Run {self._path}>"

    def _file(self, name: str) -> pathlib.Path:
        folder = self._path
        if folder.suffix == ".safetensors":
            folder = folder.absolute().parent.parent
        return folder / name

    # The model -----------------------------------------------------------------------------------

    def encode(self, x: DataLike | None = None, *, split: str = "") -> Encoded:
        """Q(Z|x) of data: means and log-variances [N, D], float32; Zheng eq. (7).

        ``x``: an array [N, ...] or other data, as they were given for training: the run scales and
        binarises them. None: the run's own, of the split ``test`` unless named. ValueError for examples
        of another shape.
        """
        data = None if x is None else load_data(x)
        mean, log_variance, notes = self._model.encode("" if data is None else data.spec, split)
        warn(notes, 2)
        return Encoded(mean, log_variance)

    def decode(self, z: Any, *, condition: object = "") -> NDArray[numpy.float32]:
        """The decoder's means E[X|z] of codes [N, D]: [N, ...], on the scale that the model sees."""
        return self._model.decode(z, text_of(condition))

    def log_weights(
        self,
        draws: int = 50,
        *,
        examples: int | None = None,
        data: DataLike | None = None,
        split: str = "",
        seed: int | None = None,
    ) -> NDArray[numpy.float32]:
        """log P(x|z) + log P0(z) - log Q(z|x) of draws z of Q(Z|x), [draws, N], nats; Zheng eq. (37).

        What every bound is a function of, and one of your own may be: ``scipy.special.logsumexp(w, 0) -
        log(draws)`` is the IWAE's. The draws are those of bounds(). ``examples``: the first so many.
        """
        spec = "" if data is None else load_data(data).spec
        weights, notes = self._model.log_weights(draws, examples, spec, split, seed)
        warn(notes, 2)
        return weights

    def sample(
        self, n: int = 64, *, seed: int | None = None, draw: bool = False, condition: object = ""
    ) -> Sample:
        """n codes of the prior with the decoder's means of them; with ``draw`` also data of P(X|z)."""
        z, mean, *x = self._model.sample(n, seed, draw, text_of(condition))
        return Sample(z, mean, x[0] if x else None)

    # Studies -------------------------------------------------------------------------------------

    def _study(self, name: str, arguments: Mapping[str, Any], *, run_is_flag: bool = False) -> dict[str, Any]:
        """Every argument of a method but itself is a flag."""
        given = {key: value for key, value in arguments.items() if key != "self"}
        data = None if given.get("data") is None else load_data(given["data"])
        given["data"] = None if data is None else data.spec
        path = os.fspath(self._path)
        if run_is_flag:
            return study(name, [], {"run": path, **given})
        return study(name, [path], given)

    def evaluate(
        self,
        *,
        data: DataLike | None = None,
        split: str | None = None,
        seed: int | None = None,
        per_example: str | None = None,
    ) -> Evaluation:
        """The bound and its parts with standard errors: ``nelbo eval``. ``per_example``: a .csv or .npz."""
        return result(Evaluation, self._study("eval", locals()))

    def decompose(
        self,
        *,
        data: DataLike | None = None,
        split: str | None = None,
        scheme: str | None = None,
        draws: int | None = None,
        batch: int | None = None,
        examples: int | None = None,
        pairs: int | None = None,
        seed: int | None = None,
    ) -> Decomposition:
        """Every term of the bound, with its error and bias: ``nelbo decompose``; Zheng eqs (3)-(35)."""
        return result(Decomposition, self._study("decompose", locals()))

    def bounds(
        self,
        m: Sequence[int] | int | None = None,
        k: Sequence[int] | int | None = None,
        *,
        examples: int | None = None,
        data: DataLike | None = None,
        split: str | None = None,
        seed: int | None = None,
        per_example: str | None = None,
    ) -> Bounds:
        """The lattice of bounds MC_k-IW_m on log p(x): ``nelbo bounds``; Zheng eqs (36)-(40)."""
        return result(Bounds, self._study("bounds", locals()))

    def gradvar(
        self, *, data: DataLike | None = None, split: str | None = None, **options: Unpack[Estimation]
    ) -> GradientStudy:
        """Variance, signal-to-noise ratio, bias and time of gradient estimators: ``nelbo gradvar``.

        ``options``: bounds, objective, estimators, m, k, replicates, batch, resample, reference, seed and
        out, as nelbo.Estimation tells.
        """
        given = {"data": data, "split": split, **options}
        return result(GradientStudy, self._study("gradvar", given, run_is_flag=True))

    def ais(
        self,
        *,
        temperatures: int | None = None,
        chains: int | None = None,
        examples: int | None = None,
        from_: str | None = None,
        bdmc: bool = False,
        rate_distortion: bool = False,
        distortion: str | None = None,
        beta_max: float | None = None,
        data: DataLike | None = None,
        split: str | None = None,
        seed: int | None = None,
        per_example: str | None = None,
    ) -> Annealing:
        """log p(x) by annealed importance sampling, from one side or both: ``nelbo ais``."""
        return result(Annealing, self._study("ais", locals()))

    def disentangle(
        self,
        *,
        like: str | None = None,
        samples: int | None = None,
        data: DataLike | None = None,
        split: str | None = None,
        seed: int | None = None,
    ) -> Disentanglement:
        """How codes stand to the factors of the data, every metric: ``nelbo disentangle``."""
        return disentanglement_of(self._study("disentangle", locals()))

    # What becomes of it --------------------------------------------------------------------------

    def resume(
        self,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        change: Mapping[str, object] | None = None,
        quiet: bool = False,
    ) -> Self:
        """Trains on from the last checkpoint, to the same bits as a run that was never interrupted.

        ``epochs``, ``steps``: so many more; none: to the end that was planned. ``change``: settings that
        may be others from here on, as ``{"lr": 1e-4}``.
        """
        words = ["train", f"--resume={self._path}", "--json",
                 *flags_of(dict(epochs=epochs, steps=steps, quiet=quiet))]
        for name, value in (change or {}).items():
            words.append(f"--change={name}={text_of(value)}")
        if _command._threads is not None:
            words.append(f"--threads={_command._threads}")
        self._result = result(Training, run_command(words, os.fspath(self._path)))
        self._model = _core.Model(self._path)
        return self

    def report(self) -> pathlib.Path:
        """Writes the run's page of figures and tables, and returns its path: ``nelbo report``."""
        run_command(["report", os.fspath(self._path)], json_wanted=False)
        return self._file("report.html")

    # A copy: the bytes of its files -------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        files = {name: self._file(name) for name in _kept}
        return {
            "name": self._file(".").resolve().name,
            "files": {name: file.read_bytes() for name, file in files.items() if file.exists()},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        kept = tempfile.TemporaryDirectory(prefix="nelbo-")
        folder = pathlib.Path(kept.name) / state["name"]
        for name, content in state["files"].items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.__init__(folder)  # type: ignore[misc]
        self._kept_folder = kept


def open(path: str | os.PathLike[str]) -> Run:  # noqa: A001
    """Opens a run folder, or one checkpoint (RUN/checkpoints/best.safetensors).

    ValueError where a file is missing or damaged, or holds a word that this process has not defined: a
    Python term is defined before its run is opened.
    """
    run = Run(path)
    warn(run._model.notes, 2)
    return run


def train(
    data: DataLike | None = None,
    *,
    objective: str | Term | None = None,
    model: str | None = None,
    out: str | os.PathLike[str] | None = None,
    quiet: bool = False,
    **config: Any,
) -> Run:
    """Trains a variational autoencoder in a new run folder, as ``nelbo train`` does, to the same bits.

    ``data``: a SPEC, an array [N, ...], a dict of splits, or load_data's. ``objective``: a Term or an
    expression. ``config``: every other flag of ``nelbo train`` under its name with underscores:
    ``latent=10, hidden=[500, 200], epochs=5, lr=1e-3, preset="quickstart", seed=1, layer_norm=True``.
    ``out``: the run folder; runs/NAME unless given. Progress goes to stderr unless ``quiet``.

    ValueError for settings that cannot be meant and data that do not fit, before anything is trained;
    NotFinite where a number is not finite. After Ctrl-C the step is finished and the run saved: Interrupted
    names its folder, from which ``nelbo.open(folder).resume()`` goes on.
    """
    words = ["train", "--json"]
    loaded = None if data is None else load_data(data)
    if loaded is not None:
        words.append(f"--data={loaded.spec}")
    switches = set(_core.settings())
    for name, value in config.items():
        # A setting that is a switch can be taken back, where a preset gave it.
        if isinstance(value, bool) and name in switches:
            words.append(f"--{name.replace('_', '-')}={text_of(value)}")
        else:
            words += flags_of({name: value})
    words += flags_of(dict(objective=objective, model=model, out=out, quiet=quiet))
    if _command._threads is not None and "threads" not in config:
        words.append(f"--threads={_command._threads}")
    found = run_command(words, None if out is None else os.fspath(out))
    run = Run(found["run"])
    run._result = result(Training, found)
    run._kept_data = loaded
    return run


__all__ = ["Interrupted", "Run", "open", "train"]
