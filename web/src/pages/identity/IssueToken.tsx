import { useRef, useState } from "react";
import { issueToken } from "../../api/users";
import type { IssuedToken, User } from "../../api/types/user";
import { Button } from "../../parts/Button";
import { copied, select } from "../../parts/copy";
import { Modal } from "../../parts/Dialogs";
import { Check, SelectField, TextField } from "../../parts/Field";
import { Note, ProblemNote } from "../../parts/Note";
import { useTell } from "../../parts/Toasts";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";
import { groupsIn } from "./groups";

const SCOPES = ["api", "approvals", "changes", "grants", "mcp", "certificates"] as const;

function Secret({ token }: { token: IssuedToken }) {
  const tell = useTell();
  const shown = useRef<HTMLPreElement>(null);
  const copy = async () => {
    if (await copied(token.secret)) {
      tell.done("Copied");
    } else if (shown.current !== null) {
      select(shown.current);
      tell.done("It is marked", "This browser lets no page copy here: press Ctrl-C.");
    }
  };
  return (
    <>
      <Note tone="warn" title="This is shown once">
        Whoever has it comes in as this user. Keep it where secrets are kept.
      </Note>
      <pre className="code" tabIndex={0} ref={shown}>
        {token.secret}
      </pre>
      <div>
        <Button onClick={() => void copy()}>Copy</Button>
      </div>
    </>
  );
}

/** Makes a token for a user; an agent's can act for somebody. */
export function IssueToken({ user }: { user: User }) {
  const [open, setOpen] = useState(false);
  const [lasts, setLasts] = useState("30d");
  const [scopes, setScopes] = useState<string[]>([]);
  const [databases, setDatabases] = useState("");
  const [actsFor, setActsFor] = useState("");
  const [issued, setIssued] = useState<IssuedToken | null>(null);
  const { busy, error, attempt, forget } = useAttempt();
  const deed = useDeed("users");
  const close = () => {
    setOpen(false);
    setIssued(null);
    forget();
  };
  const issue = () =>
    attempt(async () => {
      const other = actsFor.trim() === "" ? {} : { acts_for: actsFor.trim() };
      const token = issueToken(user.name, { for: lasts, scopes, databases: groupsIn(databases), ...other });
      // Shown at once: reading the users anew may take a while.
      setIssued(await token);
      await deed(token, "Issued");
    });
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        Issue a token
      </Button>
      <Modal
        open={open}
        onClose={close}
        title={`A token for ${user.name}`}
        {...(issued === null ? {} : { held: "I have kept it" })}
        actions={
          issued === null ? (
            <Button look="primary" disabled={busy} onClick={() => void issue()}>
              Issue
            </Button>
          ) : undefined
        }
      >
        {issued !== null ? (
          <Secret token={issued} />
        ) : (
          <>
            <SelectField
              label="Good for"
              value={lasts}
              onValue={setLasts}
              options={[
                { value: "1h", label: "an hour" },
                { value: "1d", label: "a day" },
                { value: "30d", label: "30 days" },
                { value: "90d", label: "90 days" },
              ]}
            />
            <fieldset className="plain-set">
              <legend className="field-label">Allows, besides connecting to databases</legend>
              <div className="row">
                {SCOPES.map((scope) => (
                  <Check
                    key={scope}
                    label={scope}
                    checked={scopes.includes(scope)}
                    onValue={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((each) => each !== scope))}
                  />
                ))}
              </div>
            </fieldset>
            <TextField
              label="Databases"
              value={databases}
              onValue={setDatabases}
              hint="With commas between them; all without"
            />
            {user.kind === "agent" && (
              <TextField
                label="Acts for"
                value={actsFor}
                onValue={setActsFor}
                hint="What it may do is no more than this user may"
              />
            )}
            {error !== null && <ProblemNote error={error} />}
          </>
        )}
      </Modal>
    </>
  );
}
