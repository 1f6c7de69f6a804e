"""Data sets: what nelbo finds by a name or a path, and arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy
from numpy.typing import NDArray

from . import _core
from ._command import warn

# What a data set is given as: a SPEC, an array [N, ...], or splits by name.
DataLike: TypeAlias = "Data | str | os.PathLike[str] | Mapping[str, Any] | Any"

_stored = ("bool", "uint8", "int32", "int64", "float32", "float64")


class Data:
    """A data set of nelbo: its splits, shape and scale. ``spec`` is the name that commands know it by."""

    def __init__(self, core: _core.DataSet, made_of: tuple[Any, ...], held: object = None) -> None:
        self._core = core
        self._made_of = made_of  # what load_data or _of_splits makes it of again
        self._held = held

    @property
    def spec(self) -> str:
        """The name or path: ``sprites``, ``mnist/``; of arrays ``array:`` and a hash of their content."""
        return self._core.spec

    @property
    def splits(self) -> dict[str, int]:
        """Examples of every split."""
        return self._core.splits

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self._core.shape)

    @property
    def dtype(self) -> str:
        """The type in which examples are stored."""
        return self._core.dtype

    @property
    def scale(self) -> str:
        """What stored values are divided by before a model sees them."""
        return self._core.scale

    @property
    def factor_names(self) -> list[str]:
        """Names of the ground-truth factors; empty where there are none."""
        return self._core.factor_names

    def x(self, split: str = "") -> NDArray[numpy.float32]:
        """Examples of a split [N, ...] as a model sees them, scaled; a copy. The first split unless named."""
        return self._core.x(split)

    def labels(self, split: str = "") -> NDArray[numpy.int64]:
        """Labels [N] of a split; empty where it has none."""
        return self._core.labels(split)

    def factors(self, split: str = "") -> NDArray[numpy.float64]:
        """Ground-truth factors [N, K] of a split, in their own units; [0, 0] where there are none."""
        return self._core.factors(split)

    def __reduce__(self) -> tuple[Any, ...]:
        return (load_data if self._held is None else _of_splits), self._made_of

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.splits.items())
        return f"<nelbo.Data {self.spec}: {counts}, {list(self.shape)} {self.dtype}>"


def _array(given: Any) -> NDArray[Any]:
    """Row-major, in a type that nelbo stores: the given memory where it is that already."""
    if isinstance(given, numpy.ndarray) or not hasattr(given, "__dlpack__"):
        array = numpy.asarray(given)
    else:
        array = numpy.from_dlpack(given)
    if array.ndim == 0:
        raise ValueError("data: a number has no examples; give an array [N, ...]")
    if array.dtype.name not in _stored:
        if array.dtype.kind not in "iuf":
            raise TypeError(f"data of type {array.dtype}; numbers are wanted")
        array = array.astype(numpy.float32 if array.dtype.kind == "f" else numpy.int64)
    return numpy.ascontiguousarray(array)


def _masked(name: str, x: NDArray[Any], mask: Any) -> NDArray[Any]:
    """A copy, floating point, that has NaN where the mask is 0."""
    observed = numpy.asarray(mask) != 0
    if observed.shape != x.shape:
        raise ValueError(f"data: split '{name}': mask {list(observed.shape)} is not of the shape of x, {list(x.shape)}")
    if x.dtype.kind != "f":
        x = x.astype(numpy.float32)
    return numpy.where(observed, x, x.dtype.type(numpy.nan))


def _split(name: str, given: Any) -> tuple[str, NDArray[Any], Any, Any]:
    if not isinstance(given, Mapping):
        return name, _array(given), None, None
    unknown = set(given) - {"x", "mask", "labels", "factors"}
    if unknown or "x" not in given:
        raise ValueError(f"data: split '{name}' is a dict of x and, optionally, mask, labels and factors")

    def other(key: str) -> Any:
        return None if given.get(key) is None else numpy.asarray(given[key])

    x = _array(given["x"])
    if given.get("mask") is not None:
        x = _masked(name, x, given["mask"])
    return name, x, other("labels"), other("factors")


def _of_splits(splits: list[Any], factor_names: list[str]) -> Data:
    held = _core.define_data(splits, factor_names)
    return Data(_core.DataSet(held.spec, ""), (splits, factor_names), held)


def load_data(data: DataLike, *, label: str = "", factor_names: Sequence[str] = ()) -> Data:
    """A data set of a SPEC, of an array, or of splits by name.

    ``data``: what the command line takes (``"sprites"``, ``"fashion-mnist"``, a file, a folder); an
    array [N, ...] of numpy, torch or jax, of bool, uint8, int32, int64, float32 or float64; or a dict of
    splits (``train``, ``test``, ``valid``), each an array or a dict of ``x``, ``mask`` (of the shape of x),
    ``labels`` [N] and ``factors`` [N, K]. Without a split ``test`` a tenth is held out when a model is trained.

    Row-major arrays of these types are read where they are, and must not be written to meanwhile; others
    are copied. They are held as long as the Data, or a Run or Trainer that was made of it. Bytes above 1 are
    pixels, which a model sees divided by 255.

    Entries that are NaN, or for which ``mask`` is 0, are missing: such data are trained on with
    ``missing="zeros"`` or ``"mask"`` (docs/missing-data.md). With a mask x is copied, bytes as float32, which
    nothing divides: pixels want ``scale=255``.

    ValueError for arrays without examples, of more than 6 axes or with infinite numbers.
    """
    if isinstance(data, Data):
        return data
    if isinstance(data, str | os.PathLike):
        core = _core.DataSet(os.fspath(data), label)
        warn(core.notes)
        return Data(core, (core.spec,))
    given = data if isinstance(data, Mapping) else {"train": data}
    if not given:
        raise ValueError("data: a dict without splits; name train, and test or valid")
    if "x" in given:
        given = {"train": given}
    return _of_splits([_split(name, one) for name, one in given.items()], list(factor_names))
