import { lazy, type ComponentType } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";
import { useMe } from "./me";
import { mayOpen, placeOf } from "./navigation";

type Load = () => Promise<{ default: ComponentType }>;

const LOADS: readonly (readonly [string, Load])[] = [
  ["/", () => import("../pages/overview/OverviewPage")],
  ["/query", () => import("../pages/query/QueryPage")],
  ["/activity", () => import("../pages/activity/ActivityPage")],
  ["/sessions", () => import("../pages/sessions/SessionsPage")],
  ["/sessions/:id", () => import("../pages/sessions/SessionPage")],
  ["/subject", () => import("../pages/subject/SubjectPage")],
  ["/approvals", () => import("../pages/approvals/ApprovalsPage")],
  ["/approvals/:number", () => import("../pages/approvals/ApprovalPage")],
  ["/changes", () => import("../pages/changes/ChangesPage")],
  ["/changes/new", () => import("../pages/changes/NewChangePage")],
  ["/changes/:number", () => import("../pages/changes/ChangePage")],
  ["/access", () => import("../pages/access/AccessPage")],
  ["/schema", () => import("../pages/schema/SchemaPage")],
  ["/policy", () => import("../pages/policy/PolicyPage")],
  ["/identity", () => import("../pages/identity/IdentityPage")],
  ["/agents", () => import("../pages/agents/AgentsPage")],
  ["/agents/runs/:run", () => import("../pages/agents/RunPage")],
  ["/budgets", () => import("../pages/budgets/BudgetsPage")],
  ["/databases", () => import("../pages/databases/DatabasesPage")],
  ["/integrity", () => import("../pages/integrity/IntegrityPage")],
  ["/settings", () => import("../pages/settings/SettingsPage")],
];

const PAGES = LOADS.map(([path, load]) => ({ path, component: lazy(load) }));

/** Fetches the page of an address while it is still being found out who asks. */
export function fetchPage(address: string): void {
  const parts = address.split("/");
  const found = LOADS.find(([path]) => {
    const own = path.split("/");
    return own.length === parts.length && own.every((part, at) => part.startsWith(":") || part === parts[at]);
  });
  // What cannot be fetched is asked for again, and told of, where it is shown.
  found?.[1]().catch(() => undefined);
}

function Nowhere() {
  return (
    <Page title="Not here">
      <Empty title="There is no such page">The address may be mistyped, or the page is for other roles.</Empty>
    </Page>
  );
}

/** Which page an address shows. Each comes with its first visit. */
export function Pages() {
  const [path] = useLocation();
  const { roles } = useMe();
  const place = placeOf(path);
  if (place === undefined || !mayOpen(place, roles)) return <Nowhere />;
  return (
    <Switch>
      {PAGES.map((page) => (
        <Route key={page.path} {...page} />
      ))}
      <Route component={Nowhere} />
    </Switch>
  );
}
