import { useMutation } from "@tanstack/react-query";
import { Eye, EyeOff } from "lucide-react";
import { useState, type FormEvent } from "react";
import { MOST_SIGHTINGS, whoSaw, type Sightings, type WhoSaw } from "../../api/audit";
import type { Sighting } from "../../api/types/record";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { SqlCell } from "../../parts/code/Sql";
import { download, toCsv } from "../../parts/download";
import { Empty } from "../../parts/Empty";
import { Check, SelectField } from "../../parts/Field";
import { count, moment, plural } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { RecordDrawer } from "../../parts/record/RecordDrawer";
import { SearchField } from "../../parts/SearchField";
import { Table } from "../../parts/Table";
import { peopleOf } from "./people";

function Seen({ row }: { row: Sighting }) {
  return (
    <span className="row">
      {row.seen === "shown" ? (
        <Badge tone="warn">
          <Eye aria-hidden />
          as it is
        </Badge>
      ) : (
        <Badge tone="accent">
          <EyeOff aria-hidden />
          masked
        </Badge>
      )}
      {!row.certain && (
        <Badge title="The record keeps a set that answers for a value that was not in it once in a million">
          most likely
        </Badge>
      )}
      {row.spelled !== undefined && (
        <Badge title="A telephone number that was written in another way: it may be somebody else's">
          spelled {row.spelled}
        </Badge>
      )}
    </span>
  );
}

const LEFT_OUT = `More than ${count(MOST_SIGHTINGS)} results: these are the latest, and people may be missing`;

function save({ records, truncated }: Sightings) {
  const rows: unknown[][] = records.map((row) => [
    row.time,
    row.id,
    row.user,
    row.database,
    row.seen,
    row.spelled,
    row.through,
    row.text,
  ]);
  // Whoever gets the file alone is told as well.
  if (truncated) rows.push([LEFT_OUT]);
  download(
    "who-saw.csv",
    "text/csv",
    toCsv(["time", "record", "user", "database", "seen", "spelled", "through", "text"], rows),
  );
}

function Found({ found }: { found: Sightings }) {
  const { records, truncated } = found;
  const [open, setOpen] = useState<Sighting | null>(null);
  if (records.length === 0) {
    return (
      <Panel>
        <Empty title="Nobody has received it" icon={Eye}>
          In no result on the record, in this time, was this value.
        </Empty>
      </Panel>
    );
  }
  return (
    <>
      {truncated && (
        <Note tone="warn" title={LEFT_OUT}>
          Narrow the time, or ask on the command line: sluice audit who-saw --limit 10000
        </Note>
      )}
      <Panel title="By whom" flush>
        <Table
          label="By whom"
          rows={peopleOf(records)}
          keyOf={(row) => row.user}
          columns={[
            { name: "User", cell: (row) => row.user },
            { name: "As it is", right: true, cell: (row) => row.shown },
            { name: "Masked", right: true, cell: (row) => row.masked },
            { name: "First", cell: (row) => moment(row.first) },
            { name: "Last", cell: (row) => moment(row.last) },
          ]}
        />
      </Panel>
      <Panel
        title={plural(records.length, "result")}
        flush
        actions={
          <Button small onClick={() => save(found)}>
            CSV
          </Button>
        }
      >
        <Table
          label="Results that it was in"
          rows={records}
          keyOf={(row) => row.id}
          onRow={setOpen}
          columns={[
            {
              name: "Time",
              cell: (row) => (
                <Button look="ghost" small onClick={() => setOpen(row)}>
                  {moment(row.time)}
                </Button>
              ),
            },
            { name: "User", cell: (row) => row.user },
            { name: "Seen", cell: (row) => <Seen row={row} /> },
            { name: "Through", cell: (row) => <span className="mono">{row.through}</span> },
            {
              name: "Statement",
              cell: (row) => <SqlCell text={row.text ?? ""} />,
            },
          ]}
        />
      </Panel>
      <RecordDrawer id={open?.id ?? null} known={open ?? undefined} onClose={() => setOpen(null)} />
    </>
  );
}

/** Who has received a value: a person's address, a card, a name. */
export default function SubjectPage() {
  const [value, setValue] = useState("");
  const [maskedToo, setMaskedToo] = useState(true);
  const [since, setSince] = useState("");
  const search = useMutation({ mutationFn: (asked: WhoSaw) => whoSaw(asked) });
  const ask = () => {
    if (value.trim() !== "") {
      search.mutate({ value: value.trim(), masked_too: maskedToo, ...(since === "" ? {} : { since }) });
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask();
  };
  return (
    <Page
      title="Who saw"
      about="Who has received a value, when, and through which columns. The record holds no values, only keyed digests of them: so a value can be asked for, and none be read out."
    >
      <form className="row" onSubmit={submit}>
        <SearchField
          label="Value"
          placeholder="A value, whole: alice@example.com, an IBAN, a name"
          value={value}
          onValue={setValue}
        />
        <SelectField
          label="Time"
          quiet
          value={since}
          options={[
            { value: "", label: "All time" },
            { value: "24h", label: "24 hours" },
            { value: "7d", label: "7 days" },
            { value: "30d", label: "30 days" },
          ]}
          onValue={setSince}
        />
        <Check label="Masked too" checked={maskedToo} onValue={setMaskedToo} />
        <Button look="primary" type="submit" disabled={value.trim() === "" || search.isPending}>
          {search.isPending ? "Looking…" : "Find out"}
        </Button>
      </form>
      <div className="stack" aria-live="polite">
        {search.isError && <ProblemNote error={search.error} />}
        {search.isSuccess && <Found found={search.data} />}
        {search.isIdle && (
          <Panel>
            <Empty title="Ask for a value" icon={Eye}>
              Case, spaces and punctuation do not matter. That it was asked for goes on the record, the value does not.
            </Empty>
          </Panel>
        )}
      </div>
    </Page>
  );
}
