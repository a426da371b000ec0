import { KeyRound } from "lucide-react";
import { useState } from "react";
import { useDatabases } from "../../api/databases";
import { askForGrant } from "../../api/grants";
import { Button } from "../../parts/Button";
import { Modal } from "../../parts/Dialogs";
import { Check, SelectField, TextArea, TextField } from "../../parts/Field";
import { Note, ProblemNote } from "../../parts/Note";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";

/** Asks for a role, or takes it unasked where the policy allows that. */
export function AskForRole() {
  const [open, setOpen] = useState(false);
  const [role, setRole] = useState("");
  const [database, setDatabase] = useState("");
  const [seconds, setSeconds] = useState("3600");
  const [reason, setReason] = useState("");
  const [ticket, setTicket] = useState("");
  const [glass, setGlass] = useState(false);
  const { busy, error, attempt } = useAttempt();
  const databases = useDatabases();
  const deed = useDeed("grants", "approvals");
  const where = database === "" ? (databases.data?.[0]?.name ?? "") : database;
  const ask = () =>
    attempt(async () => {
      await deed(
        askForGrant({ role, database: where, seconds: Number(seconds), reason, ticket, break_glass: glass }),
        glass ? "You have it. It will be reviewed." : "Asked for",
      );
      setOpen(false);
      // The next is asked for anew, and never breaks the glass unasked.
      setReason("");
      setTicket("");
      setGlass(false);
    });
  return (
    <>
      <Button look="primary" onClick={() => setOpen(true)}>
        <KeyRound aria-hidden />
        Ask for a role
      </Button>
      <Modal
        open={open}
        onClose={() => setOpen(false)}
        title="Ask for a role"
        actions={
          <Button
            look={glass ? "danger" : "primary"}
            disabled={busy || role.trim() === "" || reason.trim() === "" || where === ""}
            onClick={() => void ask()}
          >
            {glass ? "Break the glass" : "Ask"}
          </Button>
        }
      >
        <TextField label="Role" value={role} onValue={setRole} hint="As the policy names it" required />
        <div className="columns-2">
          <SelectField
            label="Database"
            value={where}
            onValue={setDatabase}
            options={(databases.data ?? []).map((each) => each.name)}
          />
          <SelectField
            label="For"
            value={seconds}
            onValue={setSeconds}
            options={[
              { value: "900", label: "15 minutes" },
              { value: "3600", label: "1 hour" },
              { value: "14400", label: "4 hours" },
              { value: "28800", label: "8 hours" },
              { value: "86400", label: "a day" },
            ]}
          />
        </div>
        <TextArea label="Reason" value={reason} onValue={setReason} rows={2} required />
        <TextField label="Ticket" value={ticket} onValue={setTicket} />
        <Check label="Break the glass: take it now, unasked" checked={glass} onValue={setGlass} />
        {glass && (
          <Note tone="warn" title="For emergencies">
            Everybody concerned is told at once, all you do is marked, and somebody reviews it afterwards.
          </Note>
        )}
        {error !== null && <ProblemNote error={error} />}
      </Modal>
    </>
  );
}
