import { Send } from "lucide-react";
import { useSettings, useStreams } from "../../api/settings";
import { Await } from "../../parts/Await";
import { Badge } from "../../parts/Badge";
import { Editor } from "../../parts/code/Editor";
import { yaml } from "../../parts/code/yaml";
import { Empty } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";

function Streams() {
  const streams = useStreams();
  const text = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
  return (
    <Panel title="Where records go besides the log" flush>
      <Await query={streams}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="Nowhere yet" icon={Send}>
              A SIEM, syslog, OpenTelemetry, a webhook or a file gets them too, once <code>audit.streams</code> in the
              configuration file names it.
            </Empty>
          ) : (
            <Table
              label="Streams"
              rows={list}
              keyOf={(row) => row.name}
              columns={[
                { name: "Stream", cell: (row) => row.name },
                {
                  name: "State",
                  cell: (row) => (
                    <Badge tone={row.working ? "good" : "bad"} dot>
                      {row.working ? "working" : "not working"}
                    </Badge>
                  ),
                },
                { name: "Sent up to", right: true, cell: (row) => text(row.position) },
                { name: "Last error", cell: (row) => <span className="soft">{text(row.last_error)}</span> },
              ]}
            />
          )
        }
      </Await>
    </Panel>
  );
}

/** How this gateway is set up. It is changed in its file, not here. */
export default function SettingsPage() {
  const settings = useSettings();
  return (
    <Page
      title="Settings"
      about="How this gateway is set up. It is changed in its file, which is read again on SIGHUP."
    >
      <Await query={settings}>
        {(all) => (
          <Panel title="This gateway">
            <Facts
              rows={[
                ["Version", all.version],
                ["Reactor", all.reactor],
                ["File", <code key="file">{all.file}</code>],
                ["PostgreSQL port", String(all.listen.postgres)],
                ["HTTP port", all.listen.http === undefined ? undefined : String(all.listen.http)],
                ["Store", all.shared_store ? "a PostgreSQL that several gateways share" : "embedded"],
                ["Browsers reach it at", all.api_url === "" ? "not told (api.url)" : all.api_url],
              ]}
            />
          </Panel>
        )}
      </Await>
      <Streams />
      {settings.data !== undefined && (
        <Panel title="Configuration">
          <Editor
            label="Configuration"
            value={settings.data.config_text}
            language={yaml}
            minHeight={160}
            maxHeight={640}
            readOnly
          />
        </Panel>
      )}
    </Page>
  );
}
