import type { Approval, Need, Stage } from "../../api/types/approval";
import { StateBadge } from "../../parts/Badge";
import { Note } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { Time } from "../../parts/Time";

function stageText(stage: Stage): string {
  const people = stage.people === 1 ? "1 person" : `${stage.people} people`;
  const now = stage.by.length > 0 ? `${people} of ${stage.by.join(" or ")}` : people;
  const later = stage.escalate?.map(
    (each) => `after ${Math.round(each.after_seconds / 60)} min also ${each.to.join(", ")}`,
  );
  const call = stage.on_call?.map((each) => `${each.from}–${each.to} ${each.zone}: ${each.by.join(", ")}`);
  return [now, ...(call ?? []), ...(later ?? [])].join("; ");
}

function NeedText({ need }: { need: Need }) {
  return (
    <li>
      <span className="mono">{need.rule}</span>
      <span className="soft">: {need.stages.map(stageText).join(", then ") || "nobody"}</span>
    </li>
  );
}

/** Who has to agree, and who has said what. */
export function Votes({ approval }: { approval: Approval }) {
  return (
    <Panel title="Who decides">
      <div className="stack-small">
        <ul className="stack-small">
          {approval.needs.map((need) => (
            <NeedText key={need.rule} need={need} />
          ))}
        </ul>
        {approval.missing.length > 0 && approval.state === "waiting" && (
          <Note title="Missing">{approval.missing.join("\n")}</Note>
        )}
        {approval.reason !== undefined && <Note>{approval.reason}</Note>}
        {approval.votes.map((vote, index) => (
          <div key={index} className="vote">
            <div className="row">
              <strong>{vote.voter}</strong>
              {vote.on_behalf !== undefined && <span className="faint">for {vote.on_behalf}</span>}
              <StateBadge state={vote.verdict} />
              <span className="faint">
                <Time value={vote.time} /> by {vote.authentication}
              </span>
            </div>
            {vote.comment !== "" && <p>{vote.comment}</p>}
          </div>
        ))}
        {approval.evidence.length > 0 && (
          <div>
            <p className="faint">What the rule looked at, to see whether people have to be asked:</p>
            <ul className="soft evidence">
              {approval.evidence.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Panel>
  );
}
