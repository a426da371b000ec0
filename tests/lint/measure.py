"""What a statement really does to a table: its lock, and whether it rewrites or reads all of it."""

import re
import subprocess
import time

LEVELS = ["", "access_share", "row_share", "row_exclusive", "share_update_exclusive", "share",
          "share_row_exclusive", "exclusive", "access_exclusive"]
ALONE = re.compile(r"CONCURRENTLY\b(?! off)|^\s*VACUUM|^\s*CLUSTER\s*;?$", re.IGNORECASE)
# REFRESH … CONCURRENTLY may stand in a transaction.
TRANSACTIONAL = re.compile(r"^\s*REFRESH|CONCURRENTLY off", re.IGNORECASE)


def level_of(mode):
    """'ShareUpdateExclusiveLock' -> 'share_update_exclusive'"""
    words = re.findall(r"[A-Z][a-z]*", mode.removesuffix("Lock"))
    name = "_".join(word.lower() for word in words)
    assert name in LEVELS, mode
    return name


def strongest(modes):
    return max((level_of(mode) for mode in modes if mode), key=LEVELS.index, default="")


def psql_command(server, database="orders"):
    return ["psql", "-XAtq", "-h", str(server.root), "-p", str(server.port), "-U", "postgres", "-d", database,
            "-v", "ON_ERROR_STOP=1"]


def run(server, script):
    """Runs a script as psql does a file: each statement by itself."""
    return subprocess.run(psql_command(server), input=script, capture_output=True, text=True, timeout=60)


def lines(server, script):
    done = run(server, script)
    assert done.returncode == 0, f"{script}\n{done.stderr}"
    return done.stdout.splitlines()


def alone(sql):
    return ALONE.search(sql) is not None and TRANSACTIONAL.search(sql) is None


def locks_held(server, sql, relations):
    """Strongest lock that a statement holds on `relations` (an SQL condition on pg_class c)."""
    got = lines(server, f"""
        SELECT array_agg(c.oid) AS targets FROM pg_class c WHERE {relations} \\gset
        BEGIN;
        {sql};
        SELECT 'lock:' || mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
            AND relation = ANY (:'targets'::oid[]);
        ROLLBACK;""")
    return strongest(line.removeprefix("lock:") for line in got if line.startswith("lock:"))


def lock_wanted(server, sql, table):
    """The lock that a statement which cannot stand in a transaction waits for (weaker ones go by)."""
    holder = subprocess.Popen(psql_command(server), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write(f"BEGIN; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE; SELECT 'held';\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "held\n"
    waiter = subprocess.Popen(psql_command(server), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    waiter.stdin.write(sql + ";\n")
    waiter.stdin.close()
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            waiting = server.sql("SELECT mode FROM pg_locks WHERE NOT granted AND locktype = 'relation'", "orders")
            if waiting:
                return strongest(waiting)
            assert waiter.poll() is None, waiter.stderr.read()
            time.sleep(0.02)
        raise AssertionError(f"{sql} waits for no lock")
    finally:
        holder.stdin.close()  # rolls back
        holder.wait(20)
        waiter.wait(20)


def effect(server, sql, table, with_indexes=False):
    """(lock, rewrites, scans) of a statement on `table`."""
    where = f"oid = '{table}'::regclass"
    if alone(sql):
        lock = lock_wanted(server, sql, table)
        before = server.sql(f"SELECT relfilenode FROM pg_class WHERE {where}", "orders")
        lines(server, sql + ";")
        after = server.sql(f"SELECT relfilenode FROM pg_class WHERE {where}", "orders")
        return lock, before != after, None
    relations = f"c.{where}"
    if with_indexes:
        relations += f" OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = '{table}'::regclass)"
    got = lines(server, f"""
        SELECT '{table}'::regclass::oid AS target \\gset
        SELECT array_agg(c.oid) AS targets FROM pg_class c WHERE {relations} \\gset
        SELECT pg_stat_get_xact_tuples_returned(:target) AS before \\gset
        SELECT relfilenode AS file FROM pg_class WHERE oid = :target \\gset
        BEGIN;
        {sql};
        SELECT 'lock:' || mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
            AND relation = ANY (:'targets'::oid[]);
        SELECT 'rewritten' FROM pg_class WHERE oid = :target AND relfilenode <> :file;
        SELECT 'scanned' WHERE pg_stat_get_xact_tuples_returned(:target) - :before >= 1000;
        ROLLBACK;""")
    lock = strongest(line.removeprefix("lock:") for line in got if line.startswith("lock:"))
    return lock, "rewritten" in got, "scanned" in got
