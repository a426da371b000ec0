import { TriangleAlert } from "lucide-react";
import { Link } from "wouter";
import type { AuditRecord } from "../../api/types/record";
import { Empty } from "../../parts/Empty";
import { Panel } from "../../parts/Panel";
import { Time } from "../../parts/Time";

/** Schema changes that nobody made through the gateway. */
export function Drift({ drift }: { drift: readonly AuditRecord[] | undefined }) {
  return (
    <Panel title="Schema changes behind the gateway's back" flush>
      {drift === undefined ? (
        <Empty title="It could not be looked up" icon={TriangleAlert}>
          What is wrong stands above.
        </Empty>
      ) : drift.length === 0 ? (
        <Empty title="None">A change that did not come through the gateway is noticed within ten seconds.</Empty>
      ) : (
        <ul>
          {drift.slice(0, 8).map((record) => (
            <li key={record.id} className="drift">
              <span className="row">
                <Link href={`/activity?type=schema_drift&record=${record.id}`}>{record.database}</Link>
                <span className="faint">
                  <Time value={record.time} />
                </span>
              </span>
              <span className="soft">{record.message}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
