import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";

interface Props {
  tone?: "plain" | "good" | "warn" | "bad";
  title?: ReactNode;
  children?: ReactNode;
}

const ICONS = { plain: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

export function Note({ tone = "plain", title, children }: Props) {
  const Icon = ICONS[tone];
  return (
    <div className={tone === "plain" ? "note" : `note note-${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <Icon aria-hidden />
      <div className="grow">
        {title !== undefined && <strong>{title}</strong>}
        {children !== undefined && <div className="note-detail">{children}</div>}
      </div>
    </div>
  );
}

/** A failure in the gateway's own words, with what it says about what to do next. */
export function ProblemNote({ error }: { error: unknown }) {
  const problem = asProblem(error);
  const { hint } = problem.body;
  return (
    <Note tone="bad" title={problem.title}>
      {problem.detail}
      {problem.detail !== "" && hint !== undefined && "\n"}
      {hint !== undefined && `Hint: ${hint}`}
    </Note>
  );
}
