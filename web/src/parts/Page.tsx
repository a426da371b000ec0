import { useEffect, type ReactNode } from "react";

interface Props {
  title: string;
  /** Where the title alone would not tell enough. */
  heading?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** What every page is made of: its name, what it is for, what can be done there. */
export function Page({ title, heading, about, actions, wide = false, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Sluice`;
  }, [title]);
  return (
    <div className={wide ? "page page-wide" : "page"}>
      <header className="page-head">
        <div>
          <h1>{heading ?? title}</h1>
          {about !== undefined && <p className="page-about">{about}</p>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
