import { useState } from "react";
import { correctColumn, useColumn, type ColumnName } from "../../api/data";
import type { ColumnLabel } from "../../api/types/data";
import { useHas, useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Drawer } from "../../parts/Dialogs";
import { Facts } from "../../parts/Facts";
import { SelectField, TextArea } from "../../parts/Field";
import { count } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { useAttempt } from "../../parts/useAttempt";
import { useDeed } from "../../parts/useDeed";
import { ClassBadge } from "./ClassBadge";
import { KNOWN_CLASSES } from "./classes";
import { WhoUses } from "./WhoUses";

const CHOICES = [
  { value: "auto", label: "what the gateway finds" },
  { value: "none", label: "nothing sensitive" },
  ...KNOWN_CLASSES.map((name) => ({ value: name, label: name.replaceAll("_", " ") })),
];

function Evidence({ label }: { label: ColumnLabel }) {
  return (
    <>
      <Facts
        rows={[
          ["Type", <code key="type">{label.type}</code>],
          ["Holds", <ClassBadge key="class" name={label.class} category={label.category} />],
          ["Category", label.category],
          ["Strength", label.strength],
          ["Masked", label.masked ? <Badge tone="accent">for whom no rule shows it</Badge> : "no"],
          ["How sure", label.class === "" ? undefined : `${Math.round(label.confidence * 100)} %`],
          ["Looked at", `${count(label.values)} values of ${count(label.rows)} rows`],
          ["Corrected by", label.corrected_by],
        ]}
      />
      {label.unproven && (
        <Note tone="warn" title="Not enough values were seen">
          Until there are, it counts as its name and type suggest.
        </Note>
      )}
      {label.hidden && <Note title="Hidden: it is left out of what clients see" />}
      <section className="stack-small">
        <h3>Evidence</h3>
        {label.evidence.length === 0 ? (
          <p className="faint">Nothing in its name, type or values is of a class that is known.</p>
        ) : (
          <ul className="evidence-list">
            {label.evidence.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function Correct({ name, label }: { name: ColumnName; label: ColumnLabel | null }) {
  const deed = useDeed("column", "labels", "schema", "corrections");
  const [cls, setCls] = useState(label?.class === undefined || label.class === "" ? "none" : label.class);
  const [comment, setComment] = useState("");
  const { busy, error, attempt } = useAttempt();
  const save = () =>
    attempt(() => deed(correctColumn(name, cls, comment), "Corrected: it holds from the next statement on"));
  return (
    <section className="stack-small">
      <h3>Correct it</h3>
      <SelectField label="It holds" value={cls} options={CHOICES} onValue={setCls} />
      <TextArea label="Why" value={comment} onValue={setComment} rows={2} />
      {error !== null && <ProblemNote error={error} />}
      <div>
        <Button look="primary" disabled={busy} onClick={() => void save()}>
          Correct
        </Button>
      </div>
    </section>
  );
}

function Content({ name }: { name: ColumnName }) {
  const column = useColumn(name);
  const admin = useHas("admin");
  const watches = useWatches();
  return (
    <Await query={column}>
      {(label) => (
        <>
          {label !== null && <Evidence label={label} />}
          {watches && (
            <section className="stack-small">
              <h3>Who uses it</h3>
              <WhoUses database={name.database} table={`${name.schema}.${name.table}`} column={name.column} />
            </section>
          )}
          {admin && <Correct key={label?.class} name={name} label={label} />}
        </>
      )}
    </Await>
  );
}

/** What one column holds, how the gateway knows, and a way to say that it is mistaken. */
export function ColumnDrawer({ name, onClose }: { name: ColumnName | null; onClose: () => void }) {
  return (
    <Drawer open={name !== null} onClose={onClose} title={name === null ? "" : `${name.table}.${name.column}`}>
      {name !== null && <Content name={name} />}
    </Drawer>
  );
}
