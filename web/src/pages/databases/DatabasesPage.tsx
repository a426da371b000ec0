import { Link } from "wouter";
import { useDatabases } from "../../api/databases";
import { Await } from "../../parts/Await";
import { Badge, EnvironmentBadge } from "../../parts/Badge";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { CheckDatabase } from "./CheckDatabase";

/** The databases behind the gateway, and whether it can log in there. */
export default function DatabasesPage() {
  const databases = useDatabases();
  return (
    <Page
      title="Databases"
      about="They are named in the configuration file; the gateway reads it again on SIGHUP. Nobody but the gateway holds their passwords."
    >
      <Panel flush>
        <Await query={databases}>
          {(list) => (
            <Table
              label="Databases"
              rows={list}
              keyOf={(row) => row.name}
              columns={[
                {
                  name: "Database",
                  cell: (row) => <Link href={`/schema?database=${encodeURIComponent(row.name)}`}>{row.name}</Link>,
                },
                { name: "Environment", cell: (row) => <EnvironmentBadge environment={row.environment} /> },
                {
                  name: "Server",
                  cell: (row) => (
                    <span className="mono soft">
                      {row.host === undefined ? "" : `${row.host}:${row.port}/${row.server_database}`}
                    </span>
                  ),
                },
                {
                  name: "Masking",
                  cell: (row) => <Badge tone={row.masking ? "accent" : "warn"}>{row.masking ? "on" : "off"}</Badge>,
                },
                { name: "Can the gateway log in?", cell: (row) => <CheckDatabase name={row.name} /> },
              ]}
            />
          )}
        </Await>
      </Panel>
    </Page>
  );
}
