"""Results are what the commands print with --json, and errors what they say."""
import dataclasses
import json
import signal
import subprocess
import sys
import textwrap
import warnings

import numpy
import nelbo
import pytest

CLOCK = {"seconds", "gflops", "peak_gflops", "share_of_peak", "examples_per_second"}


def timeless(found):
    """Without what a clock says."""
    if isinstance(found, dict):
        return {key: timeless(value) for key, value in found.items()
                if key not in CLOCK and not key.startswith(("us_per_gradient", "work"))}
    if isinstance(found, list):
        return [timeless(one) for one in found]
    return found


@pytest.mark.parametrize(
    "study, words",
    [
        (lambda run: run.evaluate(), ["eval", "RUN"]),
        (lambda run: run.evaluate(split="train", seed=4), ["eval", "RUN", "--split", "train", "--seed", "4"]),
        (lambda run: run.decompose(examples=100, scheme="strat", batch=20),
         ["decompose", "RUN", "--examples", "100", "--scheme", "strat", "--batch", "20"]),
        (lambda run: run.bounds([1, 5, 30], 1, examples=20), ["bounds", "RUN", "--m", "1,5,30", "--k", "1",
                                                              "--examples", "20"]),
        (lambda run: run.gradvar(bounds="elbo,iw", m=[2], replicates=8, estimators=["reparam", "stl"]),
         ["gradvar", "--run", "RUN", "--bounds", "elbo,iw", "--m", "2", "--replicates", "8",
          "--estimators", "reparam,stl"]),
        (lambda run: run.ais(temperatures=10, examples=5), ["ais", "RUN", "--temperatures", "10",
                                                            "--examples", "5"]),
        (lambda run: run.ais(temperatures=10, examples=5, chains=2, bdmc=True),
         ["ais", "RUN", "--temperatures", "10", "--examples", "5", "--chains", "2", "--bdmc"]),
        (lambda run: run.disentangle(samples=500, split="test"),
         ["disentangle", "RUN", "--samples", "500", "--split", "test"]),
        (lambda run: nelbo.explain(nelbo.nell() + 4 * nelbo.div()), ["explain", "nell + 4*div"]),
        (lambda run: nelbo.verify("nell", samples=1000), ["verify", "nell", "--samples", "1000"]),
        (lambda run: nelbo.gradvar("rainforth", bounds="elbo", replicates=16),
         ["gradvar", "--world", "rainforth", "--bounds", "elbo", "--replicates", "16"]),
    ],
)
def test_results_are_the_commands_json(program, run, study, words):
    result = study(run)
    found = result.to_dict()
    given = [str(run.path) if word == "RUN" else word for word in words]
    threads = [] if words[0] == "explain" else ["--threads", "1"]
    told = json.loads(program(*given, "--json", *threads))
    assert found.keys() == told.keys()
    for key, value in told.items():
        assert timeless(found[key]) == timeless(value) or key in CLOCK, key
    for member in dataclasses.fields(result):
        if member.name not in ("json", "matrices"):
            assert getattr(result, member.name) == found.get(member.name), member.name


def test_training_result(program):
    settings = ["--hidden", "16", "--latent", "3", "--steps", "30"]
    told = json.loads(program("train", "--data", "sprites:32", "--out", "one", "--quiet", "--json",
                              "--threads", "1", *settings))
    run = nelbo.train("sprites:32", hidden=[16], latent=3, steps=30, out="two", quiet=True)
    found = run.result.to_dict()
    for of in (told, found):
        of.pop("run"), of.pop("report")
    assert timeless(found) == timeless(told)
    told = json.loads(program("train", "--resume", "one", "--steps", "20", "--quiet", "--json", "--threads", "1"))
    found = run.resume(steps=20, quiet=True).result.to_dict()
    for of in (told, found):
        of.pop("run"), of.pop("report")
    assert timeless(found) == timeless(told)


def test_disentangle_of_arrays_is_that_of_a_file(program):
    random = numpy.random.default_rng(1)
    factors = random.integers(0, 5, size=(600, 3))
    codes = factors @ random.normal(size=(3, 4)) + 0.1 * random.normal(size=(600, 4))
    numpy.savez("codes.npz", codes=codes, factors=factors)
    told = json.loads(program("disentangle", "--codes", "codes.npz", "--json", "--threads", "1"))
    found = nelbo.disentangle(codes, factors)
    assert {**found.to_dict(), "of": "codes.npz"} == told
    assert found["mig"] == told["metrics"]["mig"]["value"]
    assert found.matrices["importance"].shape == (4, 3) if "importance" in found.matrices else True


def test_errors_are_those_of_the_command():
    with pytest.raises(ValueError, match=r"column 8: unknown term 'dvi'; did you mean 'div'"):
        nelbo.train("sprites:32", objective="nell + dvi", quiet=True)
    with pytest.raises(ValueError, match=r"unknown flag --latnt; did you mean '--latent'"):
        nelbo.train("sprites:32", latnt=3)
    with pytest.raises(ValueError, match=r"no file or folder"):
        nelbo.load_data("nowhere/at/all")
    with pytest.raises(ValueError, match=r"nowhere: no such run folder"):
        nelbo.open("nowhere")


def test_nothing_is_printed(run, capfd):
    run.evaluate()
    nelbo.explain("elbo")
    assert capfd.readouterr() == ("", "")


def test_notes_are_warnings():
    with pytest.warns(nelbo.NelboWarning, match="held out as test"):
        nelbo.Trainer("sprites:32", hidden=[16], latent=2)


def test_not_finite():
    with pytest.raises(nelbo.NotFinite, match="not finite"):
        nelbo.train("sprites:32", hidden=[16], latent=2, steps=50, lr=1e30, quiet=True)
    assert issubclass(nelbo.NotFinite, ValueError)


def test_metrics_and_config(run):
    run.resume(epochs=2, quiet=True)
    metrics = run.metrics
    assert metrics["epoch"].tolist() == [1, 2]
    assert metrics["train.elbo"].shape == metrics["test.nell"].shape == (2,)
    assert run.config["latent"] == 3
    assert run.report().exists()


def test_ctrl_c_saves_after_the_step():
    script = textwrap.dedent(
        """
        import sys, nelbo
        try:
            nelbo.train("sprites:32", hidden=[16], latent=3, epochs=100000, out="run")
        except KeyboardInterrupt as stopped:
            print(type(stopped).__name__, stopped.folder)
        run = nelbo.open("run")
        assert run.record["status"] == "interrupted"
        before = run.record["steps"]
        run.resume(steps=5, quiet=True)
        assert run.record["steps"] == before + 5
        """
    )
    with open("log", "w") as log:
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=log, text=True)
        while "epoch 1/" not in open("log").read():
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
    assert out == "Interrupted run\n"
    assert child.returncode == 0


def test_the_gil_is_free_while_it_computes():
    import threading

    counted, over = [0], threading.Event()

    def count():
        while not over.is_set():
            counted[0] += 1

    other = threading.Thread(target=count)
    other.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = nelbo.Trainer("sprites:32", hidden=[64], latent=3)
        before = counted[0]
        trainer.fit(1)
        after = counted[0]
    over.set()
    other.join()
    assert after > before + 100
