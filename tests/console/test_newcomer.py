"""Somebody who has read nothing gets from the first page to an approved change, and to who saw a value."""

import pytest
from rig import browse


@pytest.mark.parametrize("width,scheme", [("1280", "light"), ("375", "dark")])
def test_a_newcomer_gets_to_an_approved_change_and_to_who_saw(packages, gateway, held, server, width, scheme):
    email = server.sql("SELECT email FROM customers ORDER BY id LIMIT 1", "orders")[0]
    browse(packages, gateway, "newcomer.mjs", width, scheme, CONSOLE_VALUE=email)
    assert server.sql(f"SELECT count(*) FROM information_schema.columns WHERE column_name = 'wrap_{width}_{scheme}'", "orders") == ["1"]
