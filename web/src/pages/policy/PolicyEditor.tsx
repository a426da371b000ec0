import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useApprovals } from "../../api/approvals";
import { checkPolicy, savePolicy, usePolicyVersions } from "../../api/policy";
import type { PolicyInForce } from "../../api/types/policy";
import { useHas, useWatches } from "../../app/me";
import { useDraft } from "../../app/useDraft";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Editor, type Marked } from "../../parts/code/Editor";
import { yaml } from "../../parts/code/yaml";
import { Confirm } from "../../parts/Confirm";
import { Modal } from "../../parts/Dialogs";
import { Diff } from "../../parts/Diff";
import { TextField } from "../../parts/Field";
import { plural } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Segments } from "../../parts/Segments";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";
import { Explain } from "./Explain";
import { Replay } from "./Replay";
import { overtaken, rulesWith, type Rules } from "./rules";
import { Shadow } from "./Shadow";

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

/** Somebody else's rules came into force while these were written. */
function Overtaken({ rules, inForce, onBegin }: { rules: Rules; inForce: PolicyInForce; onBegin: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <Note tone="warn" title={`Other rules are in force since: ${inForce.name}`}>
      <p>Yours were made from {rules.base.name}, and cannot take their place. Copy what you need of them.</p>
      <div className="row">
        <Button small onClick={() => setOpen(true)}>
          What they changed
        </Button>
        <Confirm
          label="Begin from them"
          title="Begin from what is in force now?"
          verb="Begin"
          small
          danger
          onConfirm={async () => onBegin()}
        >
          What you have written is dropped.
        </Confirm>
      </div>
      <Modal open={open} onClose={() => setOpen(false)} title="What they changed" wide>
        <Diff before={rules.base.text} after={inForce.text} />
      </Modal>
    </Note>
  );
}

interface SaveProps {
  base: PolicyInForce;
  text: string;
  disabled: boolean;
}

function Save({ base, text, disabled }: SaveProps) {
  const [open, setOpen] = useState(false);
  const [comment, setComment] = useState("");
  const { busy, error, attempt } = useAttempt();
  const versions = usePolicyVersions();
  const latest = Math.max(0, ...(versions.data ?? []).map((version) => version.number));
  const deed = useDeed("policy", "policy versions", "approvals");
  const waits = base.approve_by !== undefined;
  const save = () =>
    attempt(async () => {
      // Of the version that the text was made from: whatever was saved since is not written over.
      const saved = savePolicy(text, comment, base.number ?? latest);
      await deed(saved, waits ? "It waits for somebody's approval" : "In force");
      setOpen(false);
      setComment("");
    });
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
          <Button
            look="primary"
            disabled={busy || comment.trim() === "" || versions.data === undefined}
            onClick={() => void save()}
          >
            {waits ? "Propose" : "Put in force"}
          </Button>
        }
      >
        {waits && (
          <Note title={`Somebody else of ${base.approve_by?.join(", ")} approves them before they are in force.`} />
        )}
        <Diff before={base.text} after={text} />
        <TextField label="What was changed, and why" value={comment} onValue={setComment} required />
        {error !== null && <ProblemNote error={error} />}
      </Modal>
    </>
  );
}

type Beside = "explain" | "replay" | "shadow";

/** Writes rules, with what is wrong marked where it is, and what they would do beside them. */
export function PolicyEditor({ inForce }: { inForce: PolicyInForce }) {
  const admin = useHas("admin");
  const watches = useWatches();
  const [draft, setDraft] = useDraft<Rules | null>("policy", null);
  const [beside, setBeside] = useState<Beside>("explain");
  const rules = rulesWith(draft, inForce);
  const { base, text } = rules;
  const setText = (next: string) => setDraft({ base, text: next });
  const changed = text !== base.text;
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
          {changed && <Button onClick={() => setDraft(null)}>Discard</Button>}
          {admin && <Save base={base} text={text} disabled={!changed || !check.isSuccess || faults.length > 0} />}
        </div>
        {overtaken(rules, inForce) && <Overtaken rules={rules} inForce={inForce} onBegin={() => setDraft(null)} />}
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
                { value: "shadow", label: "On trial" },
              ]}
            />
          </div>
        )}
        {beside === "explain" && <Explain policy={changed ? text : undefined} />}
        {beside === "replay" && <Replay policy={text} changed={changed} />}
        {beside === "shadow" && <Shadow />}
      </div>
    </div>
  );
}
