"""Ctrl-C stops every study soon, as KeyboardInterrupt, and leaves a process that goes on."""
import subprocess
import sys
import textwrap

import nelbo
import pytest

# Each takes minutes on the model below.
STUDIES = {
    "evaluate": "run.evaluate(data=many)",
    "encode": "run.encode(many)",
    "decompose": "run.decompose(split='train', draws=100)",
    "bounds": "run.bounds([1, 100000])",
    "gradvar": "run.gradvar(replicates=1000000)",
    "ais": "run.ais(temperatures=100000, chains=100)",
    "disentangle": "run.disentangle(split='train')",
    "disentangle of arrays": "nelbo.disentangle(numpy.random.rand(20000, 10), numpy.random.randint(0, 9, (20000, 6)))",
    "log_weights": "run.log_weights(100000)",
    "sample": "run.sample(200000)",
    "verify": "nelbo.verify(samples=100000000)",
    "sweep": "nelbo.sweep('sprites:32', grid={'beta': [1, 4]}, objective='nell + {beta}*div', jobs=2, epochs=100000)",
}
SCRIPT = textwrap.dedent(
    """
    import os, signal, sys, threading, time, warnings
    import numpy, nelbo
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    run = nelbo.open(sys.argv[1])
    many = numpy.zeros((300000, 32, 32), dtype=numpy.uint8)
    when = []

    def press():
        when.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Timer(2, press).start()
    try:
        {study}
        print("it ended by itself")
    except KeyboardInterrupt:
        print("stopped" if time.monotonic() - when[0] < 60 else "late")
    print(run.evaluate().count)
    """
)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide") / "run"
    nelbo.train("sprites:32", hidden=[500, 500], latent=10, steps=3, quiet=True, out=folder)
    return folder


@pytest.mark.parametrize("study", STUDIES)
def test_ctrl_c(wide, study):
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(study=STUDIES[study]), wide],
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "stopped\n1000\n", done.stdout + done.stderr
