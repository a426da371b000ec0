import { useState } from "react";
import { decideHolding, useHoldings } from "../../api/grants";
import type { Holding } from "../../api/types/grant";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Confirm";
import { download, toCsv } from "../../parts/download";
import { Empty } from "../../parts/Empty";
import { Panel } from "../../parts/Panel";
import { SearchField } from "../../parts/SearchField";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { useDeed } from "../../parts/useDeed";
import { isDecidedOn } from "./review";

function Decision({ holding }: { holding: Holding }) {
  const me = useMe();
  const deed = useDeed("holdings", "grants");
  if (!isDecidedOn(holding, me)) return null;
  const of = `${holding.what} ${holding.name} of ${holding.user}`;
  return (
    <span className="row">
      <Confirm
        label="Keep"
        title={`Keep ${of}?`}
        verb="Keep"
        small
        comment="Comment"
        onConfirm={(comment) => deed(decideHolding(holding, "keep", comment), "Kept")}
      >
        That you have looked at it goes on the record.
      </Confirm>
      <Confirm
        label="Revoke"
        title={`Take ${of}?`}
        verb="Revoke"
        danger
        small
        comment="Why"
        onConfirm={(comment) => deed(decideHolding(holding, "revoke", comment), "Revoked")}
      >
        It ends at once where the gateway keeps it; what a directory gives must be ended there.
      </Confirm>
    </span>
  );
}

function save(list: readonly Holding[]) {
  const names = [
    "user",
    "kind",
    "what",
    "name",
    "database",
    "since",
    "until",
    "last_used",
    "detail",
    "decided",
  ] as const;
  download(
    "access.csv",
    "text/csv",
    toCsv(
      names,
      list.map((row) => names.map((name) => row[name])),
    ),
  );
}

/** Who holds what, to be looked through now and then. */
export function Holdings() {
  const holdings = useHoldings();
  const [words, setWords] = useState("");
  return (
    <div className="stack">
      <div className="row">
        <SearchField label="Search users and what they hold" value={words} onValue={setWords} />
        {holdings.data !== undefined && <Button onClick={() => save(holdings.data ?? [])}>CSV</Button>}
      </div>
      <Panel flush>
        <Await query={holdings}>
          {(all) => {
            const wanted = words.toLowerCase();
            const list = all.filter((row) =>
              `${row.user} ${row.what} ${row.name} ${row.database}`.toLowerCase().includes(wanted),
            );
            return list.length === 0 ? (
              <Empty title="Nobody holds anything" />
            ) : (
              <Table
                label="Who holds what"
                rows={list}
                keyOf={(row) => [row.user, row.what, row.name, row.database].join("\n")}
                columns={[
                  {
                    name: "User",
                    cell: (row) => (
                      <span className="row">
                        {row.user}
                        {row.disabled && <Badge tone="bad">disabled</Badge>}
                        {row.kind !== "human" && <Badge tone="info">{row.kind}</Badge>}
                      </span>
                    ),
                  },
                  { name: "Holds", cell: (row) => `${row.what} ${row.name}` },
                  { name: "Database", cell: (row) => row.database },
                  { name: "Since", cell: (row) => (row.since === null ? "" : <Time value={row.since} />) },
                  { name: "Until", cell: (row) => (row.until === null ? "" : <Time value={row.until} />) },
                  { name: "Last used", cell: (row) => <Time value={row.last_used} /> },
                  { name: "Looked at", cell: (row) => <span className="soft">{row.decided}</span> },
                  { name: "Actions", cell: (row) => <Decision holding={row} /> },
                ]}
              />
            );
          }}
        </Await>
      </Panel>
    </div>
  );
}
