import { GitCompare } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { useRecords } from "../../api/audit";
import { useSchemaChanges } from "../../api/schema";
import type { ChangeOfSchema } from "../../api/types/record";
import { Badge, StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Sql } from "../../parts/code/Sql";
import { Lines } from "../../parts/Diff";
import { Empty, Loading } from "../../parts/Empty";
import { whole } from "../../parts/format";
import { ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { Segments } from "../../parts/Segments";
import { driftLines } from "./drift";

/** By whom, and how it ended; of drift, that nobody is known. */
function Author({ change }: { change: ChangeOfSchema }) {
  if (change.type === "schema_drift") return <Badge tone="warn">no recorded statement made this</Badge>;
  const request = /^\d+/.exec(change.approval ?? "")?.[0];
  return (
    <>
      <strong>{change.user}</strong>
      {change.principal_kind !== undefined && change.principal_kind !== "human" && (
        <Badge tone="info">{change.principal_kind}</Badge>
      )}
      {change.outcome !== undefined && change.outcome !== "committed" && change.outcome !== "unknown" && (
        <StateBadge state={change.outcome.replace("_", " ")} />
      )}
      {change.undone_by !== undefined && <Badge tone="warn">undone by {change.undone_by}</Badge>}
      {change.change !== undefined && (
        <Link href={`/changes/${parseInt(change.change)}`}>change {parseInt(change.change)}</Link>
      )}
      {request !== undefined && <Link href={`/approvals/${request}`}>request {request}</Link>}
    </>
  );
}

function One({ change }: { change: ChangeOfSchema }) {
  return (
    <Panel
      title={
        <span className="row">
          <time dateTime={change.time}>{whole(change.time)}</time>
          <Author change={change} />
        </span>
      }
      actions={
        <Link className="nowrap" href={`/activity?record=${change.id}`}>
          Record {change.id}
        </Link>
      }
    >
      {change.type === "schema_drift" ? (
        <Lines lines={driftLines(change.message ?? "")} />
      ) : (
        <Sql text={change.text ?? change.message ?? ""} />
      )}
    </Panel>
  );
}

interface Listed {
  isError: boolean;
  isPending: boolean;
  error: unknown;
  hasNextPage: boolean;
  fetchNextPage: () => unknown;
  data?: { pages: readonly { records: ChangeOfSchema[] }[] } | undefined;
}

function List({ list, none }: { list: Listed; none: string }) {
  const changes = list.data?.pages.flatMap((page) => page.records.toReversed()) ?? [];
  if (list.isError) return <ProblemNote error={list.error} />;
  if (list.isPending) return <Loading />;
  if (changes.length === 0) {
    return (
      <Panel>
        <Empty title="Nothing" icon={GitCompare}>
          {none}
        </Empty>
      </Panel>
    );
  }
  return (
    <>
      {changes.map((change) => (
        <One key={change.id} change={change} />
      ))}
      {list.hasNextPage && <Button onClick={() => list.fetchNextPage()}>Older ones</Button>}
    </>
  );
}

function All({ database, table }: { database: string; table: string }) {
  const list = useSchemaChanges(database, table);
  return (
    <List
      list={list}
      none="No statement on the record has changed what is there, and nothing was changed past the gateway."
    />
  );
}

function Drift({ database, table }: { database: string; table: string }) {
  const list = useRecords({ type: "schema_drift", database, ...(table === "" ? {} : { table }) }, "newest");
  return <List list={list} none="Every change of this schema came through the gateway." />;
}

interface Props {
  database: string;
  /** "": all. */
  table: string;
  onAll: () => void;
}

/** What became of a schema: each change with who made it, or as what differs where nobody on the record did. */
export function SchemaChanges({ database, table, onAll }: Props) {
  const [what, setWhat] = useState<"all" | "drift">("all");
  return (
    <div className="stack">
      <div className="row">
        <Segments
          label="Which changes"
          value={what}
          options={[
            { value: "all", label: "All" },
            { value: "drift", label: "Past the gateway" },
          ]}
          onValue={setWhat}
        />
        {table !== "" && (
          <>
            <span>
              of <code>{table}</code>
            </span>
            <Button small onClick={onAll}>
              Of all tables
            </Button>
          </>
        )}
      </div>
      {what === "all" ? <All database={database} table={table} /> : <Drift database={database} table={table} />}
    </div>
  );
}
