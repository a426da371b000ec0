/** Words that PostgreSQL takes for no name of a table unless they are quoted (its appendix C, "reserved"). */
const RESERVED = new Set(
  (
    "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create " +
    "current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else " +
    "end except false fetch for foreign from grant group having in initially intersect into lateral leading limit " +
    "localtime localtimestamp not null offset on only or order placing primary references returning select " +
    "session_user some symmetric table then to trailing true union unique user using variadic when where window with"
  ).split(" "),
);

function quoted(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** A first look at a table. */
export function firstLook(schema: string, table: string): string {
  return `SELECT * FROM ${schema === "public" ? "" : `${quoted(schema)}.`}${quoted(table)} LIMIT 20`;
}
