"""The same seed gives the same bits, from Python, from the program, a step at a time and interrupted."""
import pathlib

import nelbo
import pytest

SETTINGS = dict(hidden=[16], latent=3, steps=150, objective="nell + anneal(1, 4, steps=50)*tc + dwkl", seed=3,
                batch=70, lr="phi=1e-3,theta=3e-4")
FLAGS = ["--hidden", "16", "--latent", "3", "--steps", "150", "--objective",
         SETTINGS["objective"], "--seed", "3", "--batch", "70", "--lr", SETTINGS["lr"]]


def checkpoint(folder):
    return pathlib.Path(folder, "checkpoints/last.safetensors").read_bytes()


@pytest.fixture
def reference(program):
    program("train", "--data", "sprites:32", "--out", "program", "--quiet", *FLAGS)
    return checkpoint("program")


def test_train(reference):
    nelbo.train("sprites:32", quiet=True, out="python", **SETTINGS)
    assert checkpoint("python") == reference


def test_step_by_step(reference):
    trainer = nelbo.Trainer("sprites:32", **SETTINGS)
    for _ in range(150):
        trainer.step()
    trainer.save("trainer.safetensors")
    assert pathlib.Path("trainer.safetensors").read_bytes() == reference


def test_resumed(reference):
    nelbo.train("sprites:32", quiet=True, out="python", **{**SETTINGS, "steps": 60})
    nelbo.open("python").resume(steps=90, quiet=True)
    assert checkpoint("python") == reference


def test_terms_written_and_composed():
    composed = nelbo.nell() + nelbo.anneal(1, 4, steps=50) * nelbo.tc() + nelbo.dwkl()
    nelbo.train("sprites:32", quiet=True, out="a", **SETTINGS)
    nelbo.train("sprites:32", quiet=True, out="b", **{**SETTINGS, "objective": composed})
    assert nelbo.open("a").parameters.keys() == nelbo.open("b").parameters.keys()
    for name, value in nelbo.open("a").parameters.items():
        assert (value == nelbo.open("b").parameters[name]).all()


def test_threads_change_no_bit():
    nelbo.train("sprites:32", quiet=True, out="one", **SETTINGS)
    nelbo.set_threads(3)
    nelbo.train("sprites:32", quiet=True, out="three", **SETTINGS)
    assert checkpoint("one") == checkpoint("three")
