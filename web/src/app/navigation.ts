import {
  Activity,
  BookLock,
  Bot,
  Boxes,
  Database,
  Eye,
  Gauge,
  GitPullRequestArrow,
  Inbox,
  KeyRound,
  type LucideIcon,
  Radio,
  ShieldCheck,
  SlidersHorizontal,
  TerminalSquare,
  Users,
  Wallet,
} from "lucide-react";
import type { Role } from "../api/types/session";

export interface Place {
  path: string;
  name: string;
  icon: LucideIcon;
  /** Pressed after "g". */
  key?: string;
  /** Any of these roles; everybody without. */
  roles?: readonly Role[];
}

export interface Group {
  name: string;
  places: readonly Place[];
}

const WATCHES: readonly Role[] = ["admin", "auditor"];
/** Approvers see the rules that they decide by. */
const LOOKS_AT_RULES: readonly Role[] = ["admin", "auditor", "approver"];
const ADMIN: readonly Role[] = ["admin"];

const GROUPS: readonly Group[] = [
  {
    name: "",
    places: [
      { path: "/", name: "Overview", icon: Gauge, key: "o" },
      { path: "/query", name: "Query", icon: TerminalSquare, key: "q" },
    ],
  },
  {
    name: "Watch",
    places: [
      { path: "/activity", name: "Activity", icon: Activity, key: "a", roles: WATCHES },
      { path: "/sessions", name: "Sessions", icon: Radio, key: "s", roles: WATCHES },
      { path: "/subject", name: "Who saw", icon: Eye, key: "w", roles: WATCHES },
      { path: "/agents", name: "Agents", icon: Bot, key: "b" },
      { path: "/budgets", name: "Budgets", icon: Wallet, key: "u" },
    ],
  },
  {
    name: "Decide",
    places: [
      { path: "/approvals", name: "Approvals", icon: Inbox, key: "p" },
      { path: "/changes", name: "Changes", icon: GitPullRequestArrow, key: "c" },
      { path: "/access", name: "Access", icon: KeyRound, key: "x" },
    ],
  },
  {
    name: "Govern",
    places: [
      { path: "/schema", name: "Schema", icon: Boxes, key: "d", roles: LOOKS_AT_RULES },
      { path: "/policy", name: "Policy", icon: BookLock, key: "r", roles: LOOKS_AT_RULES },
      { path: "/identity", name: "Identity", icon: Users, key: "i", roles: WATCHES },
      { path: "/databases", name: "Databases", icon: Database, roles: ADMIN },
      { path: "/integrity", name: "Integrity", icon: ShieldCheck, key: "v", roles: WATCHES },
      { path: "/settings", name: "Settings", icon: SlidersHorizontal, roles: ADMIN },
    ],
  },
];

/** Whether somebody with `roles` is shown a place. The gateway decides again, whatever is shown. */
export function mayOpen(place: Place, roles: readonly Role[]): boolean {
  return place.roles === undefined || place.roles.some((role) => roles.includes(role));
}

export function groupsFor(roles: readonly Role[]): Group[] {
  return GROUPS.map((group) => ({ ...group, places: group.places.filter((place) => mayOpen(place, roles)) })).filter(
    (group) => group.places.length > 0,
  );
}

export function placesFor(roles: readonly Role[]): Place[] {
  return groupsFor(roles).flatMap((group) => group.places);
}

/** The place that a path belongs to. */
export function placeOf(path: string): Place | undefined {
  return GROUPS.flatMap((group) => group.places).find((place) =>
    place.path === "/" ? path === "/" : path === place.path || path.startsWith(`${place.path}/`),
  );
}
