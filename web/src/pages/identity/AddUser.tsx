import { UserPlus } from "lucide-react";
import { useState } from "react";
import { addUser } from "../../api/users";
import { Button } from "../../parts/Button";
import { Modal } from "../../parts/Dialogs";
import { SelectField, TextField } from "../../parts/Field";
import { ProblemNote } from "../../parts/Note";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";
import { groupsIn } from "./groups";

export function AddUser({ onAdded }: { onAdded: (name: string) => void }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [kind, setKind] = useState("human");
  const [groups, setGroups] = useState("");
  const [password, setPassword] = useState("");
  const { busy, error, attempt } = useAttempt();
  const deed = useDeed("users");
  const add = () =>
    attempt(async () => {
      await deed(
        addUser({ name, kind, groups: groupsIn(groups), ...(password === "" ? {} : { password }) }),
        `${name} was added`,
      );
      setOpen(false);
      setPassword("");
      onAdded(name);
    });
  return (
    <>
      <Button look="primary" onClick={() => setOpen(true)}>
        <UserPlus aria-hidden />
        Add a user
      </Button>
      <Modal
        open={open}
        onClose={() => setOpen(false)}
        title="Add a user"
        actions={
          <Button look="primary" disabled={busy || name.trim() === ""} onClick={() => void add()}>
            Add
          </Button>
        }
      >
        <TextField label="Name" value={name} onValue={setName} autoComplete="off" required />
        <SelectField
          label="Kind"
          value={kind}
          onValue={setKind}
          options={[
            { value: "human", label: "human" },
            { value: "service", label: "service" },
            { value: "agent", label: "agent" },
          ]}
        />
        <TextField label="Groups" value={groups} onValue={setGroups} hint="With commas between them" />
        <TextField
          label="Password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="new-password"
          hint="Without one they come by a token, a certificate or an identity provider"
        />
        {error !== null && <ProblemNote error={error} />}
      </Modal>
    </>
  );
}
