"""Commands of nelbo in this process: words in, the command's JSON out."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy

from . import _core


class NelboWarning(UserWarning):
    """What nelbo tells of data, files and settings beside its results: notes of the command line."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C came: the step was finished and the run saved, in ``folder``."""

    def __init__(self, text: str, folder: str | None = None) -> None:
        super().__init__(text)
        self.folder = folder


_threads: int | None = None


def set_threads(threads: int | None) -> None:
    """Sets the number of worker threads; None: the cores that this process may use.

    No result depends on it, bit for bit.
    """
    global _threads
    _core.set_threads(_core.default_threads() if threads is None else threads)
    _threads = threads


def threads() -> int:
    """The number of worker threads."""
    return _core.threads()


def text_of(value: object) -> str:
    """A setting's value as its flag takes it: 500,200 of a list, true of True."""
    if isinstance(value, bool | numpy.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, float | numpy.floating):
        return repr(float(value))
    if isinstance(value, list | tuple | range | numpy.ndarray):
        return ",".join(text_of(one) for one in value)
    return str(value)


def flags_of(given: Mapping[str, object]) -> list[str]:
    """``scheme="strat", draws=3`` as ``--scheme=strat --draws=3``; True is a switch, None and False none."""
    words = []
    for name, value in given.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            words.append(f"{flag}={text_of(value)}")
    return words


def warn(notes: list[str], stacklevel: int = 3) -> None:
    """Notes as warnings of whoever called."""
    for note in notes:
        warnings.warn(note, NelboWarning, stacklevel=stacklevel + 1)


def _divided(messages: str) -> tuple[list[str], str]:
    """Notes, and the rest: what is wrong, without the program's name."""
    notes, rest = [], []
    for line in messages.splitlines():
        if line.startswith("note: "):
            notes.append(line.removeprefix("note: "))
        elif not line.strip().startswith("see `nelbo"):
            rest.append(line.removeprefix("nelbo: "))
    return notes, "\n".join(rest).strip()


def run_command(
    words: list[str], folder: str | None = None, *, json_wanted: bool = True, stacklevel: int = 3
) -> Any:
    """Runs ``nelbo WORDS...`` and returns its JSON, or what it says.

    ValueError with the command's own text where it fails, NotFinite where a number is not finite,
    Interrupted after Ctrl-C; notes are warnings.
    """
    code, out, messages = _core.run_command(words)
    notes, text = _divided(messages)
    warn(notes, stacklevel)
    if code in (130, 143):
        raise Interrupted(text or "interrupted", folder)
    if code == 4:
        raise _core.NotFinite(text)
    if code != 0 and not (code == 1 and out):
        raise ValueError(text)
    return json.loads(out) if json_wanted and out else out


def study(name: str, positional: list[str], given: Mapping[str, object]) -> dict[str, Any]:
    """A command that takes --threads and --json."""
    words = [name, *positional, "--json", *flags_of(given)]
    if _threads is not None:
        words.append(f"--threads={_threads}")
    found: dict[str, Any] = run_command(words, stacklevel=5)
    return found
