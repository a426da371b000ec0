"""Long results arrive whole, on either reactor."""

import subprocess


def test_long_results_are_the_same(gateway, server):
    server.sql("CREATE TABLE IF NOT EXISTS bulk AS SELECT i AS id, md5(i::text) AS a FROM generate_series(1, 400000) i", "orders")
    for sql in ("COPY bulk TO STDOUT", "SELECT * FROM bulk"):
        for target in (["-h", str(server.root), "-p", str(server.port), "-U", "postgres", "-d", "orders"], None):
            if target:
                done = subprocess.run(["psql", "-XAtq", *target, "-c", sql], capture_output=True, text=True)
            else:
                done = gateway.psql("-Atq", "-c", sql)
            assert done.stdout.count("\n") == 400000, done.stderr
