"""Likelihoods and priors of Python functions, beside the same of nelbo's own."""
import math

import numpy
import nelbo
import pytest
from nelbo import ops

random = numpy.random.default_rng(0)
DATA = {"train": random.exponential(1.0, (400, 6)).astype(numpy.float32) * [1, 2, 3, 4, 5, 6],
        "test": random.exponential(1.0, (100, 6)).astype(numpy.float32) * [1, 2, 3, 4, 5, 6]}
SETTINGS = dict(hidden=[16], latent=2, steps=60, quiet=True)

nelbo.likelihood("own_normal",
                 log_prob=lambda x, mean: -0.5 * ops.square(x - mean) - 0.5 * math.log(2 * math.pi),
                 mean=lambda mean: mean, sample=lambda noise, mean: mean + noise,
                 start=lambda mean, variance: mean, noise="normal")
nelbo.likelihood("own_exponential", support=(0, float("inf")),
                 log_prob=lambda x, log_mean: -log_mean - x * ops.exp(-log_mean),
                 mean=lambda log_mean: ops.exp(log_mean),
                 sample=lambda u, log_mean: -ops.exp(log_mean) * ops.log(u),
                 start=lambda mean, variance: numpy.log(mean))
nelbo.likelihood("own_scale", parameters=2,
                 log_prob=lambda x, mean, s: -0.5 * ops.square(x - mean) * ops.exp(-s) - 0.5 * s - 0.5 * math.log(2 * math.pi),
                 mean=lambda mean, s: mean, sample=lambda noise, mean, s: mean + ops.exp(0.5 * s) * noise,
                 start=lambda mean, variance: [mean, numpy.log(variance)], noise="normal")
nelbo.prior("own_standard", factorised=True,
            log_prob=lambda z: -0.5 * ops.square(z) - 0.5 * math.log(2 * math.pi), sample=lambda noise: noise)


def laplace(noise, log_scale):
    """The product of an exponential's root and a normal: 2 numbers each for 2 codes."""
    uniform = 0.5 * (1 + ops.erf(noise[..., 2:] / math.sqrt(2)))
    return ops.exp(log_scale) * noise[..., :2] * ops.sqrt(-2 * ops.log(uniform))


nelbo.prior("own_laplace", factorised=True, parameters=lambda latent: {"log_scale": numpy.zeros(latent)}, noise=4,
            log_prob=lambda z, log_scale: -abs(z) * ops.exp(-log_scale) - log_scale - math.log(2),
            sample=laplace)


def trained(out, **settings):
    return nelbo.train(DATA, out=out, **(SETTINGS | settings))


def test_a_normal_is_that_of_nelbo():
    own, of_nelbo = trained("own", likelihood="own_normal"), trained("nelbo", likelihood="normal")
    assert own.evaluate().elbo == pytest.approx(of_nelbo.evaluate().elbo, rel=1e-4)
    for name, value in of_nelbo.parameters.items():
        assert own.parameters[name] == pytest.approx(value, abs=1e-4), name


def test_two_parameters_are_blocks_of_the_decoders_output():
    @nelbo.term
    def by_hand(draw):
        mean, s = draw.decoded()[..., :6], draw.decoded()[..., 6:]
        return 0.5 * (ops.square(draw.x() - mean) * ops.exp(-s) + s + math.log(2 * math.pi)).sum(-1)

    given = {name: value for name, value in SETTINGS.items() if name not in ("quiet", "steps")}
    trainer = nelbo.Trainer(DATA, likelihood="own_scale", objective=nelbo.nell() + nelbo.div() + by_hand(), **given)
    trainer.step(60)
    found = trainer.evaluate()
    assert found["terms.by_hand"] == pytest.approx(found["nell"], rel=1e-5)


def test_it_starts_at_the_datas_mean_and_learns():
    run = trained("own", likelihood="own_exponential")
    start = -(1 + numpy.log(DATA["train"].mean(0))).sum()
    assert run.evaluate().elbo > start - 2
    sample = run.sample(2000, draw=True, seed=1)
    assert (sample.x >= 0).all()
    z = (sample.x - sample.mean).mean(0) / (sample.mean.std(0) + sample.x.std(0)) * math.sqrt(2000)
    assert abs(z).max() < 4
    assert nelbo.open("own").evaluate().elbo == run.evaluate().elbo
    before = run.evaluate().elbo
    with pytest.raises(ValueError, match="from 0"):
        run.evaluate(data=-DATA["test"])
    assert run.resume(steps=20, quiet=True).evaluate().elbo != before


def test_missing_entries():
    run = trained("own", likelihood="own_exponential", missing="zeros")
    holes = DATA["test"].copy()
    holes[:, 0] = numpy.nan
    assert run.evaluate(data=holes).nell < run.evaluate().nell


def test_a_standard_normal_prior_is_that_of_nelbo():
    own = trained("own", likelihood="normal", prior="own_standard", objective="nell + div(mc)")
    of_nelbo = trained("nelbo", likelihood="normal", objective="nell + div(mc)")
    for name, value in of_nelbo.parameters.items():
        assert own.parameters[name] == pytest.approx(value, abs=1e-4), name
    ledger = own.decompose(examples=100)
    assert ledger["dwkl"] == pytest.approx(of_nelbo.decompose(examples=100)["dwkl"], abs=1e-3)


def test_a_prior_learns():
    run = trained("own", likelihood="normal", prior="own_laplace", objective="nell + div(mc)", steps=200)
    scale = numpy.exp(run.parameters["prior.log_scale"])
    assert scale.shape == (2,) and (scale != 1).all()
    z = run.sample(20000, seed=3).z
    # E|z| of a Laplace variable is its scale, with the standard error scale / sqrt(n).
    assert abs((abs(z).mean(0) - scale) / (scale / math.sqrt(20000))).max() < 4
    assert nelbo.open("own").evaluate().elbo == run.evaluate().elbo


def test_mistakes():
    with pytest.raises(ValueError, match="of nelbo's own"):
        nelbo.likelihood("bernoulli", log_prob=abs, mean=abs, sample=abs)
    with pytest.raises(ValueError, match="of nelbo's own"):
        nelbo.prior("normal", log_prob=abs, sample=abs)
    nelbo.likelihood("own_wrong", log_prob=lambda x, m: (x - m).sum(-1), mean=lambda m: m, sample=lambda u, m: m)
    with pytest.raises(ValueError, match="log_prob returned .* of each feature"):
        trained("wrong", likelihood="own_wrong")
    nelbo.prior("own_wrong", log_prob=lambda z: z, sample=lambda noise: noise)
    with pytest.raises(ValueError, match="'own_wrong': log_prob of"):
        trained("wrong", likelihood="normal", prior="own_wrong", objective="nell + div(mc)")
    with pytest.raises(ValueError, match="div\\(mc\\)"):
        trained("closed", likelihood="normal", prior="own_standard")
