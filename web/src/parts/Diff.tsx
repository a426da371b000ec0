import { useMemo } from "react";
import { Plain } from "./Plain";
import { diffLines, hunksOf, toneOf } from "./diff";

const SIGN = { same: " ", added: "+", removed: "-" };

/** What differs between two texts. */
export function Diff({ before, after }: { before: string; after: string }) {
  const hunks = useMemo(() => hunksOf(diffLines(before, after)), [before, after]);
  if (before === after) return <p className="soft">Nothing differs.</p>;
  return (
    <div className="diff" tabIndex={0} role="region" aria-label="Differences">
      {hunks.map((hunk, index) =>
        hunk.kind === "gap" ? (
          <div key={index} className="gap">{`⋯ ${hunk.lines} lines as they were`}</div>
        ) : (
          hunk.lines.map((line, inner) => (
            <div key={`${index}.${inner}`} className={line.kind}>
              {SIGN[line.kind]} <Plain text={line.text} />
            </div>
          ))
        ),
      )}
    </div>
  );
}

/** Lines of the gateway that tell what came and what went. */
export function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <div className="diff" tabIndex={0} role="region" aria-label="Schema changes">
      {lines.map((line, index) => (
        <div key={index} className={toneOf(line)}>
          <Plain text={line} />
        </div>
      ))}
    </div>
  );
}
