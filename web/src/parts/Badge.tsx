import type { ReactNode } from "react";

export type Tone = "plain" | "good" | "warn" | "bad" | "info" | "violet" | "accent";

interface Props {
  tone?: Tone;
  dot?: boolean;
  title?: string;
  children: ReactNode;
}

export function Badge({ tone = "plain", dot = false, title, children }: Props) {
  return (
    <span className={tone === "plain" ? "badge" : `badge badge-${tone}`} title={title}>
      {dot && <i className="dot" aria-hidden />}
      {children}
    </span>
  );
}

/** What words of the gateway mean: good, to be looked at, bad. */
const TONES: Record<string, Tone> = {
  allowed: "good",
  allow: "good",
  approved: "good",
  approve: "good",
  active: "good",
  done: "good",
  ready: "good",
  completed: "good",
  used: "info",
  committed: "good",
  ok: "good",
  keep: "good",
  denied: "bad",
  deny: "bad",
  rejected: "bad",
  reject: "bad",
  refused: "bad",
  failed: "bad",
  lost: "bad",
  revoked: "bad",
  revoke: "bad",
  concern: "bad",
  waiting: "warn",
  "waiting for approval": "warn",
  hold: "warn",
  held: "warn",
  limited: "warn",
  running: "info",
  extended: "info",
  rolled_back: "warn",
  "rolled back": "warn",
};

export function StateBadge({ state }: { state: string }) {
  return (
    <Badge tone={TONES[state] ?? "plain"} dot>
      {state}
    </Badge>
  );
}

export function EnvironmentBadge({ environment }: { environment: string | undefined }) {
  if (environment === undefined || environment === "") return null;
  return <Badge tone={environment === "production" ? "violet" : "plain"}>{environment}</Badge>;
}
