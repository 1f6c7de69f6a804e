"""Data sets of arrays: read where they are, and known by their content."""
import numpy
import nelbo
import pytest

SETTINGS = dict(hidden=[8], latent=2, steps=20, quiet=True)
random = numpy.random.default_rng(0)
PIXELS = (random.random((300, 6, 5)) * 256).astype(numpy.uint8)


def test_an_array_trains_as_its_file_does():
    numpy.save("pixels.npy", PIXELS)
    of_file = nelbo.train("pixels.npy", out="file", **SETTINGS)
    of_array = nelbo.train(PIXELS, out="array", **SETTINGS)
    assert of_array.config["scale"] == of_file.config["scale"] == "255"
    for name, value in of_file.parameters.items():
        assert (value == of_array.parameters[name]).all()
    assert of_array.evaluate().elbo == of_file.evaluate().elbo
    assert (of_array.encode(PIXELS[:7]).mean == of_file.encode(PIXELS[:7]).mean).all()


def test_splits_labels_and_factors():
    labels, factors = numpy.arange(300) % 4, numpy.stack([numpy.arange(300) % 3, numpy.arange(300) % 5], 1)
    data = nelbo.load_data({"train": {"x": PIXELS, "labels": labels, "factors": factors},
                            "test": {"x": PIXELS[:50], "labels": labels[:50], "factors": factors[:50]}},
                           factor_names=["shape", "place"])
    assert data.splits == {"train": 300, "test": 50} and data.shape == (6, 5) and data.dtype == "uint8"
    assert data.factor_names == ["shape", "place"]
    assert (data.labels("train") == labels).all() and (data.factors("test") == factors[:50]).all()
    assert data.x("test") == pytest.approx(PIXELS[:50] / 255.0)
    run = nelbo.train(data, out="run", **SETTINGS)
    assert run.disentangle(samples=100).factors == ["shape", "place"]


def test_memory_is_not_copied():
    for dtype in ("uint8", "int32", "int64", "float32", "float64", "bool"):
        x = numpy.ascontiguousarray(PIXELS[:40] > 100).astype(dtype)
        data = nelbo.load_data(x)
        before = data.x()[0, 0, 0]
        x[0, 0, 0] = 1 - x[0, 0, 0] if dtype != "bool" else not x[0, 0, 0]
        assert data.x()[0, 0, 0] == 1 - before, dtype
    x = numpy.asfortranarray(PIXELS[:40])  # is copied
    data = nelbo.load_data(x)
    before = data.x()[0, 0, 0]
    x[0, 0, 0] += 9
    assert data.x()[0, 0, 0] == before


def test_arrays_outlive_their_name():
    run = nelbo.train((random.random((100, 4)) < 0.5).astype(numpy.float32), out="run", **SETTINGS)
    assert numpy.isfinite(run.evaluate().elbo)


def test_equal_arrays_have_one_name():
    assert nelbo.load_data(PIXELS).spec == nelbo.load_data(PIXELS.copy()).spec
    assert nelbo.load_data(PIXELS).spec != nelbo.load_data(PIXELS[:-1]).spec
    assert nelbo.load_data(PIXELS).spec != nelbo.load_data({"x": PIXELS, "labels": numpy.zeros(300)}).spec


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    x = (torch.rand(100, 4, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    assert nelbo.load_data(x).spec == nelbo.load_data(x.numpy()).spec
    run = nelbo.train(x, out="run", **SETTINGS)
    assert run.encode(x).mean.shape == (100, 2)
    z = torch.zeros(3, 2)
    assert (run.decode(z) == run.decode(z.numpy())).all()
    assert torch.from_dlpack(run.parameters["encoder.0.weight"]).shape == (4, 8)


@pytest.mark.parametrize(
    "given, message",
    [
        (numpy.array([[0.0, numpy.inf]]), "element 1, row by row, is inf"),
        ({"x": PIXELS, "mask": PIXELS[:3]}, "mask"),
        (numpy.zeros((0, 3)), "no examples"),
        (numpy.float64(3), "no examples"),
        ({}, "without splits"),
        ({"train": {"y": PIXELS}}, "a dict of x"),
        ({"train": PIXELS, "test": PIXELS[:, :3]}, "another shape"),
        ({"x": PIXELS, "labels": numpy.zeros(3)}, "300 examples and 3 labels"),
        ({"x": PIXELS, "labels": numpy.full(300, 0.5)}, "whole numbers"),
        ({"x": PIXELS, "factors": numpy.zeros((3, 2))}, "factors"),
        ("array:0123456789abcdef", "has not been given"),
    ],
)
def test_what_is_no_data(given, message):
    with pytest.raises(ValueError, match=message):
        nelbo.load_data(given)


def test_texts_are_no_data():
    with pytest.raises(TypeError):
        nelbo.load_data(numpy.array(["a", "b"]))


def test_examples_of_another_shape():
    run = nelbo.train(PIXELS, out="run", **SETTINGS)
    with pytest.raises(ValueError, match="6 x 5"):
        run.encode(PIXELS[:, :3])
    with pytest.raises(ValueError, match=r"codes are \[N, 2\]"):
        run.decode(numpy.zeros((4, 3)))


def test_arrays_are_let_go():
    import gc
    import weakref

    x = random.random((50, 3))
    gone = weakref.ref(x)
    data = nelbo.load_data(x)
    spec = data.spec
    del x
    gc.collect()
    assert gone() is not None and nelbo.load_data(spec).splits == {"train": 50}
    del data
    gc.collect()
    assert gone() is None
    with pytest.raises(ValueError, match="has not been given"):
        nelbo.load_data(spec)


def test_missing_entries_train_as_a_file_of_them_does():
    x, mask = random.random((300, 6)).astype(numpy.float32), random.random((300, 6)) < 0.7
    holes = numpy.where(mask, x, numpy.float32(numpy.nan))
    numpy.save("holes.npy", holes)
    settings = dict(missing="mask", likelihood="normal", **SETTINGS)
    of_file = nelbo.train("holes.npy", out="file", **settings)
    of_array = nelbo.train(holes, out="array", **settings)
    of_mask = nelbo.train({"x": x, "mask": mask}, out="mask", **settings)
    for name, value in of_file.parameters.items():
        assert (value == of_array.parameters[name]).all() and (value == of_mask.parameters[name]).all()
    assert of_array.evaluate().elbo == of_file.evaluate().elbo
    assert (of_array.encode(holes[:9]).mean == of_file.encode(holes[:9]).mean).all()
    with pytest.raises(ValueError, match="missing entries .* zeros or mask"):
        nelbo.train(holes, out="refused", likelihood="normal", **SETTINGS)


def test_pixels_with_a_mask():
    mask = random.random(PIXELS.shape) < 0.5
    run = nelbo.train({"x": PIXELS, "mask": mask}, out="run", missing="zeros", scale=255, **SETTINGS)
    assert run.config["scale"] == "255"
    assert nelbo.load_data({"x": PIXELS, "mask": mask}).dtype == "float32"
