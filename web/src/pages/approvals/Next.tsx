import { Link } from "wouter";
import type { Approval } from "../../api/types/approval";
import { buttonClass } from "../../parts/Button";
import { Note } from "../../parts/Note";
import { Time } from "../../parts/Time";
import { changeOf } from "./changeOf";

/** What whoever asked does now that it is approved. */
export function Next({ approval }: { approval: Approval }) {
  const change = changeOf(approval);
  return (
    <Note tone="good" title="It is approved, and has not run yet">
      {change !== undefined ? (
        <Link href={`/changes/${change}`} className={buttonClass("primary", true)}>
          Go to change {change}, and run it
        </Link>
      ) : (
        <>
          Run exactly the same once more, as you did: nobody is asked again. It is good for one run, and ends{" "}
          <Time value={approval.expires} />.
        </>
      )}
    </Note>
  );
}
