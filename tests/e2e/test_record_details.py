"""What the record says a statement did: actions, columns, classes, changes, transactions, tags and times."""

import pytest
from harness.gateway import Gateway
from harness.wire import SYNC, WireClient, bind, execute, kinds, parse, query


@pytest.fixture(scope="module")
def gateway(server):
    server.sql(
        "CREATE TABLE IF NOT EXISTS details_people (id int PRIMARY KEY, email text, town text);"
        "CREATE TABLE IF NOT EXISTS details_log (id int, what text);"
        "CREATE TABLE IF NOT EXISTS details_late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
        "INSERT INTO details_people SELECT n, 'user' || n || '@example.org', 'Bonn' FROM generate_series(1, 40) n "
        "ON CONFLICT DO NOTHING", "orders")
    gateway = Gateway(server)
    yield gateway
    assert gateway.stop() == 0


def client_of(gateway, **options):
    client = WireClient(gateway.port)
    client.login(**options)
    return client


def records_of(gateway, mark, count):
    records = gateway.wait_for(lambda r: len(r) >= count, "--text", mark)
    assert len(records) == count, [r["text"] for r in records]
    return records


def test_actions_columns_and_classes(gateway):
    client = client_of(gateway)
    client.run(query("SELECT p.email /* dc1 */ FROM details_people p JOIN details_log l ON l.id = p.id WHERE p.town = 'Bonn' ORDER BY l.what"))
    (record,) = records_of(gateway, "dc1", 1)
    assert record["actions"] == ["read public.details_people", "read public.details_log"] or \
        sorted(record["actions"]) == ["read public.details_log", "read public.details_people"]
    assert record["output_columns"] == ["public.details_people.email"]
    assert sorted(record["predicate_columns"]) == [
        "public.details_log.id", "public.details_log.what", "public.details_people.id", "public.details_people.town"]
    assert "written_columns" not in record and "details_cut" not in record
    assert record["tables"] == ["public.details_log", "public.details_people"]
    # Tables are classified in the background when nothing is masked.
    found = []
    for attempt in range(50):
        client.run(query(f"SELECT email /* dc1 again {attempt}. */ FROM details_people"))
        (again,) = gateway.wait_for(lambda r: r, "--text", f"dc1 again {attempt}.")
        found = again.get("classes", [])
        if found:
            break
    assert found == ["email"]


def test_what_on_conflict_tells(gateway):
    """Whether a value is there already."""
    client = client_of(gateway)
    client.run(query("INSERT INTO details_people VALUES (1, 'x', 'y') ON CONFLICT (id) DO NOTHING /* dc9 */"))
    client.run(query("INSERT INTO details_people VALUES (1) ON CONFLICT ON CONSTRAINT details_people_pkey DO NOTHING /* dc9 */"))
    for record in records_of(gateway, "dc9", 2):
        assert record["predicate_columns"] == ["public.details_people.id"]


def test_what_was_written_and_how_many_rows(gateway):
    client = client_of(gateway)
    client.run(query("UPDATE details_people SET town = 'Köln' /* dc2 */ WHERE id <= 7"))
    (record,) = records_of(gateway, "dc2", 1)
    assert record["written_columns"] == ["public.details_people.town"]
    assert record["changed"] == ["public.details_people 7"]
    assert "update public.details_people" in record["actions"]
    client.run(query("UPDATE details_people SET town = 'Ulm' /* dc2b */ WHERE id < 0"))
    assert "changed" not in records_of(gateway, "dc2b", 1)[0]


def outcomes(records):
    return [(r["transaction"], r.get("transaction_outcome")) for r in records]


def test_transactions_and_how_they_ended(gateway):
    client = client_of(gateway)
    for text in ("SELECT 'dc3 alone'", "BEGIN /* dc3 */", "SELECT 'dc3 in'", "ROLLBACK /* dc3 */", "SELECT 1/0 /* dc3 */",
                 "SELECT 'dc3 a'; SELECT 'dc3 b'", "SELECT 'dc3 c'; SELECT 1/0", "BEGIN; SELECT 1/0 /* dc3 */", "COMMIT /* dc3 */"):
        client.run(query(text))
    records = records_of(gateway, "dc3", 11 + 1)
    assert outcomes(records) == [
        (1, "committed"), (2, None), (2, None), (2, "rolled_back"), (3, "rolled_back"), (4, None), (4, "committed"),
        (5, None), (5, "rolled_back"), (6, None), (6, None), (6, "rolled_back")]


def test_block_that_the_session_leaves_open_is_rolled_back(gateway):
    client = client_of(gateway, application_name="dc4")
    client.run(query("BEGIN"))
    client.run(query("SELECT 'dc4'"))
    (record,) = records_of(gateway, "dc4", 1)
    client.close()
    ends = gateway.wait_for(lambda r: any(e["session"] == record["session"] for e in r), "--type", "session_end")
    (end,) = [e for e in ends if e["session"] == record["session"]]
    assert outcomes([end]) == [(1, "rolled_back")]


def test_a_commit_that_fails_at_sync_is_on_the_record(gateway):
    client = client_of(gateway)
    insert = parse("INSERT INTO details_late VALUES (5), (5) /* dc5 */") + bind() + execute() + SYNC
    assert "E" in kinds(client.run(insert))
    (record,) = records_of(gateway, "dc5", 1)
    assert outcomes([record]) == [(1, None)]
    failed = gateway.wait_for(lambda r: any(e["session"] == record["session"] for e in r), "--kind", "COMMIT")
    (commit,) = [e for e in failed if e["session"] == record["session"]]
    assert outcomes([commit]) == [(1, "rolled_back")] and commit["sqlstate"] == "23505"


def test_tags_driver_and_times(gateway):
    client = client_of(gateway, application_name="psql")
    client.run(query("SELECT pg_sleep(0.05) /*dc6='1',route='%2Forders%2F%3Aid',traceparent='00-aa-bb-01'*/"))
    (record,) = records_of(gateway, "dc6", 1)
    assert record["tags"] == ["dc6=1", "route=/orders/:id", "traceparent=00-aa-bb-01"]
    assert record["driver"] == "psql"
    assert record["server_us"] == record["duration_us"] >= 50_000
    assert record["waited_us"] < 5_000_000
    shown = gateway.cli("audit", "show", str(record["id"])).stdout
    assert "route=/orders/:id" in shown and "transaction_outcome" in shown
