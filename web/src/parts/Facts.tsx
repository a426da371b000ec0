import { Fragment, type ReactNode } from "react";

/** Names and what they are; what is not there is left out. */
export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  const there = rows.filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "");
  return (
    <dl className="facts">
      {there.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
