import { useState } from "react";
import { Link } from "wouter";
import { changeUser, removeUser, revokeCredential } from "../../api/users";
import type { User } from "../../api/types/user";
import { useHas, useMe } from "../../app/me";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Confirm";
import { Drawer } from "../../parts/Dialogs";
import { Facts } from "../../parts/Facts";
import { TextArea, TextField } from "../../parts/Field";
import { whole } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";
import { attributesIn, attributeText, changeOf, groupText } from "./groups";
import { IssueToken } from "./IssueToken";

function Edit({ user }: { user: User }) {
  const deed = useDeed("users");
  const [groups, setGroups] = useState(groupText(user));
  const [attributes, setAttributes] = useState(attributeText(user.attributes));
  const { busy, error, attempt } = useAttempt();
  const [wrong, setWrong] = useState("");
  const save = () => {
    setWrong("");
    const parsed = attributesIn(attributes);
    if (parsed.wrong.length > 0) {
      setWrong(parsed.wrong.join(", "));
      return;
    }
    const change = changeOf(user, groups, attributes, parsed.attributes);
    void attempt(() => deed(changeUser(user.name, change), "Changed: it holds from the next statement on"));
  };
  const keptElsewhere = user.kept_by === "scim";
  return (
    <section className="stack-small">
      <TextField
        label="Groups"
        value={groups}
        onValue={setGroups}
        disabled={keptElsewhere}
        hint={keptElsewhere ? "SCIM keeps them: they are changed there" : undefined}
      />
      <TextArea
        label="Attributes"
        hint="name=value, one a line; rules can ask for them"
        value={attributes}
        onValue={setAttributes}
        rows={2}
      />
      {wrong !== "" && <Note tone="bad" title={`"${wrong}" is not name=value`} />}
      {error !== null && <ProblemNote error={error} />}
      <div>
        <Button
          onClick={save}
          disabled={busy || (groups === groupText(user) && attributes === attributeText(user.attributes))}
        >
          Save
        </Button>
      </div>
    </section>
  );
}

/** Nobody gets a token to be another person. */
function mayHaveToken(user: User, me: string): boolean {
  return user.kind !== "human" || user.name === me;
}

function Credentials({ user, admin }: { user: User; admin: boolean }) {
  const me = useMe();
  const deed = useDeed("users");
  return (
    <section className="stack-small">
      <div className="row">
        <h3 className="grow">Credentials</h3>
        {admin && mayHaveToken(user, me.user) && <IssueToken user={user} />}
      </div>
      {user.credentials.length === 0 ? (
        <p className="faint">None besides a password, if there is one.</p>
      ) : (
        <Table
          label="Credentials"
          rows={user.credentials}
          keyOf={(row) => row.id}
          columns={[
            {
              name: "Credential",
              cell: (row) => (
                <span title={row.label}>
                  <code>{row.id}</code>
                </span>
              ),
            },
            { name: "Kind", cell: (row) => row.kind },
            {
              name: "For",
              cell: (row) => (
                <span className="row">
                  {row.scopes.map((scope) => (
                    <Badge key={scope}>{scope}</Badge>
                  ))}
                  {row.databases.map((database) => (
                    <Badge key={database} tone="violet">
                      {database}
                    </Badge>
                  ))}
                  {row.acts_for !== undefined && <Badge tone="info">for {row.acts_for}</Badge>}
                </span>
              ),
            },
            { name: "Expires", cell: (row) => <Time value={row.expires} /> },
            { name: "Last used", cell: (row) => <Time value={row.last_used} /> },
            {
              name: "Actions",
              cell: (row) =>
                admin && (
                  <Confirm
                    label="Revoke"
                    title={`Revoke ${row.id}?`}
                    verb="Revoke"
                    danger
                    small
                    onConfirm={() => deed(revokeCredential(user.name, row.id), "Revoked")}
                  >
                    Whatever uses it is refused at once.
                  </Confirm>
                ),
            },
          ]}
        />
      )}
    </section>
  );
}

function Deeds({ user }: { user: User }) {
  const deed = useDeed("users");
  return (
    <>
      <Confirm
        label={user.disabled ? "Enable" : "Disable"}
        title={user.disabled ? `Let ${user.name} in again?` : `Keep ${user.name} out?`}
        verb={user.disabled ? "Enable" : "Disable"}
        danger={!user.disabled}
        onConfirm={() =>
          deed(changeUser(user.name, { disabled: !user.disabled }), user.disabled ? "Enabled" : "Disabled")
        }
      >
        {user.disabled ? "With what they have, as before." : "Sessions of theirs end, and no credential lets them in."}
      </Confirm>
      <Confirm
        label="Remove"
        title={`Remove ${user.name}?`}
        verb="Remove"
        danger
        onConfirm={() => deed(removeUser(user.name), "Removed")}
      >
        What they did stays on the record.
      </Confirm>
    </>
  );
}

export function UserDrawer({ user, onClose }: { user: User | undefined; onClose: () => void }) {
  const admin = useHas("admin");
  return (
    <Drawer open={user !== undefined} onClose={onClose} title={user?.name ?? ""}>
      {user !== undefined && (
        <>
          <div className="row">
            <Badge tone={user.kind === "human" ? "plain" : "info"}>{user.kind}</Badge>
            {user.disabled && <Badge tone="bad">disabled</Badge>}
            {user.password && <Badge>password</Badge>}
            {user.one_time_codes && <Badge tone="good">one-time codes</Badge>}
            {user.kept_by !== "" && <Badge tone="info">kept by {user.kept_by}</Badge>}
          </div>
          <Facts
            rows={[
              ["Groups", user.groups.join(", ") || "none"],
              ["Attributes", attributeText(user.attributes)],
              ["Added", whole(user.created)],
              ["Last login", <Time key="last" value={user.last_login} />],
              ["Valid until", user.valid_until === null ? "no end" : whole(user.valid_until)],
            ]}
          />
          {admin && <Edit key={`${user.name} ${user.groups.join()} ${attributeText(user.attributes)}`} user={user} />}
          <Credentials user={user} admin={admin} />
          <div className="row">
            {admin && <Deeds user={user} />}
            <Link href={`/activity?user=${encodeURIComponent(user.name)}&since=7d`}>What they did</Link>
          </div>
        </>
      )}
    </Drawer>
  );
}
