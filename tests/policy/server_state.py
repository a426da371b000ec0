"""What a database and its server hold, as hashes to compare, and putting rows back."""

import struct
import time

from harness.postgres import SERVER_PASSWORD
from harness.wire import WireClient, error_fields, query

# Rows of these catalogs are compared by where they stand and who wrote them: any change shows.
CATALOGS = """pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_cast pg_collation pg_conversion pg_default_acl
    pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_inherits
    pg_init_privs pg_language pg_largeobject pg_largeobject_metadata pg_opclass pg_operator pg_opfamily
    pg_partitioned_table pg_policy pg_proc pg_publication pg_publication_rel pg_range pg_rewrite pg_seclabel
    pg_sequence pg_statistic_ext pg_transform pg_trigger pg_ts_config pg_ts_dict pg_user_mapping
    pg_authid pg_auth_members pg_database pg_db_role_setting pg_shdescription pg_shseclabel pg_subscription
    pg_tablespace pg_description""".split()
NOT_TEMPORARY = "NOT IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_')"
# Those in which sessions' own temporary objects leave rows.
FILTERED = {
    "pg_class": f"WHERE t.relnamespace {NOT_TEMPORARY}",
    "pg_type": f"WHERE t.typnamespace {NOT_TEMPORARY}",
    "pg_constraint": f"WHERE t.connamespace {NOT_TEMPORARY}",
    "pg_namespace": "WHERE t.nspname !~ '^pg_(toast_)?temp_'",
    "pg_attribute": f"JOIN pg_catalog.pg_class c ON c.oid = t.attrelid AND c.relnamespace {NOT_TEMPORARY}",
    "pg_index": f"JOIN pg_catalog.pg_class c ON c.oid = t.indexrelid AND c.relnamespace {NOT_TEMPORARY}",
}
SCHEMAS = "pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname NOT IN " \
          "('information_schema', 'pristine')"


class Connection:
    """A direct connection of the superuser, past the gateway."""

    def __init__(self, server, database, application="watcher"):
        self.wire = WireClient(server.port, timeout=180)
        self.wire.login(user="sluice", password=SERVER_PASSWORD, database=database, application_name=application)

    def rows(self, text):
        out = []
        for kind, body in self.wire.run(query(text)):
            if kind == b"E":
                raise RuntimeError(f"{error_fields(body)['M']}: {text[:200]}")
            if kind == b"D":
                count, = struct.unpack("!H", body[:2])
                row, at = [], 2
                for _ in range(count):
                    length, = struct.unpack("!i", body[at:at + 4])
                    row.append(None if length < 0 else body[at + 4:at + 4 + length].decode())
                    at += 4 + max(length, 0)
                out.append(row)
        return out

    def close(self):
        self.wire.close()


class DatabaseState:
    """Hashes of all that a statement could change in one database and at its server."""

    def __init__(self, server, database):
        self.connection = Connection(server, database)
        self.tables = [row[0] for row in self.connection.rows(
            f"SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN {SCHEMAS} "
            "WHERE c.relkind IN ('r', 'm') ORDER BY 1")]
        sequences = [row[0] for row in self.connection.rows(
            f"SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN {SCHEMAS} "
            "WHERE c.relkind = 'S' ORDER BY 1")]
        parts = [f"SELECT $k$table {t}$k$, md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) FROM ONLY {t} t"
                 for t in self.tables]
        parts += [f"SELECT $k$sequence {s}$k$, last_value || ' ' || is_called FROM {s}" for s in sequences]
        parts += [f"SELECT '{name}', count(*) || ' ' || coalesce(sum(hashtextextended(t.xmin::text || t.ctid::text, 0)), 0) "
                  f"FROM pg_catalog.{name} t {FILTERED.get(name, '')}" for name in [*CATALOGS, *FILTERED]]
        parts += [f"SELECT 'files', md5(string_agg(f, ' ' ORDER BY f)) FROM (SELECT pg_ls_dir('{folder}') f) s"
                  for folder in [server.root]]
        parts += ["SELECT 'data folder', md5(string_agg(f, ' ' ORDER BY f)) FROM (SELECT pg_ls_dir('.') f) s "
                  "WHERE f NOT LIKE 'pg_internal%'",
                  "SELECT 'settings', md5(string_agg(concat(name, setting, error), ' ' ORDER BY seqno)) FROM pg_file_settings",
                  "SELECT 'other sessions', count(*)::text FROM pg_stat_activity WHERE application_name = 'victim'",
                  "SELECT 'slots', count(*)::text FROM pg_replication_slots",
                  "SELECT 'prepared transactions', count(*)::text FROM pg_prepared_xacts"]
        self.text = " UNION ALL ".join(parts)
        self.start = self.now()

    def now(self):
        try:
            self.last = dict(self.connection.rows(self.text))
        except RuntimeError as problem:  # a table has gone
            self.last = {f"all: {problem}"[:120]: ""}
        return self.last

    def wait_until_gone(self, application):
        """A session that has ended takes its temporary objects along a moment later."""
        deadline = time.time() + 30
        while self.connection.rows(f"SELECT 1 FROM pg_stat_activity WHERE application_name = '{application}' AND datname = current_database()"):
            assert time.time() < deadline, f"{application} does not end"
            time.sleep(0.02)

    def restore_rows(self):
        """Puts back the rows of tables that have changed when last looked at (copies are kept in schema pristine).
        False when more than rows has changed."""
        now = self.last
        changed = [key for key in self.start if now.get(key) != self.start[key]]
        if any(not key.startswith(("table ", "sequence ")) for key in changed):
            return False
        text = "SET session_replication_role = replica;"
        for key in changed:
            kind, name = key.split(" ", 1)
            if kind == "table":
                copy = "pristine." + name.replace(".", "__").replace('"', "")
                text += f"DELETE FROM ONLY {name}; INSERT INTO {name} OVERRIDING SYSTEM VALUE SELECT * FROM pristine.\"{copy[9:]}\";"
            else:
                value, called = self.start[key].split(" ")
                text += f"SELECT setval('{name}', {value}, {called});"
        if changed:
            self.connection.rows(text + "RESET session_replication_role;")
        return not changed or self.now() == self.start

    def close(self):
        self.connection.close()


def difference(before, after):
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
