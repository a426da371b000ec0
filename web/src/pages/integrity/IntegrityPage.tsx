import { useMutation, useQuery } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { readLogKey } from "../../api/audit";
import { useOverview } from "../../api/overview";
import { verifyLog, type Verification } from "../../api/settings";
import type { AuditState } from "../../api/types/overview";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Facts } from "../../parts/Facts";
import { bytes, count } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { CheckedHere } from "./CheckedHere";

function Found({ report }: { report: Verification }) {
  return (
    <>
      <Note
        tone={report.good ? "good" : "bad"}
        title={report.good ? "Nothing was altered, dropped or cut off" : "The log is not what was signed"}
      >
        {report.findings.map((finding) => `${finding.kind}: ${finding.text}`).join("\n")}
      </Note>
      <Facts
        rows={[
          ["Log", <code key="origin">{report.origin}</code>],
          ["Signed", `${count(report.size)} records`],
          ["Compared", count(report.records)],
          ["Erased with a reason", count(report.erased)],
          ["Lost in a crash", count(report.lost)],
          ["Not signed yet", count(report.uncovered)],
          ["Root", <code key="root">{report.root}</code>],
        ]}
      />
    </>
  );
}

/** What searches still read from the log itself. */
function lag(audit: AuditState | undefined) {
  if (!audit || audit.index_lag_records === 0) return "none";
  return `${count(audit.index_lag_records)} records, for ${audit.index_lag_seconds.toFixed(1)} s at most`;
}

function State() {
  const overview = useOverview();
  const key = useQuery({ queryKey: ["log key"], queryFn: readLogKey, staleTime: Infinity });
  const warnings = Object.entries(overview.data?.warnings ?? {}).filter(([name]) => name.startsWith("anchor"));
  return (
    <Panel title="The log">
      <Await query={overview}>
        {({ audit }) => (
          <div className="stack-small">
            <Facts
              rows={[
                [
                  "State",
                  <Badge key="state" tone={audit?.writable === true ? "good" : "bad"} dot>
                    {audit?.writable === true ? "written to" : "cannot be written: statements are refused"}
                  </Badge>,
                ],
                ["Last record", count(audit?.last_sequence ?? 0)],
                ["Signed up to", count(audit?.published_sequence ?? 0)],
                ["Not in the search index yet", lag(audit)],
                ["Free on its disk", bytes(audit?.free_bytes ?? 0)],
                ["Public key", key.data && <code key="key">{key.data}</code>],
              ]}
            />
            {audit?.low_on_disk === true && <Note tone="warn" title="Its disk is almost full" />}
            {warnings.map(([name, text]) => (
              <Note key={name} tone="warn" title={name}>
                {text}
              </Note>
            ))}
          </div>
        )}
      </Await>
    </Panel>
  );
}

/** Whether the audit trail is what it was: checked by the gateway, and in this browser. */
export default function IntegrityPage() {
  const run = useMutation({ mutationFn: verifyLog });
  return (
    <Page
      title="Integrity"
      heading="Audit integrity"
      about="Every record is a leaf of a tree whose head is signed. Keep checkpoints where nobody of this machine can reach them: they show whether history was written anew."
    >
      <div className="columns-2">
        <State />
        <CheckedHere />
      </div>
      <Panel
        title="The whole log, checked by the gateway"
        actions={
          <Button look="primary" small disabled={run.isPending} onClick={() => run.mutate()}>
            <ShieldCheck aria-hidden />
            {run.isPending ? "Comparing…" : "Verify"}
          </Button>
        }
      >
        <div className="stack-small" aria-live="polite">
          {run.isIdle && (
            <p className="soft">Reads every record and compares it with what was signed. It may take a while.</p>
          )}
          {run.isError && <ProblemNote error={run.error} />}
          {run.isSuccess && <Found report={run.data} />}
        </div>
      </Panel>
    </Page>
  );
}
