"""What Python adds to a step of training, in instructions, which a loaded machine does not change."""
import os
import pathlib
import shutil
import subprocess
import sys
import time
import warnings

import nelbo
import pytest

import count_instructions


@pytest.fixture(scope="module")
def instructions(tmp_path_factory):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    folder = tmp_path_factory.mktemp("callgrind")
    program = pathlib.Path(count_instructions.__file__)
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/%p", sys.executable, program, folder],
        env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return count_instructions.per_step(folder)


def test_a_step_called_from_python(instructions):
    """Below 3 us: 3,000 instructions, at a billion a second, of which every core of today does more."""
    overhead = instructions["one by one"] - instructions["at once"]
    print(f"\n{overhead:.0f} instructions for each step called from Python, of {instructions['one by one']:.0f}")
    assert 0 < overhead < 3000


def test_a_term_of_python_takes_the_time_of_the_same_term_in_cpp(instructions):
    ratio = instructions["own term"] / instructions["at once"]
    print(f"\na step with a term of Python takes {ratio:.5f} times the instructions of that in C++")
    assert ratio == pytest.approx(1, abs=0.02)


def test_microseconds():
    """The same in time of this thread, the least of many rounds: no promise on a loaded machine, but a bound."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = nelbo.Trainer("sprites:32", hidden=[1], latent=1, batch=2, holdout=0.5)

    def least(round_of_20):
        times = []
        for _ in range(100):
            begin = time.thread_time_ns()
            round_of_20()
            times.append((time.thread_time_ns() - begin) / 20e3)
        return min(times)

    def one_by_one():
        for _ in range(20):
            trainer.step()

    overhead = least(one_by_one) - least(lambda: trainer.step(20))
    print(f"\n{overhead:.2f} us for each step called from Python")
    assert overhead < 3
