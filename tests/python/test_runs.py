"""Runs, trainers and sweeps: what becomes of them."""
import copy
import pickle

import numpy
import nelbo
import pytest

from conftest import SMALL


def test_a_run_is_pickled_with_its_files(run):
    found = run.evaluate()
    other = pickle.loads(pickle.dumps(run))
    assert other.path != run.path
    assert other.evaluate().elbo == found.elbo
    assert other.config == run.config
    assert copy.copy(run).evaluate().elbo == found.elbo


def test_a_trainer_is_pickled_where_it_stands():
    with pytest.warns(nelbo.NelboWarning):
        trainer = nelbo.Trainer("sprites:32", **SMALL)
    for _ in range(7):
        trainer.step()
    other = pickle.loads(pickle.dumps(trainer))
    for one in (trainer, other):
        for _ in range(8):
            one.step()
    assert other.steps == 15
    for name, value in trainer.parameters.items():
        assert (value == other.parameters[name]).all()


def test_parameters_are_views():
    with pytest.warns(nelbo.NelboWarning):
        trainer = nelbo.Trainer("sprites:32", **SMALL)
    weights = trainer.parameters["encoder.0.weight"]
    before = weights.copy()
    trainer.step()
    assert (weights != before).any()
    weights[:] = 0
    assert (trainer.parameters["encoder.0.weight"] == 0).all()
    parameters = trainer.parameters
    expected = parameters["decoder.output.weight"].copy()
    del trainer, weights
    others = [numpy.full(1 << 16, 7, dtype=numpy.float32) for _ in range(100)]
    assert len(others) == 100 and (parameters["decoder.output.weight"] == expected).all()


def test_metrics_of_a_trainer():
    with pytest.warns(nelbo.NelboWarning):
        trainer = nelbo.Trainer("sprites:32", objective="nell + 2*div", hidden=[16], latent=3)
    metrics = trainer.fit(2)
    assert metrics["epoch"].tolist() == [1, 2]
    last = trainer.evaluate()
    assert last["elbo"] == pytest.approx(metrics["test.elbo"][-1])
    assert last["objective"] == pytest.approx(-(last["nell"] + 2 * last["div"]))
    assert trainer.epochs == 2 and trainer.steps == 2 * trainer.batches_per_epoch
    assert str(trainer.objective) == "nell + 2*div" and trainer.config["latent"] == 3


def test_samples_and_codes(run):
    sample = run.sample(5, seed=1, draw=True)
    assert sample.z.shape == (5, 3) and sample.mean.shape == sample.x.shape == (5, 32, 32)
    assert set(numpy.unique(sample.x)) <= {0, 1}
    assert (run.decode(sample.z) == sample.mean).all()
    assert (run.sample(5, seed=1).z == sample.z).all() and (run.sample(5, seed=2).z != sample.z).any()
    codes = run.encode(split="train")
    assert codes.mean.shape == codes.log_variance.shape == (9000, 3)


def test_checkpoints_open(run):
    alone = nelbo.open(run.path / "checkpoints/last.safetensors")
    assert alone.evaluate().elbo == run.evaluate().elbo


def test_sweep():
    made = nelbo.sweep("sprites:32", grid={"beta": [1, 4]}, seeds=[0, 1], out="runs/sweep",
                       objective="nell + {beta}*div", **SMALL)
    table = made.columns()
    assert table["beta"].tolist() == [1, 1, 4, 4] and table["seed"].tolist() == [0, 1, 0, 1]
    assert len(set(table["test.elbo"])) == 4
    kept = [(run.path / "run.json").stat().st_mtime_ns for run in made.runs]
    nelbo.sweep("sprites:32", grid={"beta": [1, 4]}, seeds=[0, 1], out="runs/sweep",
                objective="nell + {beta}*div", **SMALL)
    assert kept == [(run.path / "run.json").stat().st_mtime_ns for run in made.runs]


def test_presets_and_switches():
    run = nelbo.train("sprites:32", out="run", quiet=True, preset="quickstart", layer_norm=True, **SMALL)
    assert run.config["layer_norm"] is True and run.record["preset"]["name"] == "quickstart"
    assert run.record["argv"][:3] == ["nelbo", "train", "--json"]


def test_ctrl_c_between_steps_of_a_trainer():
    import subprocess
    import sys
    import textwrap

    script = textwrap.dedent(
        """
        import os, signal, threading, warnings
        import nelbo
        warnings.simplefilter("ignore")
        trainer = nelbo.Trainer("sprites:32", hidden=[16], latent=3)
        trainer.fit(1)
        threading.Timer(1, lambda: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)]).start()
        try:
            trainer.fit(10**6)
        except nelbo.Interrupted:
            steps = trainer.steps
            trainer.step()
            print(trainer.steps - steps)
        try:  # the interpreter's own handler is back
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            print("KeyboardInterrupt")
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "1\nKeyboardInterrupt\n", done.stderr
