import { useId, type ReactNode } from "react";

interface Props {
  title?: ReactNode;
  actions?: ReactNode;
  /** What it holds reaches its edges: tables, charts. */
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, actions, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={flush ? "panel panel-flush" : "panel"} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className="panel-head">
          <h2 id={id}>{title}</h2>
          {actions}
        </div>
      )}
      <div className="panel-body">{children}</div>
    </section>
  );
}
