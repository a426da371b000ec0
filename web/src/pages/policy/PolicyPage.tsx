import { usePolicy } from "../../api/policy";
import { useWatches } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { useAddress } from "../../parts/useAddress";
import { PolicyEditor } from "./PolicyEditor";
import { Versions } from "./Versions";
import "./policy.css";

/** The rules: written, tried out, saved, taken back. */
export default function PolicyPage() {
  const policy = usePolicy();
  const watches = useWatches();
  const [given, change] = useAddress();
  const tab = given.get("show") === "versions" ? "versions" : "rules";
  return (
    <Page
      title="Policy"
      heading={
        <span className="row">
          Policy
          {policy.data !== undefined && (
            <>
              <Badge tone="good" dot>
                {policy.data.name}
              </Badge>
              <Badge title="Version, as records have it">{policy.data.version}</Badge>
            </>
          )}
        </span>
      }
      about="Rules by what a statement does. A new version is in force at once, for every session."
      wide
    >
      <Await query={policy}>
        {(inForce) => (
          <Tabs
            label="Policy"
            value={tab}
            onValue={(value) => change({ show: value === "rules" ? null : value })}
            tabs={[
              { id: "rules", label: "Rules", content: <PolicyEditor inForce={inForce} /> },
              ...(watches ? [{ id: "versions", label: "Versions", content: <Versions inForce={inForce} /> }] : []),
            ]}
          />
        )}
      </Await>
    </Page>
  );
}
