"""Every page in a real browser, at two widths, light and dark, with axe."""

import re
import time

import pytest
from rig import HERE, SHOTS, browse


@pytest.mark.parametrize("width,scheme", [("1280", "light"), ("1280", "dark"), ("375", "light"), ("375", "dark")])
def test_every_page(packages, gateway, held, width, scheme):
    began = time.time()
    browse(packages, gateway, "pages.mjs", width, scheme)
    # What is looked at afterwards, and kept by CI: one picture of each page, as wide as it was asked for, with something on it.
    pages = re.findall(r'^ {2}"?([a-z-]+)"?: "/', (HERE / "pages.mjs").read_text(), re.MULTILINE)
    assert len(pages) >= 25
    for page in (*pages, "login"):
        picture = (SHOTS / f"{page}-{width}-{scheme}.png")
        assert picture.stat().st_mtime >= began - 1, f"{picture} is an old one"
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG") and int.from_bytes(data[16:20], "big") == int(width) and len(data) > 5000, picture
