"""Stubs and annotations hold under mypy --strict, of the package and of who uses it."""
import pathlib
import subprocess
import sys

import nelbo
import pytest

pytest.importorskip("mypy")

USE = '''
import numpy
import nelbo
from nelbo import ops

@nelbo.term(meaning="mean absolute code", moves=["phi"])
def sparsity(draw: nelbo.Draw) -> nelbo.Var:
    return abs(draw.z()).sum(-1)

objective: nelbo.Term = nelbo.nell() + 4 * nelbo.tc("strat") + 0.1 * sparsity()
run: nelbo.Run = nelbo.train("sprites:32", objective=objective, latent=5)
found: float = run.decompose(examples=100)["tc"] + run.evaluate().elbo
codes = run.encode(numpy.zeros((3, 4))).mean
with nelbo.Tape() as tape:
    x = tape.variable(numpy.ones(3))
    y: nelbo.Var = ops.logsumexp(2 * x, axis=-1)
    tape.backward(y)
'''


def mypy(*words):
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_package():
    mypy("-p", "nelbo")


def test_user():
    pathlib.Path("use.py").write_text(USE)
    mypy("use.py")


def test_every_public_name_is_documented():
    for name in nelbo.__all__:
        of = getattr(nelbo, name)
        assert isinstance(of, str) or of.__doc__, name
