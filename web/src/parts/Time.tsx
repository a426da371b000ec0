import { relative, whole } from "./format";

/** How long ago; the exact time on asking. */
export function Time({ value }: { value: string | null | undefined }) {
  if (value === null || value === undefined || value === "") return <span className="faint">never</span>;
  return (
    <time dateTime={value} title={whole(value)} className="nowrap">
      {relative(value)}
    </time>
  );
}
