"""What passes through the gateway raises no drift alert, under whatever name it stands afterwards."""

import time

from harness.gateway import Gateway
from harness.postgres import PostgresServer

LOOKED = 11  # seconds within which a change past the gateway is noticed

THROUGH = [
    "CREATE TABLE g1 (id int)", "CREATE VIEW gv AS SELECT id FROM g1", "CREATE RULE gr AS ON DELETE TO g1 DO NOTHING",
    "CREATE MATERIALIZED VIEW gm AS SELECT id FROM g1", "ALTER TABLE g1 RENAME TO g2", 'ALTER TABLE g2 RENAME TO "Gross"',
    "CREATE DOMAIN gd AS int CHECK (VALUE > 1)", "ALTER DOMAIN gd RENAME TO ge", "CREATE SCHEMA s1", "CREATE TABLE s1.x (i int)",
    "ALTER SCHEMA s1 RENAME TO s2", "ALTER FUNCTION tf() RENAME TO tf2", "ALTER TABLE s2.x SET SCHEMA public",
]


def test_only_what_went_past_the_gateway_is_drift():
    server = PostgresServer()
    server.sql("CREATE FUNCTION tf() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE other (id int)", "orders")
    gateway = Gateway(server, environment="staging")
    try:
        assert gateway.psql("-Atc", "SELECT 1 FROM other").returncode == 0
        for text in THROUGH:
            done = gateway.psql("-Atc", text)
            assert done.returncode == 0, (text, done.stderr)
            time.sleep(0.6)
        time.sleep(LOOKED)
        assert [r["message"] for r in gateway.search("--type", "schema_drift")] == []
        server.sql("ALTER TABLE other RENAME TO another; CREATE DOMAIN past AS int", "orders")
        [found] = gateway.wait_for(bool, "--type", "schema_drift")
        assert "another altered: renamed from public.other" in found["message"] and "domain public.past added" in found["message"]
    finally:
        assert gateway.stop() == 0
        server.stop()
