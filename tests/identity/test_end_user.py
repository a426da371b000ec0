"""A trusted service says for whom each statement is, signed: policy, row-level security and the record count it (threat 63)."""

import base64
import hashlib
import hmac
import time

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway

POLICY = """
rules:
  - name: service
    effect: allow
    who: { groups: [shop] }
  - name: only-vips-delete
    effect: deny
    do: [delete]
    who: { end_users: ["!vip"] }
  - name: nobody-deletes-for-itself
    effect: deny
    do: [truncate]
  - name: vips
    effect: allow
    who: { end_users: [vip] }
    do: [delete]
"""

SCHEMA = """
DROP TABLE IF EXISTS mine;
CREATE TABLE mine (id int, owner text);
INSERT INTO mine VALUES (1, 'vip'), (2, 'carl'), (3, 'dana');
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON mine USING (owner = current_setting('sluice.end_user', true));
DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop_app') THEN
  CREATE ROLE shop_app LOGIN PASSWORD 'server-password'; END IF; END$$;
GRANT SELECT, DELETE, INSERT ON mine TO shop_app;
"""


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(key, name, service="shop", seconds=60, session="", expires=None):
    """As docs/identity.md says."""
    expires = int(time.time()) + seconds if expires is None else expires
    said = f"sluice-end-user-v1\n{service}\n{name}\n{expires}\n{session}"
    mac = hmac.digest(key.encode(), said.encode(), hashlib.sha256)
    return f"v1.{b64(name.encode())}.{expires}.{session}.{b64(mac)}"


class Shop:
    def __init__(self, server, tmp, identity="settings: true", policy=POLICY, **options):
        file = tmp / "policy.yaml"
        file.write_text(policy)
        server.sql(SCHEMA, "orders")
        self.gateway = Gateway(server, extra=f"policy: {{ file: {file} }}\nlog: {{ level: trace }}", start=False,
                               database_extra=f"identity: {{ {identity} }}", **options)
        config = self.gateway.config.read_text().replace("user: sluice\n", "user: shop_app\n")
        self.gateway.config.write_text(config)
        for name, *options in (("shop", "--kind", "service", "--group", "shop"),
                               ("other", "--kind", "service", "--group", "shop"),
                               ("dana", "--group", "sales"), ("erin", "--group", "shop")):
            self.gateway.cli("user", "add", name, *options, "--password-stdin", input=PASSWORD + "\n")
        self.key = self.gateway.cli("user", "assertion-key", "shop").stdout.strip()
        self.other_key = self.gateway.cli("user", "assertion-key", "other").stdout.strip()
        self.gateway.start()

    def connect(self, user="shop", **options):
        return psycopg.connect(self.gateway.dsn(user=user, **options), autocommit=True)


@pytest.fixture(scope="module")
def shop(server, tmp_path_factory):
    running = Shop(server, tmp_path_factory.mktemp("shop"))
    yield running
    log = running.gateway.log.read_bytes()
    assert running.gateway.stop() == 0
    for key in (running.key, running.other_key):
        assert key.encode() not in log, "the key that services sign with is in the log"


@pytest.fixture(scope="module")
def strict(server, tmp_path_factory):
    running = Shop(server, tmp_path_factory.mktemp("strict"), "settings: true, end_user: required")
    yield running
    assert running.gateway.stop() == 0


def tagged(text, said):
    return f"{text} /*sluice_end_user='{said}'*/"


def ids(connection, text="SELECT id FROM mine ORDER BY id"):
    return [row[0] for row in connection.execute(text)]


def test_a_comment_says_for_whom_a_statement_is(shop):
    with shop.connect() as connection:
        assert ids(connection) == []
        assert ids(connection, tagged("SELECT id FROM mine", assertion(shop.key, "vip"))) == [1]
        assert ids(connection, tagged("SELECT id FROM mine", assertion(shop.key, "carl"))) == [2]
        assert ids(connection) == []  # It held for its statement alone.
        assert connection.execute("SELECT current_setting('sluice.user'), current_setting('sluice.end_user')").fetchone() \
            == ("shop", "")
    records = shop.gateway.search("--user", "shop", "--type", "statement")
    said = [r.get("end_user") for r in records if r["text"].startswith("SELECT id FROM mine")]
    assert said[:4] == [None, "vip", "carl", None]


def test_masks_count_the_end_user(server, tmp_path):
    """Who may see addresses is who the service asks for, not the service; a statement for nobody shows none."""
    masks = POLICY + """
  - name: vips-see-addresses
    effect: unmask
    who: { end_users: [vip] }
    classes: [email]
"""
    server.sql(SCHEMA + "CREATE TABLE IF NOT EXISTS contacts (id int, email text); TRUNCATE contacts; GRANT SELECT ON contacts TO shop_app;"
               "INSERT INTO contacts SELECT i, 'person' || i || '@mail.example' FROM generate_series(1, 60) i", "orders")
    running = Shop(server, tmp_path, policy=masks, masking=True)
    try:
        with running.connect() as connection:
            def seen(name=None):
                text = "SELECT email FROM contacts WHERE id = 7"
                return ids(connection, tagged(text, assertion(running.key, name)) if name else text)[0]
            deadline = time.time() + 20
            while not seen().endswith("***@mail.example") and "person7" in seen() and time.time() < deadline:
                time.sleep(0.1)
            assert seen("vip") == "person7@mail.example"
            for name in (None, "carl"):
                assert "person7" not in seen(name)
        shown = [record for record in running.gateway.search("--user", "shop", "--type", "statement") if record.get("released")]
        assert {record["end_user"] for record in shown} == {"vip"}
        assert all("public.contacts.email" in str(record["released"]) for record in shown)
    finally:
        assert running.gateway.stop() == 0


def test_a_setting_says_it_for_the_session(shop):
    with shop.connect() as connection:
        connection.execute(f"SET sluice.end_user = '{assertion(shop.key, 'carl')}'")
        assert ids(connection) == [2]
        assert ids(connection, tagged("SELECT id FROM mine", assertion(shop.key, "vip"))) == [1]
        assert ids(connection) == [2]
        with connection.transaction():
            connection.execute(f"SET sluice.end_user TO '{assertion(shop.key, 'vip')}'")
            assert ids(connection) == [1]
        assert ids(connection) == [1]
        connection.prepare_threshold = None  # DISCARD ALL takes prepared statements along.
        for reset in ("RESET sluice.end_user", "DISCARD ALL"):
            connection.execute(f"SET sluice.end_user = '{assertion(shop.key, 'carl')}'")
            assert ids(connection) == [2]
            connection.execute(reset)
            assert ids(connection) == []


def test_prepared_statements_are_for_whom_their_text_says(shop):
    with shop.connect() as connection:
        text = tagged("SELECT id FROM mine WHERE id < %s", assertion(shop.key, "vip"))
        for _ in range(8):  # Prepared by the driver from the fifth on.
            assert [row[0] for row in connection.execute(text, [10])] == [1]
            assert ids(connection) == []
        with connection.pipeline():
            first = connection.execute("SELECT count(*) FROM mine")
            second = connection.execute(tagged("SELECT id FROM mine", assertion(shop.key, "vip")))
            with pytest.raises(psycopg.Error, match="in the midst of a pipeline"):
                second.fetchall()
            del first


def test_it_counts_in_policy(shop):
    with shop.connect() as connection:
        connection.execute(tagged("DELETE FROM mine WHERE id = 77", assertion(shop.key, "vip")))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(tagged("DELETE FROM mine WHERE id = 77", assertion(shop.key, "carl")))
        # A user of the gateway's: only what both may.
        assert ids(connection, tagged("SELECT id FROM mine", assertion(shop.key, "erin"))) == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(tagged("SELECT id FROM mine", assertion(shop.key, "dana")))


def test_an_end_user_who_is_disabled_is_refused(shop):
    with shop.connect() as connection:
        connection.execute(f"SET sluice.end_user = '{assertion(shop.key, 'erin')}'")
        connection.execute("SELECT 1")
        shop.gateway.cli("user", "disable", "erin")
        deadline = time.time() + 5
        with pytest.raises(psycopg.Error, match="may no longer do anything"):
            while time.time() < deadline:
                connection.execute("SELECT 1")
                time.sleep(0.1)
    shop.gateway.cli("user", "enable", "erin")


def test_Threat63_what_is_not_signed_is_not_believed(shop):
    with shop.connect() as connection:
        pid = connection.info.backend_pid
        good = assertion(shop.key, "vip")
        for bad, says in [
            ("vip", "form"), (good[:-2] + "AA", "not signed|cannot be read"), (good + "x", "not signed|cannot be read"),
            (assertion(shop.other_key, "vip"), "not signed"), (assertion(shop.other_key, "vip", "other"), "not signed"),
            (assertion(shop.key, "vip", "other"), "not signed"), (assertion(shop.key, "vip", seconds=-1), "expired"),
            (assertion(shop.key, "vip", seconds=400), "longer than"), (assertion(shop.key, "vip", session=str(pid + 1)), "another session"),
            (assertion("", "vip"), "not signed"), (assertion(shop.key, "v\nip"), "cannot be read"),
        ]:
            for text in (f"SELECT id FROM mine /*sluice_end_user='{bad}'*/", f"SET sluice.end_user = '{bad}'"):
                with pytest.raises(psycopg.Error, match=says):
                    connection.execute(text)
                    pytest.fail(text)
                assert ids(connection) == []
        for text in (f"SET LOCAL sluice.end_user = '{good}'", f"SET sluice.end_user = '{good}'; SELECT * FROM mine",
                     f"SELECT set_config('sluice.end_user', '{good}', false)", "SELECT set_config('sluice.end_user', 'vip', false)",
                     f"DO $$BEGIN SET sluice.end_user = '{good}'; END$$"):
            with pytest.raises(psycopg.Error):
                connection.execute(text)
            assert ids(connection) == []
        assert ids(connection, tagged("SELECT id FROM mine", assertion(shop.key, "vip", session=str(pid)))) == [1]


def test_Threat63_replay_in_another_session_or_by_another_service(shop):
    with shop.connect() as first, shop.connect() as second, shop.connect("other") as other:
        bound = assertion(shop.key, "vip", session=str(first.info.backend_pid))
        assert ids(first, tagged("SELECT id FROM mine", bound)) == [1]
        for connection in (second, other):
            with pytest.raises(psycopg.Error, match="not believed"):
                connection.execute(tagged("SELECT id FROM mine", bound))
        unbound = assertion(shop.key, "vip")
        with pytest.raises(psycopg.Error, match="not signed"):
            other.execute(tagged("SELECT id FROM mine", unbound))
        short = assertion(shop.key, "vip", seconds=2)
        assert ids(second, tagged("SELECT id FROM mine", short)) == [1]
        time.sleep(2.1)
        with pytest.raises(psycopg.Error, match="expired"):
            second.execute(tagged("SELECT id FROM mine", short))


def test_Threat63_who_has_no_key_says_nothing(shop):
    """A person's comment is a comment, and their SET is refused."""
    with shop.connect("erin") as connection:
        assert ids(connection, tagged("SELECT id FROM mine", assertion(shop.key, "vip", "erin"))) == []
        with pytest.raises(psycopg.Error):
            connection.execute(f"SET sluice.end_user = '{assertion(shop.key, 'vip', 'erin')}'")
        assert ids(connection) == []
    refused = shop.gateway.cli("user", "assertion-key", "erin", check=False)
    assert refused.returncode != 0 and "is no service" in refused.stderr


def test_where_it_is_required(strict):
    with strict.connect() as connection:
        with pytest.raises(psycopg.Error, match="whom this is for has to be said"):
            connection.execute("SELECT id FROM mine")
        connection.execute("SET statement_timeout = 0")
        with connection.transaction():
            assert ids(connection, tagged("SELECT id FROM mine", assertion(strict.key, "vip"))) == [1]
        with pytest.raises(psycopg.Error, match="not believed"):
            connection.execute(tagged("SELECT id FROM mine", "nonsense"))
        assert ids(connection, tagged("SELECT id FROM mine", assertion(strict.key, "vip"))) == [1]
    with strict.connect("erin") as connection:  # Asks for herself.
        connection.execute("SELECT id FROM mine")


def test_a_key_that_is_taken_away_ends_it(strict):
    key = strict.gateway.cli("user", "assertion-key", "shop").stdout.strip()  # Another one.
    with strict.connect() as connection:
        deadline = time.time() + 5
        while True:
            try:
                assert ids(connection, tagged("SELECT id FROM mine", assertion(key, "vip"))) == [1]
                break
            except psycopg.Error:
                assert time.time() < deadline
                time.sleep(0.1)
        with pytest.raises(psycopg.Error, match="not signed"):
            connection.execute(tagged("SELECT id FROM mine", assertion(strict.key, "vip")))
    strict.key = key
