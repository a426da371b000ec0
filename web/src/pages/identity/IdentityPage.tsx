import { Users } from "lucide-react";
import { useState } from "react";
import { useUsers } from "../../api/users";
import { useHas } from "../../app/me";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { SearchField } from "../../parts/SearchField";
import { Table } from "../../parts/Table";
import { Time } from "../../parts/Time";
import { useAddress } from "../../parts/useAddress";
import { AddUser } from "./AddUser";
import { UserDrawer } from "./UserDrawer";

function Groups({ groups }: { groups: readonly string[] }) {
  return (
    <span className="row">
      {groups.map((group) => (
        <Badge key={group}>{group}</Badge>
      ))}
    </span>
  );
}

/** Who may come in, as whom. */
export default function IdentityPage() {
  const users = useUsers();
  const admin = useHas("admin");
  const [words, setWords] = useState("");
  const [given, change] = useAddress();
  const chosen = users.data?.find((user) => user.name === given.get("user"));
  return (
    <Page
      title="Identity"
      about="People, services and agents. Those that come from identity providers, directories or SCIM stand here too, once they were here."
      actions={admin && <AddUser onAdded={(name) => change({ user: name })} />}
    >
      <div className="row">
        <SearchField label="Search users and groups" value={words} onValue={setWords} />
      </div>
      <Panel flush>
        <Await query={users}>
          {(all) => {
            const wanted = words.toLowerCase();
            const list = all.filter((user) =>
              [user.name, user.kept_by, user.kind, ...user.groups].join(" ").toLowerCase().includes(wanted),
            );
            return list.length === 0 ? (
              <Empty title={words === "" ? "Nobody yet" : "None of them"} icon={Users}>
                {words === "" ? "Add a user above." : "No user or group has these words."}
              </Empty>
            ) : (
              <Table
                label="Users"
                rows={list}
                keyOf={(row) => row.name}
                onRow={(row) => change({ user: row.name })}
                chosen={(row) => row.name === chosen?.name}
                columns={[
                  {
                    name: "User",
                    cell: (row) => (
                      <span className="row">
                        <Button look="ghost" small onClick={() => change({ user: row.name })}>
                          {row.name}
                        </Button>
                        {row.disabled && <Badge tone="bad">disabled</Badge>}
                      </span>
                    ),
                  },
                  {
                    name: "Kind",
                    cell: (row) => <Badge tone={row.kind === "human" ? "plain" : "info"}>{row.kind}</Badge>,
                  },
                  { name: "Groups", cell: (row) => <Groups groups={row.groups} /> },
                  { name: "Kept by", cell: (row) => <span className="soft">{row.kept_by || "Sluice"}</span> },
                  { name: "Credentials", right: true, cell: (row) => row.credentials.length },
                  { name: "Last login", cell: (row) => <Time value={row.last_login} /> },
                ]}
              />
            );
          }}
        </Await>
      </Panel>
      <UserDrawer user={chosen} onClose={() => change({ user: null })} />
    </Page>
  );
}
