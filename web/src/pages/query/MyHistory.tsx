import { History } from "lucide-react";
import { useState } from "react";
import { MOST_HISTORY, useMyHistory } from "../../api/history";
import { Await } from "../../parts/Await";
import { StateBadge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { SqlLine } from "../../parts/code/Sql";
import { Drawer } from "../../parts/Dialogs";
import { Empty } from "../../parts/Empty";
import { moment } from "../../parts/format";

/** What one has run, to be run again. */
export function MyHistory({ onUse }: { onUse: (sql: string, database: string) => void }) {
  const [open, setOpen] = useState(false);
  const history = useMyHistory(open);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <History aria-hidden />
        History
      </Button>
      <Drawer open={open} onClose={() => setOpen(false)} title="What you ran">
        <Await query={history}>
          {({ records }) =>
            records.length === 0 ? (
              <Empty title="Nothing yet">What you run stands here, also what you ran elsewhere.</Empty>
            ) : (
              <ul>
                {records.toReversed().map((record) => (
                  <li key={record.id}>
                    <button
                      type="button"
                      className="history-item"
                      onClick={() => {
                        onUse(record.text ?? "", record.database ?? "");
                        setOpen(false);
                      }}
                    >
                      <span className="row">
                        <span className="faint">{moment(record.time)}</span>
                        <span className="faint">{record.database}</span>
                        {record.decision !== undefined && <StateBadge state={record.decision} />}
                      </span>
                      <SqlLine text={record.text ?? ""} />
                    </button>
                  </li>
                ))}
              </ul>
            )
          }
        </Await>
        {history.data?.records.length === MOST_HISTORY && (
          <p className="faint">Only the latest {MOST_HISTORY} statements stand here.</p>
        )}
      </Drawer>
    </>
  );
}
