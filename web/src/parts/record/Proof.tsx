import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { readLogKey, readReceipt } from "../../api/audit";
import type { AuditRecord } from "../../api/types/record";
import { knowsEd25519, verifyReceipt, type Proven } from "../../proof/receipt";
import { COMPARED, differenceOf } from "../../proof/shown";
import { Button } from "../Button";
import { download } from "../download";
import { count } from "../format";
import { Note, ProblemNote } from "../Note";

type State =
  | { name: "idle" }
  | { name: "busy" }
  | { name: "proven"; proven: Proven; receipt: string }
  | { name: "refuted"; why: string }
  | { name: "unable"; why: string }
  | { name: "failed"; error: unknown };

/** Whether what is proven is what is shown. A long text is cut on the record; what it begins with is compared. */
function differs(proven: Proven, record: AuditRecord): string | null {
  if (proven.sequence !== record.id) return `the receipt is of record ${proven.sequence}`;
  return differenceOf(proven.fields, record);
}

async function check(record: AuditRecord): Promise<State> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    return {
      name: "unable",
      why: "Browsers check signatures only on pages that came over https:// or from localhost.",
    };
  }
  if (!(await knowsEd25519(subtle))) {
    return { name: "unable", why: "This browser is too old to check Ed25519 signatures." };
  }
  let receipt: string;
  let key: string;
  try {
    [receipt, key] = await Promise.all([readReceipt(record.id), readLogKey()]);
  } catch (error) {
    return { name: "failed", error };
  }
  try {
    const proven = await verifyReceipt(subtle, receipt, key);
    const why = differs(proven, record);
    return why === null ? { name: "proven", proven, receipt } : { name: "refuted", why };
  } catch (error) {
    return { name: "refuted", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Proves in this browser that the record stands in the log, unaltered. */
export function Proof({ record }: { record: AuditRecord }) {
  const [state, setState] = useState<State>({ name: "idle" });
  const run = async () => {
    setState({ name: "busy" });
    setState(await check(record));
  };
  return (
    <section className="stack-small" aria-live="polite">
      <div className="row">
        <h3 className="grow">Proof</h3>
        <Button small disabled={state.name === "busy"} onClick={() => void run()}>
          <ShieldCheck aria-hidden />
          Verify in this browser
        </Button>
      </div>
      {state.name === "idle" && (
        <p className="faint">Checks the log's signature and the path to this record with its public key, here.</p>
      )}
      {state.name === "proven" && (
        <Note tone="good" title="Proven: it stands in the log as it is shown here">
          {`Compared: ${COMPARED}. Record ${state.proven.sequence} of ${count(state.proven.size)} that ${state.proven.origin} has signed. `}
          <Button
            look="ghost"
            small
            onClick={() => download(`record-${record.id}.tlog-proof`, "text/plain", state.receipt)}
          >
            Keep the receipt
          </Button>
        </Note>
      )}
      {state.name === "refuted" && (
        <Note tone="bad" title="It does not hold">
          {state.why}
        </Note>
      )}
      {state.name === "unable" && (
        <Note tone="warn" title="It cannot be checked here">
          {`${state.why} Check it with: sluice audit receipt ${record.id} | sluice audit verify --receipt - --public-key KEY`}
        </Note>
      )}
      {state.name === "failed" && <ProblemNote error={state.error} />}
    </section>
  );
}
