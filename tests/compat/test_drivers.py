"""Drivers and tools that know nothing of the gateway work through it unchanged."""

import asyncio
import os
import subprocess

import pytest
from harness.gateway import PASSWORD, Gateway
from harness.npm import packages

JDBC = "/usr/share/java/postgresql.jar"


@pytest.fixture(scope="module")
def gateway(server):
    """Outside production: drivers' test code creates and drops."""
    running = Gateway(server, environment="development")
    yield running
    assert running.stop() == 0


def test_psycopg2(gateway):
    import psycopg2
    connection = psycopg2.connect(gateway.dsn())
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE t (a int, b text)")
        cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(i, f"é{i}") for i in range(100)])
        cursor.execute("SELECT count(*), max(b) FROM t WHERE a < %s", (50,))
        assert cursor.fetchone() == (50, "é9")
        with pytest.raises(psycopg2.errors.DivisionByZero):
            cursor.execute("SELECT 1/0")
    with connection, connection.cursor(name="server_side") as cursor:
        cursor.itersize = 10
        cursor.execute("SELECT generate_series(1, 95)")
        assert len(list(cursor)) == 95
    connection.close()


def test_psycopg3(gateway):
    import psycopg
    with psycopg.connect(gateway.dsn()) as connection:
        connection.execute("CREATE TEMP TABLE t (a int, b bytea)")
        for i in range(20):  # Prepared by name after the fifth time.
            connection.execute("INSERT INTO t VALUES (%s, %s)", (i, b"\x00\xff" * i))
        with connection.cursor(binary=True) as cursor:
            cursor.execute("SELECT a, b FROM t ORDER BY a DESC LIMIT 1")
            assert cursor.fetchone() == (19, b"\x00\xff" * 19)
        with connection.cursor() as cursor, cursor.copy("COPY t (a) FROM STDIN") as copy:
            for i in range(1000):
                copy.write_row((i,))
        with connection.cursor() as cursor, cursor.copy("COPY t (a) TO STDOUT (FORMAT binary)") as copy:
            assert sum(len(chunk) for chunk in copy) > 1000 * 10
        with connection.pipeline():
            results = [connection.execute("SELECT %s::int", (i,)) for i in range(50)]
        assert [r.fetchone()[0] for r in results] == list(range(50))
        connection.execute("LISTEN here")
        connection.commit()
        with psycopg.connect(gateway.dsn(), autocommit=True) as other:
            other.execute("NOTIFY here, 'hello'")
        notice = next(connection.notifies())
        assert (notice.channel, notice.payload) == ("here", "hello")


def test_asyncpg(gateway):
    import asyncpg

    async def use():
        connection = await asyncpg.connect(host="127.0.0.1", port=gateway.port, user="alice", password=PASSWORD,
                                           database="orders")
        await connection.execute("CREATE TEMP TABLE t (a int, b timestamptz, c jsonb)")
        await connection.executemany("INSERT INTO t VALUES ($1, now(), $2)", [(i, "{}") for i in range(100)])
        rows = await connection.fetch("SELECT a FROM t WHERE a >= $1 ORDER BY a", 90)
        assert [r["a"] for r in rows] == list(range(90, 100))
        async with connection.transaction():
            seen = 0
            async for _ in connection.cursor("SELECT generate_series(1, 200)", prefetch=30):
                seen += 1
            assert seen == 200
        await connection.copy_records_to_table("t", records=[(i, None, None) for i in range(500)])
        assert await connection.fetchval("SELECT count(*) FROM t") == 600
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM nowhere")
        await connection.close()

    asyncio.run(use())


def test_jdbc(gateway, tmp_path):
    source = tmp_path / "Try.java"
    source.write_text('''
import java.sql.*;
public class Try {
  public static void main(String[] a) throws Exception {
    try (Connection c = DriverManager.getConnection(a[0], "alice", a[1])) {
      c.setAutoCommit(false);
      try (Statement s = c.createStatement()) { s.execute("CREATE TEMP TABLE t (a int, b text)"); }
      try (PreparedStatement p = c.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
        for (int i = 0; i < 100; i++) { p.setInt(1, i); p.setString(2, "row " + i); p.addBatch(); }
        p.executeBatch();
      }
      int sum = 0;
      for (int round = 0; round < 10; round++)  // from the fifth on: named, binary
        try (PreparedStatement p = c.prepareStatement("SELECT a FROM t WHERE a >= ?")) {
          p.setInt(1, 90); p.setFetchSize(3);
          try (ResultSet r = p.executeQuery()) { while (r.next()) sum += r.getInt(1); }
        }
      c.rollback();
      System.out.println(sum);
    }
  }
}
''')
    done = subprocess.run(["java", "-cp", JDBC, str(source), f"jdbc:postgresql://127.0.0.1:{gateway.port}/orders",
                           PASSWORD], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == str(sum(range(90, 100)) * 10), done.stderr


def test_pg_dump_and_restore(gateway, server, tmp_path):
    server.sql("DROP SCHEMA IF EXISTS dumped CASCADE; CREATE SCHEMA dumped; CREATE TABLE dumped.t (a int PRIMARY KEY, b text);"
               "INSERT INTO dumped.t SELECT i, 'x' || i FROM generate_series(1, 3000) i;"
               "CREATE VIEW dumped.v AS SELECT a FROM dumped.t; CREATE INDEX ON dumped.t (b)", "orders")
    env = {**os.environ, "PGPASSWORD": PASSWORD}
    where = ["-h", "127.0.0.1", "-p", str(gateway.port), "-U", "alice", "-d", "orders"]
    file = tmp_path / "dump"
    subprocess.run(["pg_dump", *where, "-n", "dumped", "-Fc", "-f", file], check=True, env=env, timeout=120)
    server.sql("DROP SCHEMA dumped CASCADE", "orders")
    subprocess.run(["pg_restore", *where, "--no-owner", file], check=True, env=env, timeout=120)
    assert server.sql("SELECT count(*), max(a) FROM dumped.v", "orders") == ["3000|3000"]


def test_node_postgres(gateway, tmp_path):
    script = '''
const { Client } = require("pg");
(async () => {
  const client = new Client({ host: "127.0.0.1", port: +process.argv[1], user: "alice", password: process.argv[2], database: "orders" });
  await client.connect();
  const one = await client.query("SELECT $1::int + 1 AS n", [41]);
  const named = [];
  for (let i = 0; i < 3; i++) named.push((await client.query({ name: "n", text: "SELECT $1::text AS t", values: ["é" + i] })).rows[0].t);
  let code = "";
  try { await client.query("SELECT * FROM nowhere"); } catch (e) { code = e.code; }
  console.log(one.rows[0].n, named.join(), code);
  await client.end();
})();
'''
    done = subprocess.run(["node", "-e", script, str(gateway.port), PASSWORD], cwd=packages("node-postgres", "pg@8"),
                          capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "42 é0,é1,é2 42P01", done.stderr


def test_every_driver_is_on_the_record(gateway):
    applications = {r.get("application", "") for r in gateway.search("--type", "session_start")}
    assert {"pg_dump", "pg_restore"} <= applications
