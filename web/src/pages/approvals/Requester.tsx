import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { readRecords } from "../../api/audit";
import type { Approval } from "../../api/types/approval";
import { useWatches } from "../../app/me";
import { Badge, EnvironmentBadge } from "../../parts/Badge";
import { Facts } from "../../parts/Facts";
import { whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { changeOf } from "./changeOf";

/** How the session began, for who may look into the trail. */
function useLoginOf(session: number, may: boolean) {
  return useQuery({
    queryKey: ["login of", session],
    queryFn: async () =>
      (await readRecords({ session: String(session), type: "session_start" }, "oldest", 1)).records[0] ?? null,
    enabled: may && session > 0,
    staleTime: Infinity,
  });
}

/** Who asks, how they logged in, from where. */
export function Requester({ approval }: { approval: Approval }) {
  const watches = useWatches();
  const change = changeOf(approval);
  const told = approval.authentication !== undefined;
  const recorded = useLoginOf(approval.session, watches && !told).data ?? undefined;
  const login = told ? approval : recorded;
  const proof = [login?.authentication, login?.issuer, login?.amr?.join(" + ")].filter(Boolean).join(", ");
  return (
    <Panel title="Who asks">
      <Facts
        rows={[
          [
            "User",
            <span className="row" key="user">
              {watches ? (
                <Link href={`/activity?user=${encodeURIComponent(approval.requester)}&since=7d`}>
                  {approval.requester}
                </Link>
              ) : (
                approval.requester
              )}
              <Badge tone={approval.kind === "human" ? "plain" : "info"}>{approval.kind}</Badge>
            </span>,
          ],
          ["Logged in by", proof],
          ["Acting for", login?.actors?.join(" for ")],
          ["For the user", approval.end_user],
          ["Groups", login?.groups?.join(", ")],
          ["From", login?.client],
          ["With", login?.application],
          [
            "Session",
            approval.session > 0 &&
              (watches ? <Link href={`/sessions/${approval.session}`}>{approval.session}</Link> : approval.session),
          ],
          ["Change", change !== undefined && <Link href={`/changes/${change}`}>{change}</Link>],
          ["Database", approval.database],
          ["Environment", <EnvironmentBadge key="environment" environment={approval.environment} />],
          ["Asked", whole(approval.created)],
          ["Expires", whole(approval.expires)],
          ["Used", approval.used && whole(approval.used)],
          ["At most", approval.max_rows === undefined ? undefined : `${approval.max_rows} rows`],
        ]}
      />
    </Panel>
  );
}
