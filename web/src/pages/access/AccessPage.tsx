import { useHoldings } from "../../api/grants";
import { Problem } from "../../api/problem";
import { useMe } from "../../app/me";
import { Page } from "../../parts/Page";
import { Tabs } from "../../parts/Tabs";
import { useAddress } from "../../parts/useAddress";
import { AskForRole } from "./AskForRole";
import { Grants } from "./Grants";
import { Holdings } from "./Holdings";

const TABS = ["mine", "all", "review"] as const;

/** Roles for a while, and who holds what. */
export default function AccessPage() {
  const me = useMe();
  const [given, change] = useAddress();
  const holdings = useHoldings();
  const reviews = !(holdings.error instanceof Problem && holdings.error.status === 403) && !holdings.isPending;
  const tab = TABS.find((each) => each === given.get("show")) ?? "mine";
  return (
    <Page
      title="Access"
      about="Roles that people have for a while, from the request to the review."
      actions={<AskForRole />}
    >
      <Tabs
        label="Access"
        value={tab}
        onValue={(value) => change({ show: value === "mine" ? null : value })}
        tabs={[
          { id: "mine", label: "Mine", content: <Grants of={me.user} /> },
          { id: "all", label: "Everybody's", content: <Grants /> },
          // Asked for by name, it says who may.
          ...(reviews || tab === "review" ? [{ id: "review", label: "Who holds what", content: <Holdings /> }] : []),
        ]}
      />
    </Page>
  );
}
