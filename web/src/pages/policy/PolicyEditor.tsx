import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useApprovals } from "../../api/approvals";
import { checkPolicy, savePolicy, usePolicyVersions } from "../../api/policy";
import type { PolicyInForce } from "../../api/types/policy";
import { useHas, useWatches } from "../../app/me";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Editor, type Marked } from "../../parts/code/Editor";
import { yaml } from "../../parts/code/yaml";
import { Modal } from "../../parts/Dialogs";
import { Diff } from "../../parts/Diff";
import { TextField } from "../../parts/Field";
import { plural } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Segments } from "../../parts/Segments";
import { useDeed } from "../../parts/useDeed";
import { Explain } from "./Explain";
import { Replay } from "./Replay";

const NO_MARKS: readonly Marked[] = [];

/** What stands still for a moment: nothing is asked while somebody types. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), 600);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}

function useFaults(text: string, changed: boolean) {
  const settled = useSettled(text);
  return useQuery({
    queryKey: ["policy check", settled],
    queryFn: () => checkPolicy(settled),
    enabled: changed && settled === text,
    retry: false,
    staleTime: Infinity,
  });
}

/** Rules that somebody has proposed and nobody has decided on. */
function Proposed() {
  const waiting = useApprovals("waiting");
  const proposals = (waiting.data ?? []).filter((each) => each.rules.includes("policy.approve_by"));
  if (proposals.length === 0) return null;
  return (
    <Note tone="warn" title="Other rules wait for approval">
      {proposals.map((each) => (
        <div key={each.number}>
          <Link href={`/approvals/${each.number}`}>Request {each.number}</Link>, by {each.requester}
        </div>
      ))}
    </Note>
  );
}

interface SaveProps {
  inForce: PolicyInForce;
  text: string;
  disabled: boolean;
}

function Save({ inForce, text, disabled }: SaveProps) {
  const [open, setOpen] = useState(false);
  const [comment, setComment] = useState("");
  const [error, setError] = useState<unknown>(null);
  const versions = usePolicyVersions();
  const latest = Math.max(0, ...(versions.data ?? []).map((version) => version.number));
  const deed = useDeed("policy", "policy versions", "approvals");
  const waits = inForce.approve_by !== undefined;
  const save = () => {
    setError(null);
    deed(savePolicy(text, comment, latest), waits ? "It waits for somebody's approval" : "In force").then(
      () => setOpen(false),
      (caught: unknown) => setError(caught),
    );
  };
  return (
    <>
      <Button look="primary" disabled={disabled} onClick={() => setOpen(true)}>
        Review and save
      </Button>
      <Modal
        open={open}
        onClose={() => setOpen(false)}
        title={waits ? "Propose these rules?" : "Put these rules in force?"}
        wide
        actions={
          <Button look="primary" disabled={comment.trim() === "" || versions.data === undefined} onClick={save}>
            {waits ? "Propose" : "Put in force"}
          </Button>
        }
      >
        {waits && (
          <Note title={`Somebody else of ${inForce.approve_by?.join(", ")} approves them before they are in force.`} />
        )}
        <Diff before={inForce.text} after={text} />
        <TextField label="What was changed, and why" value={comment} onValue={setComment} required />
        {error !== null && <ProblemNote error={error} />}
      </Modal>
    </>
  );
}

type Beside = "explain" | "replay";

/** Writes rules, with what is wrong marked where it is, and what they would do beside them. */
export function PolicyEditor({ inForce }: { inForce: PolicyInForce }) {
  const admin = useHas("admin");
  const watches = useWatches();
  const [text, setText] = useState(inForce.text);
  const [beside, setBeside] = useState<Beside>("explain");
  const changed = text !== inForce.text;
  const check = useFaults(text, changed);
  const faults = changed ? (check.data ?? NO_MARKS) : NO_MARKS;
  const checked = !changed || check.isSuccess;
  return (
    <div className="policy">
      <div className="stack-small">
        <div className="row">
          <span className="grow row" aria-live="polite">
            {!changed && <Badge>as in force</Badge>}
            {changed && !checked && <Badge>checking…</Badge>}
            {changed && checked && faults.length === 0 && (
              <Badge tone="good" dot>
                valid
              </Badge>
            )}
            {faults.length > 0 && (
              <Badge tone="bad" dot>
                {plural(faults.length, "fault")}
              </Badge>
            )}
          </span>
          {changed && <Button onClick={() => setText(inForce.text)}>Discard</Button>}
          {admin && <Save inForce={inForce} text={text} disabled={!changed || !check.isSuccess || faults.length > 0} />}
        </div>
        {inForce.source === "file" && (
          <Note tone="warn" title="These rules come from a file">
            A version that is saved here takes its place only where the configuration does not name a file.
          </Note>
        )}
        {inForce.approve_by !== undefined && <Proposed />}
        <Editor
          label="Policy"
          value={text}
          onValue={setText}
          language={yaml}
          marks={faults}
          minHeight={420}
          maxHeight={680}
          readOnly={!admin}
        />
        {check.isError && <ProblemNote error={check.error} />}
        {faults.length > 0 && (
          <Note tone="bad" title="What is wrong">
            {faults.map((fault) => `Line ${fault.line}: ${fault.message}`).join("\n")}
          </Note>
        )}
      </div>
      <div className="stack-small">
        {watches && (
          <div>
            <Segments
              label="Try the rules out"
              value={beside}
              onValue={setBeside}
              options={[
                { value: "explain", label: "Try a statement" },
                { value: "replay", label: "Replay recorded traffic" },
              ]}
            />
          </div>
        )}
        {beside === "explain" ? (
          <Explain policy={changed ? text : undefined} />
        ) : (
          <Replay policy={text} changed={changed} />
        )}
      </div>
    </div>
  );
}
