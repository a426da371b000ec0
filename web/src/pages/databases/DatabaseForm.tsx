import { Plus } from "lucide-react";
import { useState } from "react";
import { addDatabase, changeDatabase } from "../../api/databases";
import type { DatabaseInfo, DatabaseTrial } from "../../api/types/database";
import { Button } from "../../parts/Button";
import { Modal } from "../../parts/Dialogs";
import { Check, SelectField, TextArea, TextField } from "../../parts/Field";
import { Note, ProblemNote } from "../../parts/Note";
import { useDeed } from "../../parts/useDeed";
import { urlOf, type Trust } from "./place";

const TRUST = [
  { value: "system", label: "TLS, with a certificate that this system trusts" },
  { value: "own", label: "TLS, with a certificate of your own authority" },
  { value: "none", label: "no TLS, on a network that you trust" },
];

/** What the server has said of itself, once the gateway could log in. */
function Tried({ trial }: { trial: DatabaseTrial }) {
  return (
    <>
      <Note tone="good" title={`The gateway can log in: ${trial.server}`} />
      {trial.warnings.map((warning) => (
        <Note key={warning} tone="warn" title={warning} />
      ))}
    </>
  );
}

interface WhereProps {
  host: string;
  port: string;
  database: string;
  trust: Trust;
  onHost: (value: string) => void;
  onPort: (value: string) => void;
  onDatabase: (value: string) => void;
  onTrust: (value: Trust) => void;
}

function Where(props: WhereProps) {
  return (
    <>
      <TextField
        label="Host"
        value={props.host}
        onValue={props.onHost}
        hint="As the gateway's machine knows it"
        required
      />
      <TextField label="Port" value={props.port} onValue={props.onPort} inputMode="numeric" required />
      <TextField label="Database at the server" value={props.database} onValue={props.onDatabase} required />
      <SelectField
        label="Encryption"
        value={props.trust}
        onValue={(value) => props.onTrust(value as Trust)}
        options={TRUST}
      />
    </>
  );
}

interface Props {
  /** The one that is changed; none: a new one. */
  row?: DatabaseInfo;
  look?: "plain" | "primary";
  onKept?: (name: string) => void;
}

/** Adds a database, or changes one that was added: nothing is kept before the gateway could log in. */
export function DatabaseForm({ row, look = "plain", onKept }: Props) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(row?.name ?? "");
  const [environment, setEnvironment] = useState(row?.environment ?? "production");
  const [host, setHost] = useState("");
  const [port, setPort] = useState("5432");
  const [database, setDatabase] = useState("");
  const [trust, setTrust] = useState<Trust>(row?.authority === undefined ? "system" : "own");
  const [url, setUrl] = useState(row?.url ?? "");
  const [authority, setAuthority] = useState(row?.authority ?? "");
  const [user, setUser] = useState(row?.user ?? "");
  const [password, setPassword] = useState("");
  const [masking, setMasking] = useState(row?.masking ?? true);
  const [busy, setBusy] = useState(false);
  const [trial, setTrial] = useState<DatabaseTrial | null>(null);
  const [error, setError] = useState<unknown>(null);
  const deed = useDeed("databases", "check", "schema", "labels");
  const isNew = row === undefined;
  const own = isNew ? trust === "own" : authority !== "";
  const wanted = {
    environment,
    url: isNew ? urlOf({ host, port, database, trust }) : url,
    user,
    masking,
    ...(isNew ? {} : { stamp_writes: row.stamp_writes ?? false, pool_size: row.pool_size ?? 50 }),
    ...(password === "" ? {} : { password }),
    ...(own ? { authority } : {}),
  };
  const send = (checkOnly: boolean) => {
    const body = { ...wanted, check_only: checkOnly };
    return isNew ? addDatabase({ ...body, name: name.trim() }) : changeDatabase(row.name, body);
  };
  const attempt = async (work: () => Promise<DatabaseTrial>) => {
    setBusy(true);
    setError(null);
    setTrial(null);
    try {
      setTrial(await work());
      return true;
    } catch (caught) {
      setError(caught);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const keep = async () => {
    const said = isNew ? `${name.trim()} was added` : `${row.name} was changed: it holds for new sessions`;
    if (!(await attempt(() => deed(send(false), said)))) return;
    setPassword("");
    setTrial(null);
    setOpen(false);
    onKept?.(name.trim());
  };
  const missing =
    [name, environment, user].some((text) => text.trim() === "") ||
    (isNew && [host, port, database, password].some((text) => text.trim() === ""));
  return (
    <>
      <Button look={look} small={!isNew} onClick={() => setOpen(true)}>
        {isNew ? (
          <>
            <Plus aria-hidden />
            Add a database
          </>
        ) : (
          <>
            Change<span className="hidden-visually"> {row.name}</span>
          </>
        )}
      </Button>
      <Modal
        open={open}
        onClose={() => setOpen(false)}
        title={isNew ? "Add a database" : `Change ${row.name}`}
        actions={
          <>
            <Button disabled={busy || missing} onClick={() => void attempt(() => send(true))}>
              Try it
            </Button>
            <Button look="primary" disabled={busy || missing} onClick={() => void keep()}>
              {busy ? "Asking…" : isNew ? "Add" : "Save"}
            </Button>
          </>
        }
      >
        {isNew && (
          <TextField
            label="Name"
            value={name}
            onValue={setName}
            autoComplete="off"
            hint="What clients put in dbname"
            required
          />
        )}
        <TextField
          label="Environment"
          value={environment}
          onValue={setEnvironment}
          hint='Policies tell environments apart by it; "production" turns the guardrails on'
          required
        />
        {isNew ? (
          <Where
            {...{ host, port, database, trust }}
            onHost={setHost}
            onPort={setPort}
            onDatabase={setDatabase}
            onTrust={setTrust}
          />
        ) : (
          <TextField label="Address" value={url} onValue={setUrl} className="input mono" required />
        )}
        {(isNew ? trust === "own" : row.authority !== undefined) && (
          <TextArea
            label="The authority's certificate"
            value={authority}
            onValue={setAuthority}
            rows={4}
            placeholder="-----BEGIN CERTIFICATE-----"
          />
        )}
        <TextField
          label="Role at the server"
          value={user}
          onValue={setUser}
          autoComplete="off"
          hint="The gateway's own account there: all sessions use it"
          required
        />
        <TextField
          label="Its password"
          type="password"
          value={password}
          onValue={setPassword}
          autoComplete="new-password"
          hint={
            isNew
              ? "Kept encrypted; nobody is shown it again"
              : "Where none is given the kept one stays, as long as place, environment and hiding do"
          }
        />
        <Check label="Hide what is sensitive from whom no rule shows it" checked={masking} onValue={setMasking} />
        <div aria-live="polite" className="stack-small">
          {trial !== null && <Tried trial={trial} />}
          {error !== null && <ProblemNote error={error} />}
        </div>
      </Modal>
    </>
  );
}
