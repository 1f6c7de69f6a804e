"""What README.md and docs/python.md show in Python runs as it stands, block after block."""
import re
import warnings

import pytest

from conftest import ROOT


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_page(page):
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    names = {"__name__": page}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in blocks:
            exec(compile(block, page, "exec"), names)  # noqa: S102
