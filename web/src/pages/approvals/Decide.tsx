import { Check, MessageSquare, X } from "lucide-react";
import { useState } from "react";
import { actOnApproval, useDelegations, type ApprovalDeed } from "../../api/approvals";
import type { Approval } from "../../api/types/approval";
import { useMe } from "../../app/me";
import { useDraft } from "../../app/useDraft";
import { Button } from "../../parts/Button";
import { SelectField, TextArea, TextField } from "../../parts/Field";
import { ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { useDeed } from "../../parts/useDeed";
import { isAsked } from "./may";

const SAID: Record<ApprovalDeed, string> = {
  approve: "Approved",
  reject: "Rejected",
  comment: "Your comment stands there",
  withdraw: "Withdrawn",
};

/** For whose vote, where somebody has given theirs into one's hands. */
function useVoters(): { value: string; label: string }[] {
  const me = useMe();
  const delegations = useDelegations();
  const others = (delegations.data ?? []).filter((each) => each.to === me.user).map((each) => each.from);
  return [{ value: "", label: "yourself" }, ...others.map((from) => ({ value: from, label: from }))];
}

/** Says yes or no. Who may is the gateway's to decide: it says so where one may not. */
export function Decide({ approval }: { approval: Approval }) {
  const me = useMe();
  const deed = useDeed("approval", "approvals", "overview");
  const voters = useVoters();
  const [comment, setComment] = useDraft(`comment on request ${approval.number}`, "");
  const [rows, setRows] = useState("");
  const [voter, setVoter] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const mine = approval.requester === me.user;
  // Nobody has to approve it any more, and until it is used it can be taken back.
  const approved = approval.state === "approved";
  const asked = isAsked(approval.needs, me.groups) || voters.length > 1;
  const act = async (what: ApprovalDeed) => {
    setBusy(true);
    setError(null);
    const limit = what === "approve" && rows.trim() !== "" ? { max_rows: Number(rows) } : {};
    const other = voter === "" || what === "withdraw" ? {} : { for: voter };
    try {
      await deed(actOnApproval(approval.number, what, { comment, ...limit, ...other }), SAID[what]);
      setComment("");
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  if (!mine && !asked) return null;
  return (
    <Panel title={mine ? "It is yours" : approved ? "It is approved" : "Your decision"}>
      <div className="stack-small">
        <TextArea
          label="Comment"
          hint={mine ? undefined : "Whoever asked is told it, and it goes on the record"}
          value={comment}
          onValue={setComment}
          rows={2}
        />
        {!mine && !approved && (
          <div className="row">
            <div className="grow">
              <TextField
                label="At most so many rows"
                inputMode="numeric"
                pattern="[0-9]*"
                value={rows}
                onValue={(value) => setRows(value.replace(/\D/g, ""))}
                placeholder={approval.max_rows === undefined ? "as the rule says" : String(approval.max_rows)}
              />
            </div>
            {voters.length > 1 && <SelectField label="Vote for" value={voter} options={voters} onValue={setVoter} />}
          </div>
        )}
        {error !== null && <ProblemNote error={error} />}
        <div className="row">
          {mine ? (
            <Button look="danger" disabled={busy} onClick={() => void act("withdraw")}>
              <X aria-hidden />
              Withdraw
            </Button>
          ) : (
            <>
              {!approved && (
                <Button look="primary" disabled={busy} onClick={() => void act("approve")}>
                  <Check aria-hidden />
                  Approve
                </Button>
              )}
              <Button look="danger" disabled={busy} onClick={() => void act("reject")}>
                <X aria-hidden />
                Reject
              </Button>
            </>
          )}
          <Button disabled={busy || comment.trim() === ""} onClick={() => void act("comment")}>
            <MessageSquare aria-hidden />
            Only comment
          </Button>
        </div>
      </div>
    </Panel>
  );
}
