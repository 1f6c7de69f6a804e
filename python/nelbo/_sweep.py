"""Sweeps: runs of every combination of some settings, several at once."""

from __future__ import annotations

import functools
import itertools
import os
import pathlib
import pickle
import select
import signal
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from numpy.typing import NDArray

from . import _command, _core
from ._command import Interrupted, NelboWarning, text_of, warn
from ._data import Data, DataLike, load_data
from ._results import columns
from ._run import Run, train


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


def _folder_name(name: str) -> str:
    return "".join(one if one.isalnum() or one in "._=-" else "_" for one in name)


def _config_of(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of one run: what varies is put into texts that hold its name in braces, or is a setting."""
    own = dict(config)
    for name, value in given.items():
        places = [key for key, text in own.items() if isinstance(text, str) and f"{{{name}}}" in text]
        for key in places:
            own[key] = own[key].replace(f"{{{name}}}", text_of(value))
        if not places:
            own[name] = value
    return own


def _opened(path: pathlib.Path, data: Data | None) -> Run:
    run = Run(path)
    run._kept_data = data
    return run


def _finish(path: pathlib.Path, data: Data | None, config: Mapping[str, Any], quiet: bool) -> None:
    """Makes a run, goes on with it, or leaves it as it is."""
    if not (path / "config.toml").exists():
        train(data, out=path, quiet=quiet, **config)
        return
    run = Run(path)
    if run.record.get("status") != "finished":
        run.resume(quiet=quiet)


def _in_child(work: Callable[[], None], outcome: int) -> NoReturn:
    """Does the work with one thread, writes its notes and what went wrong, and ends the process."""
    try:
        _core.be_forked()
        _command._threads = 1
        error: BaseException | None = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", NelboWarning)
            try:
                work()
            except BaseException as raised:  # noqa: BLE001 - the parent raises it
                error = raised
        notes = [str(one.message) for one in caught if issubclass(one.category, NelboWarning)]
        try:
            told = pickle.dumps((notes, error))
            pickle.loads(told)
        except Exception:  # noqa: BLE001 - an exception that is no pickle
            told = pickle.dumps((notes, ValueError(str(error))))
        with os.fdopen(outcome, "wb") as pipe:
            pipe.write(told)
    finally:
        os._exit(0)


def _forked(work: Callable[[], None]) -> tuple[int, int]:
    """Where the outcome of a child comes, and its process."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of forks with threads about: the child has but one, and returns to no one.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        _in_child(work, writing)
    os.close(writing)
    return reading, process


def _outcome(pipe: int, process: int) -> tuple[list[str], BaseException | None]:
    with os.fdopen(pipe, "rb") as file:
        told = file.read()
    os.waitpid(process, 0)
    if not told:
        return [], RuntimeError("a process of the sweep was killed; the same call goes on")
    notes, error = pickle.loads(told)
    return notes, error


def _all_at_once(work: Sequence[Callable[[], None]], jobs: int) -> None:
    """So many at a time in processes of their own, which have this one's arrays and Python functions."""
    todo, running = list(work), dict[int, int]()
    notes, wrong = dict[str, None](), list[BaseException]()
    while running or (todo and not wrong):
        while todo and not wrong and len(running) < jobs:
            running |= [_forked(todo.pop(0))]
        try:
            ended = select.select(list(running), [], [])[0]
        except KeyboardInterrupt:  # a terminal tells the children too, a notebook does not
            for process in running.values():
                os.kill(process, signal.SIGINT)
            wrong.append(Interrupted("interrupted; the same call goes on"))
            continue
        for pipe in ended:
            told, error = _outcome(pipe, running.pop(pipe))
            notes |= dict.fromkeys(told)
            if error is not None:
                wrong.append(error)
    warn(list(notes), 3)
    if wrong:
        raise wrong[0]


def sweep(
    data: DataLike | None = None,
    *,
    grid: Mapping[str, Iterable[Any]],
    seeds: Iterable[int] | None = None,
    out: str | os.PathLike[str] = "runs/sweep",
    jobs: int | None = None,
    quiet: bool = True,
    **config: Any,
) -> Sweep:
    """Trains every combination of the values in ``grid``, of every seed, ``jobs`` at once.

    A name that stands in braces in a text of ``config`` is put there, ``objective="nell + {beta}*div"``;
    any other is a setting. Runs in ``out`` that are finished are not made again, others go on: a sweep that
    was interrupted continues by the same call.

    ``jobs``: threads() unless given. Each of several is a process of one thread, forked from this one, so
    that it has its data and Python terms; results are the same bits whatever ``jobs`` is. No other thread of
    this process may compute meanwhile. What goes wrong in one is raised when those beside it are over.
    """
    folder = pathlib.Path(out)
    loaded = None if data is None else load_data(data)
    names = [*grid, *([] if seeds is None else ["seed"])]
    values = [list(one) for one in grid.values()] + ([] if seeds is None else [list(seeds)])
    settings = [dict(zip(names, one, strict=True)) for one in itertools.product(*values)]
    paths = [folder / _folder_name("-".join(f"{name}={text_of(value)}" for name, value in given.items()))
             for given in settings]
    work = [functools.partial(_finish, path, loaded, _config_of(config, given), quiet)
            for path, given in zip(paths, settings, strict=True)]
    at_once = min(_core.threads() if jobs is None else jobs, len(work))
    if at_once > 1:
        _all_at_once(work, at_once)
    else:
        for one in work:
            one()
    return Sweep(folder, [_opened(path, loaded) for path in paths], settings)
