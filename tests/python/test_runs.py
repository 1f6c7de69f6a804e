"""Runs, trainers and sweeps: what becomes of them."""
import copy
import pickle

import numpy
import nelbo
import pytest
from nelbo import ops

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


def test_a_sweep_of_processes_comes_to_the_same_bits():
    """Several at once, of a Python term and an array, beside one after the other."""

    @nelbo.term(name="swept", moves=["phi"])
    def swept(draw):
        return abs(draw.z()).sum(-1)

    x = (numpy.random.default_rng(0).random((300, 12)) < 0.3).astype(numpy.uint8)
    settings = dict(grid={"weight": [0, 0.1, 1]}, objective="nell + div + {weight}*swept", **SMALL)
    one = nelbo.sweep(x, jobs=1, out="runs/one", **settings)
    several = nelbo.sweep(x, jobs=3, out="runs/several", **settings)
    for a, b in zip(one.runs, several.runs, strict=True):
        for name, value in a.parameters.items():
            assert (value == b.parameters[name]).all(), name
    assert several.runs[0].evaluate().elbo == one.runs[0].evaluate().elbo
    nelbo.set_threads(2)  # the parent's own threads go on
    assert several.runs[1].evaluate().elbo == one.runs[1].evaluate().elbo


def test_what_goes_wrong_in_a_process_of_a_sweep():
    with pytest.raises(ValueError, match="unknown term 'dvi'"):
        nelbo.sweep("sprites:32", jobs=2, grid={"term": ["div", "dvi"]}, objective="nell + {term}", **SMALL)
    with pytest.raises(nelbo.NotFinite, match="not finite"):
        nelbo.sweep("sprites:32", jobs=2, grid={"lr": [1e30, 1e29]}, out="runs/other", **SMALL)


def test_bounds_of_ones_own(run):
    """Functions of arrays of log-weights, and the same as a term that is trained."""
    w = run.log_weights(50, examples=100).astype(numpy.float64)
    assert w.shape == (50, 100)
    study = run.bounds([1, 50], examples=100).columns()
    iwae = numpy.log(numpy.exp(w - w.max(0)).mean(0)) + w.max(0)
    assert iwae.mean() == pytest.approx(study["value"][1], abs=1e-4)
    assert w[0].mean() == pytest.approx(study["value"][0], abs=1e-4)

    @nelbo.term(name="own_iwae", samples=8)
    def own_iwae(draw):
        return -ops.logmeanexp(draw.log_weights(), axis=0)

    trained = [nelbo.train("sprites:32", objective=objective, out=f"runs/{i}", quiet=True, **SMALL)
               for i, objective in enumerate([own_iwae(), nelbo.iw(8)])]
    for name, value in trained[1].parameters.items():
        assert trained[0].parameters[name] == pytest.approx(value, abs=1e-5), name


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
