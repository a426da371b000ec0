import { KeyRound } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { giveBackGrant, reviewGrant, revokeGrant, useGrants, MOST_GRANTS } from "../../api/grants";
import type { Grant } from "../../api/types/grant";
import { useMe } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge, StateBadge } from "../../parts/Badge";
import { Confirm } from "../../parts/Confirm";
import { Empty } from "../../parts/Empty";
import { More } from "../../parts/More";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { useDeed } from "../../parts/useDeed";
import { mayReview } from "./review";

function Deeds({ grant }: { grant: Grant }) {
  const me = useMe();
  const deed = useDeed("grants", "holdings");
  const mine = grant.holder === me.user;
  const open = grant.state === "active" || grant.state === "waiting";
  const review = mayReview(grant, me);
  return (
    <span className="row">
      {open && mine && (
        <Confirm
          label="Give back"
          title={`Give ${grant.role} back?`}
          verb="Give back"
          small
          onConfirm={() => deed(giveBackGrant(grant.number, ""), "Given back")}
        >
          Sessions of yours go on without it.
        </Confirm>
      )}
      {open && !mine && (
        <Confirm
          label="Revoke"
          title={`Take ${grant.role} from ${grant.holder}?`}
          verb="Revoke"
          danger
          small
          comment="Why"
          onConfirm={(why) => deed(revokeGrant(grant.number, why), "Revoked")}
        >
          It ends at once.
        </Confirm>
      )}
      {review && (
        <>
          <Confirm
            label="Fine"
            title="It was right to break the glass?"
            verb="It was"
            small
            comment="Comment"
            onConfirm={(comment) => deed(reviewGrant(grant.number, "ok", comment), "Reviewed")}
          >
            {grant.reason}
          </Confirm>
          <Confirm
            label="Concern"
            title="Raise a concern?"
            verb="Raise it"
            danger
            small
            comment="What is wrong"
            commentRequired
            onConfirm={(comment) => deed(reviewGrant(grant.number, "concern", comment), "Reviewed")}
          >
            {grant.reason}
          </Confirm>
        </>
      )}
    </span>
  );
}

/** Grants that one may see: one's own, and those one decides on. */
export function Grants({ of }: { of?: string }) {
  const [limit, setLimit] = useState(200);
  const grants = useGrants(limit, of);
  const more = { hasNextPage: grants.data?.length === limit && limit < MOST_GRANTS, isFetching: grants.isFetching };
  return (
    <Panel flush>
      <Await query={grants}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No roles" icon={KeyRound}>
              A role that somebody has for a while stands here, from the request to the review. “Ask for a role” above
              is how one gets it.
            </Empty>
          ) : (
            <Table
              label="Grants"
              rows={list}
              keyOf={(row) => row.number}
              columns={[
                { name: "Grant", cell: (row) => row.number },
                { name: "State", cell: (row) => <StateBadge state={row.state} /> },
                { name: "Holder", cell: (row) => row.holder },
                { name: "Role", cell: (row) => row.role },
                { name: "Database", cell: (row) => row.database },
                {
                  name: "Until",
                  cell: (row) =>
                    row.until === undefined ? (
                      <span className="soft">for {row.lasts}</span>
                    ) : (
                      <Time value={row.until} />
                    ),
                },
                {
                  name: "Why",
                  cell: (row) => (
                    <span className="row">
                      {row.reason}
                      {row.ticket !== undefined && <Badge>{row.ticket}</Badge>}
                      {row.attention !== "" && (
                        <Badge tone={row.review?.overdue === true ? "bad" : "warn"}>{row.attention}</Badge>
                      )}
                      {row.request !== undefined && (
                        <Link href={`/approvals/${row.request}`}>request {row.request}</Link>
                      )}
                    </span>
                  ),
                },
                { name: "Actions", cell: (row) => <Deeds grant={row} /> },
              ]}
            />
          )
        }
      </Await>
      <More of={more} onMore={() => setLimit(Math.min(limit * 2, MOST_GRANTS))} />
    </Panel>
  );
}
