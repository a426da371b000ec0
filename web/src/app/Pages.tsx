import { lazy } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Empty } from "../parts/Empty";
import { Page } from "../parts/Page";
import { useMe } from "./me";
import { mayOpen, placeOf } from "./navigation";

const Overview = lazy(() => import("../pages/overview/OverviewPage"));
const Query = lazy(() => import("../pages/query/QueryPage"));

const Activity = lazy(() => import("../pages/activity/ActivityPage"));
const Sessions = lazy(() => import("../pages/sessions/SessionsPage"));
const Session = lazy(() => import("../pages/sessions/SessionPage"));
const Subject = lazy(() => import("../pages/subject/SubjectPage"));

const Approvals = lazy(() => import("../pages/approvals/ApprovalsPage"));
const Approval = lazy(() => import("../pages/approvals/ApprovalPage"));
const Changes = lazy(() => import("../pages/changes/ChangesPage"));
const NewChange = lazy(() => import("../pages/changes/NewChangePage"));
const Change = lazy(() => import("../pages/changes/ChangePage"));
const Access = lazy(() => import("../pages/access/AccessPage"));

const Schema = lazy(() => import("../pages/schema/SchemaPage"));
const Policy = lazy(() => import("../pages/policy/PolicyPage"));
const Identity = lazy(() => import("../pages/identity/IdentityPage"));
const Agents = lazy(() => import("../pages/agents/AgentsPage"));
const Run = lazy(() => import("../pages/agents/RunPage"));
const Budgets = lazy(() => import("../pages/budgets/BudgetsPage"));
const Databases = lazy(() => import("../pages/databases/DatabasesPage"));
const Integrity = lazy(() => import("../pages/integrity/IntegrityPage"));
const Settings = lazy(() => import("../pages/settings/SettingsPage"));

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
      <Route path="/" component={Overview} />
      <Route path="/query" component={Query} />
      <Route path="/activity" component={Activity} />
      <Route path="/sessions" component={Sessions} />
      <Route path="/sessions/:id" component={Session} />
      <Route path="/subject" component={Subject} />
      <Route path="/approvals" component={Approvals} />
      <Route path="/approvals/:number" component={Approval} />
      <Route path="/changes" component={Changes} />
      <Route path="/changes/new" component={NewChange} />
      <Route path="/changes/:number" component={Change} />
      <Route path="/access" component={Access} />
      <Route path="/schema" component={Schema} />
      <Route path="/policy" component={Policy} />
      <Route path="/identity" component={Identity} />
      <Route path="/agents" component={Agents} />
      <Route path="/agents/runs/:run" component={Run} />
      <Route path="/budgets" component={Budgets} />
      <Route path="/databases" component={Databases} />
      <Route path="/integrity" component={Integrity} />
      <Route path="/settings" component={Settings} />
      <Route component={Nowhere} />
    </Switch>
  );
}
