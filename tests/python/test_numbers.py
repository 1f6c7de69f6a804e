"""Numbers of arrays, against numpy in double."""
import numpy
import nelbo
import pytest

random = numpy.random.default_rng(3)


def log_normal(z, mean, log_variance):
    return -0.5 * ((z - mean) ** 2 / numpy.exp(log_variance) + log_variance + numpy.log(2 * numpy.pi)).sum(-1)


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 2e-5)])
def test_aggregate_log_prob(dtype, tolerance):
    z, mean, log_variance = random.normal(size=(4, 6, 3)), random.normal(size=(50, 3)), random.normal(size=(50, 3))
    found = nelbo.terms.aggregate_log_prob(z.astype(dtype), mean.astype(dtype), log_variance.astype(dtype))
    each = log_normal(z[..., None, :], mean, log_variance)
    assert found.shape == (4, 6) and found.dtype == dtype
    assert found == pytest.approx(numpy.log(numpy.exp(each).mean(-1)), abs=tolerance)
    assert nelbo.terms.aggregate_log_prob([0.0], [[0.0]], [[0.0]]) == pytest.approx(-0.5 * numpy.log(2 * numpy.pi))
    with pytest.raises(ValueError, match=r"\[\.\.\., D\], \[N, D\]"):
        nelbo.terms.aggregate_log_prob(z, mean[:, :2], log_variance)


def test_pareto_k():
    # Ratios of a Pareto tail of shape 0.8: exp(f) = u^-0.8.
    heavy = nelbo.pareto_k(-0.8 * numpy.log(random.uniform(size=20000)))
    assert heavy.k == pytest.approx(0.8, abs=0.1) and not heavy.trusted
    light = random.normal(size=2000) * 0.1
    found = nelbo.pareto_k(light)
    assert found.trusted and found.limit == pytest.approx(min(1 - 1 / numpy.log10(2000), 0.7))
    weights = numpy.exp(light)
    assert found.log_mean == pytest.approx(numpy.log(weights.mean()))
    assert found.effective_sample_size == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert numpy.isnan(nelbo.pareto_k([1.0, 2.0]).k)
    with pytest.raises(ValueError):
        nelbo.pareto_k([])
    with pytest.raises(ValueError, match="NaN"):
        nelbo.pareto_k([numpy.nan])


def test_linear_gaussian_world():
    world = nelbo.worlds.linear_gaussian()
    p = {name: numpy.asarray(value) for name, value in world.parameters.items()}
    x = world.sample_data(random.normal(size=(200000, 2)))
    z = world.sample_encoder(x, random.normal(size=(200000, 2)))
    assert numpy.cov(x.T) == pytest.approx(p["data_cov"], rel=0.05)
    encoder = log_normal(z, x @ p["enc_weight"].T + p["enc_bias"], numpy.log(p["enc_var"]))
    assert world.log_encoder(x, z) == pytest.approx(encoder)
    decoder = log_normal(x, z @ p["dec_weight"].T + p["dec_bias"], numpy.log(p["dec_var"]))
    assert world.log_decoder(x, z) == pytest.approx(decoder)
    error = decoder.std() / numpy.sqrt(len(decoder))
    assert abs(decoder.mean() + world.exact["nell"]) < 4 * error
    again = nelbo.worlds.linear_gaussian(p)
    assert again.exact == world.exact
    assert nelbo.worlds.linear_gaussian(data_dimensions=3, seed=1).parameters["data_mean"].shape == (3,)
    with pytest.raises(ValueError, match="data_cov"):
        nelbo.worlds.linear_gaussian({**p, "data_cov": -p["data_cov"]})


def test_disentangle_refuses():
    codes, factors = random.normal(size=(50, 2)), random.integers(0, 2, size=(50, 1))
    for given, message in [((codes, factors[:10]), "as many rows"), ((codes * numpy.nan, factors), "leave such"),
                           ((codes, factors * 0), "more than one value"), ((codes[None], factors), r"\[N, K\]")]:
        with pytest.raises(ValueError, match=message):
            nelbo.disentangle(*given)
    with pytest.raises(ValueError, match="none of nelbo"):
        nelbo.disentangle(codes, factors, like="mine")
    with pytest.warns(nelbo.NelboWarning, match="few points"):
        nelbo.disentangle(codes, factors)
