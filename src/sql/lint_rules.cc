#include <array>

#include "sql/lint.h"

namespace sluice::sql {
namespace {

using enum Severity;

constexpr std::string_view kHeld =
    "ACCESS EXCLUSIVE stops every reader and writer, for as long as the table is big.";

// One line a rule in docs/lint.md, in this order; tests/lint/test_lint_docs.py compares them.
constexpr std::array kRules = {
    // The script.
    Rule{"unparsable", kError, "PostgreSQL 15's grammar does not accept the script",
         "What cannot be parsed cannot be checked, and would stop half way when it is run.",
         "Correct the statement at the given line."},
    Rule{"concurrently-in-transaction", kError,
         "a statement that PostgreSQL refuses inside a transaction block: CONCURRENTLY, VACUUM, "
         "ALTER SYSTEM, CREATE or DROP DATABASE or TABLESPACE",
         "The server refuses it, and the transaction fails.",
         "Run the statement by itself, outside BEGIN … COMMIT."},
    Rule{"no-lock-timeout", kWarning,
         "a lock that stops writers or readers of an existing table, with no lock_timeout set",
         "While the lock is waited for behind one long transaction, every later statement on the "
         "table queues behind it: a fast change becomes an outage.",
         "SET lock_timeout to some seconds before, and try again when it fails."},
    Rule{"many-statements-after-exclusive-lock", kWarning,
         "in one transaction, slow or many statements after one that locked a table exclusively",
         "Locks are held until COMMIT: the table stays closed while the rest runs.",
         "Put the locking statement last, or in a short transaction of its own."},
    Rule{"validate-in-same-transaction", kWarning,
         "VALIDATE CONSTRAINT in the transaction that added the constraint NOT VALID",
         "The scan runs under the strong lock of the ADD, which NOT VALID was to avoid.",
         "COMMIT between ADD … NOT VALID and VALIDATE CONSTRAINT."},
    Rule{"enum-value-in-transaction", kWarning, "ALTER TYPE … ADD VALUE inside a transaction",
         "The new value cannot be used before COMMIT; a statement that does fails.",
         "Add the value by itself, before the transaction."},
    Rule{"lock-table", kWarning, "LOCK TABLE that stops writers or readers of an existing table",
         "The lock is held until COMMIT.",
         "Take the weakest mode that does, with a lock_timeout, in a short transaction."},

    // Constraints.
    Rule{"add-foreign-key-without-not-valid", kError, "a foreign key checked while it is added",
         "Both tables refuse writes (SHARE ROW EXCLUSIVE) while every row is looked up.",
         "ADD … NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own."},
    Rule{"add-check-without-not-valid", kError, "a CHECK constraint checked while it is added",
         kHeld, "ADD … NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own."},
    Rule{"set-not-null-scans", kError, "SET NOT NULL without a valid CHECK that proves it", kHeld,
         "ADD CHECK (c IS NOT NULL) NOT VALID, VALIDATE it, SET NOT NULL, drop the CHECK."},
    Rule{"add-unique-constraint-locks", kError, "a UNIQUE constraint that builds its index", kHeld,
         "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX."},
    Rule{"add-primary-key-locks", kError, "a PRIMARY KEY that builds its index", kHeld,
         "CREATE UNIQUE INDEX CONCURRENTLY, make the columns NOT NULL, then ADD CONSTRAINT … "
         "PRIMARY KEY USING INDEX."},
    Rule{"add-exclusion-constraint", kError, "an EXCLUDE constraint on an existing table",
         "Its index is built under ACCESS EXCLUSIVE; there is no concurrent way.",
         "Add it to a new table that is filled beside the old one, or at a quiet time with a "
         "lock_timeout."},
    Rule{"foreign-key-without-index", kAdvice, "no index begins with a foreign key's columns",
         "Each DELETE or key UPDATE of the other table scans this one, once a row.",
         "CREATE INDEX CONCURRENTLY on the key's columns."},
    Rule{"missing-primary-key", kWarning, "a new table without a primary key",
         "Its rows cannot be told apart: logical replication cannot update them, and clients "
         "cannot name one.",
         "Give it a PRIMARY KEY, such as id bigint GENERATED ALWAYS AS IDENTITY."},

    // Columns.
    Rule{"not-null-without-default", kError, "ADD COLUMN … NOT NULL without a default",
         "It fails as soon as the table has a row.",
         "Add the column with a default, or nullable, fill it, then make it NOT NULL."},
    Rule{"volatile-default-rewrites", kError, "ADD COLUMN with a default that differs by row",
         "Each row gets its own value, so the table is written anew; ACCESS EXCLUSIVE stops "
         "every reader and writer meanwhile.",
         "Add the column without it, SET DEFAULT for new rows, fill old ones in batches."},
    Rule{"add-serial-or-identity-column-rewrites", kError,
         "ADD COLUMN of a serial type or AS IDENTITY",
         "Each row gets the next number, so the table is written anew; ACCESS EXCLUSIVE stops "
         "every reader and writer meanwhile.",
         "Add a plain column, SET DEFAULT nextval(…), fill old rows in batches."},
    Rule{"add-generated-stored-rewrites", kError, "ADD COLUMN … GENERATED ALWAYS AS (…) STORED",
         "The value of each row is computed and stored, so the table is written anew under ACCESS "
         "EXCLUSIVE.",
         "A view, or a plain column that a trigger keeps and that is filled in batches."},
    Rule{"add-constrained-domain-column-rewrites", kError,
         "ADD COLUMN of a domain that has constraints",
         "PostgreSQL checks the domain's constraints by writing the table anew under ACCESS "
         "EXCLUSIVE.",
         "Use the domain's base type and a CHECK … NOT VALID, validated later."},
    Rule{"domain-constraint-scans-tables", kError,
         "ALTER DOMAIN with a constraint that the values there are checked against",
         "SHARE stops every writer of each table with a column of the domain, all at once, while "
         "it is read.",
         "ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT at a quiet time."},
    Rule{"change-column-type-rewrites", kError, "a change of type that changes what is stored",
         "The table and its indexes are written anew; ACCESS EXCLUSIVE stops every reader and "
         "writer meanwhile.",
         "Add a column of the new type, fill it in batches, then exchange the two."},
    Rule{"integer-primary-key-overflow", kWarning, "a primary key of smallint or integer",
         "Numbers run out at 32,767 or 2,147,483,647 (failed inserts use them up too), and the "
         "change to bigint later rewrites the table.",
         "Use bigint."},
    Rule{"serial-instead-of-identity", kAdvice, "a serial column in a new table",
         "Its sequence has privileges of its own, and anything may write any value.",
         "bigint GENERATED ALWAYS (or BY DEFAULT) AS IDENTITY."},
    Rule{"timestamp-without-time-zone", kAdvice, "a column of type timestamp",
         "It does not say which moment is meant: what is stored depends on each client's zone.",
         "timestamptz."},
    Rule{"char-n", kAdvice, "a column of type char(n)",
         "It is padded with blanks, which comparisons ignore and LIKE does not.",
         "text, with a CHECK on the length where there is a limit."},
    Rule{"json-instead-of-jsonb", kAdvice, "a column of type json",
         "It keeps the text, has no equality (DISTINCT and GROUP BY fail) and no index support.",
         "jsonb."},
    Rule{"money-type", kAdvice, "a column of type money",
         "Its currency and rounding depend on the setting lc_monetary of whoever reads.",
         "numeric, with the currency in a column of its own."},

    // Indexes.
    Rule{"create-index-not-concurrently", kError, "CREATE INDEX on an existing table",
         "SHARE stops every writer for as long as the table is big.",
         "CREATE INDEX CONCURRENTLY, outside a transaction."},
    Rule{"drop-index-not-concurrently", kWarning, "DROP INDEX without CONCURRENTLY",
         "ACCESS EXCLUSIVE on the table waits for, and stops, every reader and writer.",
         "DROP INDEX CONCURRENTLY, outside a transaction."},
    Rule{"reindex-not-concurrently", kError, "REINDEX without CONCURRENTLY",
         "Writers stop, and so does every query that would look at the index, planning included.",
         "REINDEX … CONCURRENTLY, outside a transaction."},
    Rule{"concurrently-on-partitioned-table", kError,
         "CREATE or DROP INDEX CONCURRENTLY on a partitioned table", "PostgreSQL 15 refuses it.",
         "CREATE INDEX ON ONLY the table, CONCURRENTLY on each partition, then ATTACH them."},
    Rule{"concurrent-index-if-not-exists", kAdvice, "CREATE INDEX CONCURRENTLY IF NOT EXISTS",
         "An attempt that failed leaves an invalid index of that name, which this takes for done.",
         "DROP INDEX CONCURRENTLY IF EXISTS first."},

    // Drops and renames.
    Rule{"drop-table", kWarning, "DROP TABLE of an existing table",
         "The rows are gone at COMMIT, and clients that still use it fail.",
         "Rename it first, and drop it when nobody has missed it."},
    Rule{"drop-table-with-dependents", kError, "DROP TABLE of a table that others need",
         "It fails, or with CASCADE takes views and foreign keys along; functions fail when they "
         "next run.",
         "Change or drop what needs it first, each by name."},
    Rule{"drop-column", kWarning, "DROP COLUMN of an existing table",
         "The values are gone at COMMIT, and clients that still name the column fail.",
         "Stop using it in every client first; then drop it."},
    Rule{"drop-column-with-dependents", kError, "DROP COLUMN of a column that others need",
         "Indexes and constraints go with it silently, views make it fail or go with CASCADE, "
         "functions fail when they next run.",
         "Change or drop what needs it first, each by name."},
    Rule{"drop-schema", kError, "DROP SCHEMA or DROP DATABASE or DROP OWNED",
         "It may take any number of tables along.", "Drop the objects by name."},
    Rule{"drop-with-dependents", kError,
         "DROP of a function, procedure, type or domain that others need",
         "It fails, or with CASCADE takes triggers, views and whole columns along; functions fail "
         "when they next run.",
         "Change or drop what needs it first, each by name."},
    Rule{"drop-extension", kWarning, "DROP EXTENSION",
         "Its types, functions, operators and tables go with it; columns of such a type make it "
         "fail or go with CASCADE.",
         "Change what uses it first; see \\dx+ for what it holds."},
    Rule{"cascade", kError, "CASCADE on a DROP",
         "It drops whatever needs the object, named nowhere in the script.",
         "Leave CASCADE out: the server lists what is in the way; drop that by name."},
    Rule{"rename-table-breaks-clients", kWarning, "a new name for an existing table or view",
         "Clients, and functions by their text, fail until all of them know the new name.",
         "In one transaction rename it and leave a view with the old name."},
    Rule{"rename-column-breaks-clients", kWarning, "a new name for an existing column",
         "Clients, and functions by their text, fail until all of them know the new name.",
         "A view with both names under the table's old name, until every client has changed."},
    Rule{"set-schema-breaks-clients", kWarning, "an existing table moves to another schema",
         "Clients that name the schema, or whose search_path lacks the new one, fail.",
         "In one transaction move it and leave a view in the old schema."},

    // Rows.
    Rule{"update-without-where-in-migration", kWarning, "UPDATE of every row of an existing table",
         "All rows stay locked until COMMIT, the table doubles in size, replicas fall behind.",
         "Batches of some thousand rows, each its own transaction."},
    Rule{"delete-without-where-in-migration", kError, "DELETE of every row of an existing table",
         "All rows are gone, one by one: locked until COMMIT, replicas fall behind.",
         "Batches of some thousand rows, each its own transaction."},
    Rule{"truncate", kWarning, "TRUNCATE of an existing table",
         "All rows are gone at COMMIT, no DELETE trigger runs, and ACCESS EXCLUSIVE waits for "
         "every reader.",
         "DELETE in batches where the table is in use."},
    Rule{"truncate-cascade", kError, "TRUNCATE … CASCADE",
         "Every table with a foreign key to it is emptied too, whatever ON DELETE says.",
         "Name each table that is meant to be emptied."},
    Rule{"disable-trigger", kError, "DISABLE TRIGGER",
         "Rows written meanwhile miss what the trigger does: audit, denormalised values, and for "
         "ALL foreign keys; nothing checks them later.",
         "Leave triggers on; let the trigger function itself pass over the change."},
    Rule{"session-replication-role", kError, "SET session_replication_role to replica",
         "No trigger and no foreign key is checked; nothing checks the rows later.",
         "Leave it; defer constraints with SET CONSTRAINTS ALL DEFERRED where they allow it."},
    Rule{"disable-row-security", kError, "DISABLE or NO FORCE ROW LEVEL SECURITY",
         "From then on whoever may read the table sees every row of it.",
         "Change the policies, or give the one role that needs it BYPASSRLS."},

    // Storage and maintenance.
    Rule{"vacuum-full", kError, "VACUUM FULL", kHeld,
         "Plain VACUUM; to give space back while in use, pg_repack."},
    Rule{"cluster", kError, "CLUSTER", kHeld, "pg_repack, which orders a table while in use."},
    Rule{"set-logged-rewrites", kError, "SET LOGGED or SET UNLOGGED",
         "The table is written anew under ACCESS EXCLUSIVE.",
         "Fill a new table of the right kind and exchange the two."},
    Rule{"set-tablespace-rewrites", kError, "SET TABLESPACE or SET ACCESS METHOD",
         "Every file of the table is copied under ACCESS EXCLUSIVE.",
         "pg_repack with --tablespace; or at a quiet time with a lock_timeout."},
    Rule{"refresh-matview-not-concurrently", kWarning,
         "REFRESH MATERIALIZED VIEW without CONCURRENTLY",
         "Nobody can read the view for as long as its query runs.",
         "REFRESH … CONCURRENTLY, which needs a unique index on the view."},

    // Partitions.
    Rule{"attach-partition-without-check", kError,
         "ATTACH PARTITION of a table that no CHECK constraint proves to fit",
         "The table is scanned under ACCESS EXCLUSIVE.",
         "ADD CHECK of the bounds NOT VALID, VALIDATE it, ATTACH, then drop it."},
    Rule{"new-partition-scans-default", kError,
         "a new partition beside a default one that no CHECK constraint proves to hold none of its "
         "rows (with --database)",
         "The default partition is scanned under ACCESS EXCLUSIVE.",
         "ADD CHECK (NOT the bounds) to it NOT VALID, VALIDATE it, add the partition, then drop "
         "it."},
    Rule{"detach-partition-not-concurrently", kWarning, "DETACH PARTITION without CONCURRENTLY",
         "ACCESS EXCLUSIVE on the partitioned table waits for, and stops, everyone.",
         "DETACH PARTITION … CONCURRENTLY, outside a transaction."},
    Rule{"create-partition-locks-parent", kWarning, "CREATE TABLE … PARTITION OF an existing table",
         "ACCESS EXCLUSIVE on the partitioned table waits for, and stops, everyone.",
         "CREATE TABLE (LIKE …), then ATTACH PARTITION, which lets readers and writers go on."},
};

}  // namespace

std::span<const Rule> lint_rules() { return kRules; }

std::string_view name_of(Severity severity) {
  switch (severity) {
    case kAdvice:
      return "advice";
    case kWarning:
      return "warning";
    case kError:
      return "error";
  }
  return "error";
}

}  // namespace sluice::sql
