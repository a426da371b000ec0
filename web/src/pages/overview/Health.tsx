import type { Overview } from "../../api/types/overview";
import { Note } from "../../parts/Note";

function lines(named: Record<string, string> | undefined): [string, string][] {
  return Object.entries(named ?? {});
}

/** What somebody should look at; nothing where all is well. */
export function Health({ overview }: { overview: Overview }) {
  const problems = lines(overview.problems);
  const warnings = lines(overview.warnings);
  return (
    <>
      {problems.map(([name, text]) => (
        <Note key={name} tone="bad" title={name}>
          {text}
        </Note>
      ))}
      {warnings.map(([name, text]) => (
        <Note key={name} tone="warn" title={name}>
          {text}
        </Note>
      ))}
    </>
  );
}
