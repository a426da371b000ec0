"""Owners, privileges, options, publications and roles: what is set past the gateway is drift, what passes is not."""

import time

import pytest
from harness.gateway import Gateway
from harness.postgres import PostgresServer

LOOKED = 12  # seconds within which a change past the gateway is noticed

SCHEMA = """
CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, note text); CREATE TABLE app.u (id int);
CREATE VIEW app.v AS SELECT id FROM app.t; CREATE SEQUENCE app.s; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE ROLE bob LOGIN; CREATE ROLE carol; CREATE ROLE staff; CREATE PUBLICATION pub FOR TABLE app.t;
"""

# Each statement, and what the record says when it goes past the gateway.
CHANGES = [
    ("ALTER FUNCTION app.f() OWNER TO bob", "function app.f() altered: owner postgres -> bob"),
    ("REVOKE EXECUTE ON FUNCTION app.f() FROM PUBLIC", "function app.f() altered: privileges of PUBLIC EXECUTE -> none"),
    ("GRANT SELECT ON ALL TABLES IN SCHEMA app TO bob", "table app.t altered: privileges of bob none -> SELECT"),
    ("GRANT UPDATE (note) ON app.t TO carol", "table app.t altered: privileges of carol on column note none -> UPDATE"),
    ("ALTER SCHEMA app OWNER TO carol", "schema app altered: owner postgres -> carol"),
    ("GRANT CREATE ON SCHEMA app TO staff", "schema app altered: privileges of staff none -> CREATE"),
    ("ALTER TABLE app.t FORCE ROW LEVEL SECURITY", "table app.t altered: forced row security none -> on"),
    ("ALTER TABLE app.t REPLICA IDENTITY FULL", "table app.t altered: replica identity none -> full"),
    ("ALTER TABLE app.t SET (fillfactor = 70)", "table app.t altered: option fillfactor none -> 70"),
    ("ALTER VIEW app.v SET (security_barrier = true)", "view app.v altered: option security_barrier none -> true"),
    ("ALTER SEQUENCE app.s INCREMENT 5", "sequence app.s altered: values bigint start 1 increment 1"),
    ("ALTER PUBLICATION pub ADD TABLE app.u", "publication pub altered: table app.u none -> published"),
    ("CREATE POLICY p ON app.t TO bob USING (true)", "table app.t altered: policy p none -> permissive for ALL to bob"),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO bob", "in schema app added: privileges of bob SELECT"),
    ("ALTER ROLE bob SUPERUSER", "role bob altered: attributes LOGIN -> SUPERUSER, LOGIN"),
    ("GRANT staff TO bob", "role bob altered: member of staff none -> granted"),
    ("ALTER ROLE bob SET search_path = app", "role bob altered: setting search_path none -> app"),
    ("CREATE ROLE dave LOGIN", "role dave added: attributes LOGIN"),
    ("ALTER DATABASE orders OWNER TO carol", "database orders altered: owner postgres -> carol"),
    ("REASSIGN OWNED BY carol TO staff", "schema app altered: owner carol -> staff"),
    ("ALTER ROLE carol RENAME TO karla", "role karla altered: renamed from carol"),
    ("DROP ROLE dave", "role dave removed"),
]


@pytest.fixture
def rig():
    server = PostgresServer()
    server.sql(SCHEMA, "orders")
    server.sql("CREATE DATABASE hr")
    gateway = Gateway(server, environment="staging", start=False)
    entry = gateway.config.read_text().split("databases:\n")[1]
    with open(gateway.config, "a") as config:
        config.write(entry.replace("name: orders", "name: hr").replace("/orders?", "/hr?"))
    gateway.start()
    for database in "orders", "hr":
        assert gateway.psql("-Atc", "SELECT 1", database=database).returncode == 0
    time.sleep(1)
    yield server, gateway
    assert gateway.stop() == 0
    server.stop()


def drifts(gateway):
    return [r["message"] for r in gateway.search("--type", "schema_drift")]


def test_what_passes_through_the_gateway_is_no_drift(rig):
    _, gateway = rig
    for i, (text, _) in enumerate(CHANGES):
        done = gateway.psql("-Atc", text)
        assert done.returncode == 0, (text, done.stderr)
        if i % 6 == 0:
            time.sleep(LOOKED)
    time.sleep(2 * LOOKED)
    assert drifts(gateway) == []
    # Nor does it explain what somebody does afterwards, past the gateway.
    [server, _] = rig
    server.sql("ALTER TABLE app.t SET (fillfactor = 50)", "orders")
    [found] = gateway.wait_for(bool, "--type", "schema_drift")
    assert "table app.t altered: option fillfactor 70 -> 50" in found["message"], found


def test_what_goes_past_the_gateway_is_drift(rig):
    server, gateway = rig
    server.sql("; ".join(text for text, _ in CHANGES[:14]), "orders")
    gateway.wait_for(lambda found: any("added: privileges of bob" in r["message"] for r in found), "--type", "schema_drift", seconds=30)
    told = "\n".join(drifts(gateway))
    for text, line in CHANGES[:14]:
        assert line in told, (text, told)
    assert told.startswith("no recorded statement made this:\n")
    assert any("app.t" in r.get("tables", []) for r in gateway.search("--type", "schema_drift"))


def test_what_belongs_to_the_server_is_told_once(rig):
    server, gateway = rig
    server.sql("ALTER ROLE bob SUPERUSER; GRANT staff TO bob; CREATE ROLE dave LOGIN", "hr")
    [found] = gateway.wait_for(bool, "--type", "schema_drift", seconds=30)
    message = found["message"].splitlines()
    assert message[:2] == ["no recorded statement made this:",
                           f"of the whole server 127.0.0.1:{server.port}, with databases hr, orders:"], message
    assert message[2:] == ["role bob altered: attributes LOGIN -> SUPERUSER, LOGIN",
                           "role bob altered: member of staff none -> granted", "role dave added: attributes LOGIN"]
    time.sleep(LOOKED)
    assert len(drifts(gateway)) == 1
    # By way of one database, seen by way of both.
    assert gateway.psql("-Atc", "ALTER ROLE dave CREATEROLE", database="hr").returncode == 0
    time.sleep(2 * LOOKED)
    assert len(drifts(gateway)) == 1
