"""Instructions of steps of training, counted by valgrind: the same on a loaded machine as on an idle one.

    valgrind --tool=callgrind --callgrind-out-file=FOLDER/%p python count_instructions.py FOLDER

Each case is a forked child, so that data and models are made once; of N and 2 N steps the difference is that of N
steps alone. Writes FOLDER/cases.json: the process of every case.
"""
import json
import os
import pathlib
import sys
import warnings

import numpy

STEPS = 60  # within an epoch


def cases():
    import nelbo

    warnings.simplefilter("ignore")
    nelbo.set_threads(1)

    @nelbo.term(moves=["phi"])
    def own_div(draw):
        return draw.kl()

    x = (numpy.random.default_rng(0).random((32 * 200, 64)) < 0.3).astype(numpy.uint8)
    settings = dict(hidden=[16], latent=3, batch=32, holdout=0.02, likelihood="bernoulli")
    cpp = nelbo.Trainer(x, objective="nell + 2*div", **settings)
    own = nelbo.Trainer(x, objective=nelbo.nell() + 2 * own_div(), **settings)
    for trainer in (cpp, own):
        trainer.step(3)

    def one_by_one(steps):
        for _ in range(steps):
            cpp.step()

    return {"at once": cpp.step, "one by one": one_by_one, "own term": own.step}


def count():
    processes = {}
    for name, run in cases().items():
        for steps in (STEPS, 2 * STEPS):
            process = os.fork()
            if process == 0:
                run(steps)
                os._exit(0)
            assert os.waitpid(process, 0)[1] == 0
            processes[f"{name} {steps}"] = process
    return processes


def per_step(folder):
    """Instructions of a step, in each case."""
    folder = pathlib.Path(folder)
    counted = {}
    for case, process in json.loads((folder / "cases.json").read_text()).items():
        lines = (folder / str(process)).read_text().splitlines()
        counted[case] = next(int(line.split()[1]) for line in lines if line.startswith(("totals:", "summary:")))
    names = dict.fromkeys(case.rsplit(" ", 1)[0] for case in counted)
    return {name: (counted[f"{name} {2 * STEPS}"] - counted[f"{name} {STEPS}"]) / STEPS for name in names}


if __name__ == "__main__":
    pathlib.Path(sys.argv[1], "cases.json").write_text(json.dumps(count()))
