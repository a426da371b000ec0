import { GitCompare } from "lucide-react";
import { Link } from "wouter";
import { useRecords } from "../../api/audit";
import { Lines } from "../../parts/Diff";
import { Empty, Loading } from "../../parts/Empty";
import { whole } from "../../parts/format";
import { ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { Button } from "../../parts/Button";

/** "no recorded statement made this: a; b" tells of each change by itself. */
export function driftLines(message: string): string[] {
  return message
    .replace(/^no recorded statement made this:\s*/, "")
    .split(/\n|;\s+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** What changed in a schema without the gateway, change by change. */
export function DriftHistory({ database }: { database: string }) {
  const drift = useRecords({ type: "schema_drift", database }, "newest");
  const records = drift.data?.pages.flatMap((page) => page.records.toReversed()) ?? [];
  if (drift.isError) return <ProblemNote error={drift.error} />;
  if (drift.isPending) return <Loading />;
  if (records.length === 0) {
    return (
      <Panel>
        <Empty title="No drift" icon={GitCompare}>
          Every change of this schema came through the gateway, and stands in Activity.
        </Empty>
      </Panel>
    );
  }
  return (
    <div className="stack">
      {records.map((record) => (
        <Panel
          key={record.id}
          title={<time dateTime={record.time}>{whole(record.time)}</time>}
          actions={<Link href={`/activity?type=schema_drift&record=${record.id}`}>Record {record.id}</Link>}
        >
          <Lines lines={driftLines(record.message ?? "")} />
        </Panel>
      ))}
      {drift.hasNextPage && <Button onClick={() => void drift.fetchNextPage()}>Older ones</Button>}
    </div>
  );
}
