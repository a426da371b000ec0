import { useState } from "react";
import { savePolicy, usePolicyVersion, usePolicyVersions } from "../../api/policy";
import type { PolicyInForce, PolicyVersion } from "../../api/types/policy";
import { useHas } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Confirm } from "../../parts/Confirm";
import { Diff } from "../../parts/Diff";
import { Empty } from "../../parts/Empty";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { useDeed } from "../../parts/useDeed";

function Compared({ version, inForce, latest }: { version: PolicyVersion; inForce: PolicyInForce; latest: number }) {
  const text = usePolicyVersion(version.number);
  const before = usePolicyVersion(version.number - 1);
  const deed = useDeed("policy", "policy versions", "approvals");
  const waits = inForce.approve_by !== undefined;
  const admin = useHas("admin");
  return (
    <Panel
      title={`Version ${version.number}`}
      actions={
        admin &&
        text.data !== undefined &&
        text.data.text !== inForce.text && (
          <Confirm
            label="Go back to it"
            title={`Put version ${version.number} in force again?`}
            verb={waits ? "Propose" : "Put in force"}
            small
            comment="Why"
            onConfirm={(why) =>
              deed(
                savePolicy(text.data.text, `back to version ${version.number}${why === "" ? "" : `: ${why}`}`, latest),
                waits ? "It waits for somebody's approval" : "In force",
              )
            }
          >
            It becomes version {latest + 1}; nothing of the history is lost.
          </Confirm>
        )
      }
    >
      <Await query={text}>
        {(whole) => (
          <div className="stack">
            <section className="stack-small">
              <h3>What it changed</h3>
              {version.number === 1 ? (
                <p className="soft">It was the first.</p>
              ) : (
                <Await query={before}>{(earlier) => <Diff before={earlier.text} after={whole.text} />}</Await>
              )}
            </section>
            {whole.text !== inForce.text && (
              <section className="stack-small">
                <h3>What is different now</h3>
                <Diff before={whole.text} after={inForce.text} />
              </section>
            )}
          </div>
        )}
      </Await>
    </Panel>
  );
}

/** What the rules were, who changed them, and the way back. */
export function Versions({ inForce }: { inForce: PolicyInForce }) {
  const versions = usePolicyVersions();
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <Await query={versions}>
      {(all) => {
        if (all.length === 0) {
          return (
            <Panel>
              <Empty title="No version is stored">
                The rules in force are {inForce.name}. The first that is saved here stands here.
              </Empty>
            </Panel>
          );
        }
        const list = [...all].sort((a, b) => b.number - a.number);
        const latest = list[0]?.number ?? 0;
        const shown = list.find((version) => version.number === (chosen ?? latest));
        return (
          <div className="stack">
            <Panel flush>
              <Table
                label="Versions"
                rows={list}
                keyOf={(row) => row.number}
                chosen={(row) => row.number === shown?.number}
                onRow={(row) => setChosen(row.number)}
                columns={[
                  {
                    name: "Version",
                    cell: (row) => (
                      <Button look="ghost" small onClick={() => setChosen(row.number)}>
                        {row.number}
                      </Button>
                    ),
                  },
                  { name: "Saved", cell: (row) => <Time value={row.time} /> },
                  { name: "By", cell: (row) => row.author },
                  { name: "Comment", cell: (row) => row.comment },
                  {
                    name: "State",
                    cell: (row) =>
                      row.number === inForce.number ? (
                        <Badge tone="good" dot>
                          in force
                        </Badge>
                      ) : (
                        <code className="faint">{row.version}</code>
                      ),
                  },
                ]}
              />
            </Panel>
            {shown !== undefined && <Compared key={shown.number} version={shown} inForce={inForce} latest={latest} />}
          </div>
        );
      }}
    </Await>
  );
}
