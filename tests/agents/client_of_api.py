"""The HTTP API's client of tests/api, for the tests here."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from client import ask, known_token  # noqa: E402, F401
