import type { ReactNode } from "react";
import { Link } from "wouter";

interface Props {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: "bad" | "warn";
  href?: string;
}

/** One number that matters. */
export function Stat({ label, value, note, tone, href }: Props) {
  const content = (
    <>
      <span className="stat-label">{label}</span>
      <span className={tone === undefined ? "stat-value" : `stat-value stat-${tone}`}>{value}</span>
      <span className="stat-note">{note}</span>
    </>
  );
  return href === undefined ? (
    <div className="stat">{content}</div>
  ) : (
    <Link href={href} className="stat">
      {content}
    </Link>
  );
}
