"""What the tests of the Python package share. Every test runs in an empty folder."""
import os
import pathlib
import subprocess

import pytest

import nelbo

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = nelbo._core.words()  # before any test adds its own
SMALL = dict(hidden=[16], latent=3, steps=30)  # of sprites:32, half a second


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nelbo.set_threads(1)


@pytest.fixture
def program():
    """Runs the program of the same tree: NELBO_PROGRAM, or build/release/nelbo."""
    path = pathlib.Path(os.environ.get("NELBO_PROGRAM", ROOT / "build/release/nelbo"))
    if not path.exists():
        pytest.skip(f"there is no {path}: build it, or say where it is in NELBO_PROGRAM")

    def run(*words):
        done = subprocess.run([path, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def run():
    """A small trained model of sprites."""
    return nelbo.train("sprites:32", quiet=True, out="runs/small", **SMALL)
