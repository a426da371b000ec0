import { Menu } from "@base-ui/react/menu";
import { Download } from "lucide-react";
import { useState } from "react";
import { readRecords, type Filters } from "../../api/audit";
import type { AuditRecord } from "../../api/types/record";
import { buttonClass } from "../../parts/Button";
import { download, toCsv } from "../../parts/download";
import { useTell } from "../../parts/Toasts";

const MOST = 100_000;
const PAGE = 10_000;

const COLUMNS = [
  "id",
  "time",
  "type",
  "user",
  "database",
  "environment",
  "application",
  "client",
  "session",
  "decision",
  "rule",
  "kind",
  "text",
  "tables",
  "classes",
  "masked",
  "rows",
  "bytes",
  "duration_us",
  "sqlstate",
  "message",
] as const satisfies readonly (keyof AuditRecord)[];

async function all(filters: Filters): Promise<AuditRecord[]> {
  const out: AuditRecord[] = [];
  let cursor = "";
  do {
    const page = await readRecords(filters, "oldest", PAGE, cursor);
    out.push(...page.records);
    cursor = page.next ?? "";
  } while (cursor !== "" && out.length < MOST);
  return out;
}

function csvOf(records: readonly AuditRecord[]): string {
  const cell = (value: unknown) => (Array.isArray(value) ? value.join("; ") : value);
  return toCsv(
    COLUMNS,
    records.map((record) => COLUMNS.map((name) => cell(record[name]))),
  );
}

/** What the search finds, as a file. */
export function Export({ filters }: { filters: Filters }) {
  const [busy, setBusy] = useState(false);
  const tell = useTell();
  const run = async (kind: "csv" | "json") => {
    setBusy(true);
    try {
      const records = await all(filters);
      if (kind === "csv") download("records.csv", "text/csv", csvOf(records));
      else download("records.json", "application/json", JSON.stringify(records, null, 1));
      if (records.length >= MOST) {
        tell.done(`The first ${MOST} were exported`, "For all of them: sluice audit export");
      }
    } catch (error) {
      tell.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu.Root>
      <Menu.Trigger className={buttonClass()} disabled={busy}>
        <Download aria-hidden />
        {busy ? "Exporting…" : "Export"}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" align="end" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.Item className="menu-item" onClick={() => void run("csv")}>
              CSV
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={() => void run("json")}>
              JSON
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
