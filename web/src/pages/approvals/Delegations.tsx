import { UserRoundPen } from "lucide-react";
import { useState, type FormEvent } from "react";
import { delegate, endDelegation, useDelegations } from "../../api/approvals";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { Button } from "../../parts/Button";
import { Modal } from "../../parts/Dialogs";
import { Empty } from "../../parts/Empty";
import { SelectField, TextField } from "../../parts/Field";
import { whole } from "../../parts/format";
import { ProblemNote } from "../../parts/Note";
import { Table } from "../../parts/Table";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";

function Form() {
  const deed = useDeed("delegations");
  const [to, setTo] = useState("");
  const [until, setUntil] = useState("7d");
  const [reason, setReason] = useState("");
  const { busy, error, attempt } = useAttempt();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      await deed(delegate({ to, until, reason }), `${to} may vote for you`);
      setTo("");
    });
  };
  return (
    <form className="stack-small" onSubmit={submit}>
      {error !== null && <ProblemNote error={error} />}
      <div className="row">
        <div className="grow">
          <TextField label="Let vote for you" value={to} onValue={setTo} placeholder="Name of a user" required />
        </div>
        <SelectField
          label="For"
          value={until}
          onValue={setUntil}
          options={[
            { value: "1d", label: "a day" },
            { value: "7d", label: "a week" },
            { value: "14d", label: "two weeks" },
            { value: "30d", label: "30 days" },
          ]}
        />
      </div>
      <TextField label="Why" value={reason} onValue={setReason} placeholder="On holiday" />
      <div>
        <Button type="submit" look="primary" disabled={busy || to.trim() === ""}>
          Delegate
        </Button>
      </div>
    </form>
  );
}

/** Who may vote for whom, while they are away. */
export function Delegations() {
  const me = useMe();
  const [open, setOpen] = useState(false);
  const delegations = useDelegations();
  const deed = useDeed("delegations");
  const { busy, error, attempt } = useAttempt();
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <UserRoundPen aria-hidden />
        Delegate
      </Button>
      <Modal open={open} onClose={() => setOpen(false)} title="Votes in other hands" wide>
        <Await query={delegations}>
          {(list) =>
            list.length === 0 ? (
              <Empty title="Nobody votes for another" />
            ) : (
              <Table
                label="Delegations"
                rows={list}
                keyOf={(row) => row.number}
                columns={[
                  { name: "Vote of", cell: (row) => (row.from === me.user ? "you" : row.from) },
                  { name: "Given by", cell: (row) => (row.to === me.user ? "you" : row.to) },
                  { name: "Until", cell: (row) => whole(row.until) },
                  { name: "Why", cell: (row) => row.reason },
                  {
                    name: "End",
                    cell: (row) => (
                      <Button
                        small
                        disabled={busy}
                        onClick={() => void attempt(() => deed(endDelegation(row.number), "It has ended"))}
                      >
                        End
                      </Button>
                    ),
                  },
                ]}
              />
            )
          }
        </Await>
        {error !== null && <ProblemNote error={error} />}
        <Form />
      </Modal>
    </>
  );
}
