import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { checkDatabase, useDatabases } from "../../api/databases";
import { useLabels } from "../../api/data";
import { useSettings } from "../../api/settings";
import { useUsers } from "../../api/users";
import { asProblem } from "../../api/problem";
import { useMe } from "../../app/me";
import { buttonClass } from "../../parts/Button";
import { plural } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { DatabaseForm } from "../databases/DatabaseForm";
import { AddUser } from "../identity/AddUser";

interface StepProps {
  number: number;
  title: string;
  done: boolean;
  children: ReactNode;
}

function Step({ number, title, done, children }: StepProps) {
  return (
    <li className={done ? "first-step first-step-done" : "first-step"}>
      <span className="first-mark" aria-hidden>
        {done ? <Check /> : number}
      </span>
      <div className="grow">
        <strong>
          {title}
          {done && <span className="hidden-visually"> (done)</span>}
        </strong>
        <div className="soft">{children}</div>
      </div>
    </li>
  );
}

/** What leads from an empty gateway to the first statement, while there has been none. */
export function FirstSteps() {
  const me = useMe();
  const databases = useDatabases();
  const name = databases.data?.[0]?.name ?? "";
  const users = useUsers();
  const settings = useSettings();
  const check = useQuery({
    queryKey: ["check", name],
    queryFn: () => checkDatabase(name),
    enabled: name !== "",
    retry: false,
    refetchInterval: (query) => (query.state.status === "success" ? false : 5_000),
  });
  const labels = useLabels(name, false);
  const others = (users.data ?? []).filter((user) => user.name !== me.user);
  const port = settings.data?.listen.postgres ?? 6432;
  const host = window.location.hostname;
  return (
    <Panel title="First steps">
      <ol className="stack-small">
        <Step number={1} title="Add a database" done={check.isSuccess}>
          {check.isSuccess ? (
            `${name}: ${check.data.server}`
          ) : check.isError ? (
            <>
              {asProblem(check.error).title} <Link href="/databases">Look at the databases</Link>
            </>
          ) : name !== "" || databases.data === undefined ? (
            "Asking…"
          ) : (
            <>
              <p>The gateway logs in first, and says what is wrong if it cannot.</p>
              <DatabaseForm look="primary" />
            </>
          )}
        </Step>
        <Step number={2} title="Somebody can sign in" done={others.length > 0}>
          <p>
            {others.length > 0 ? `${plural(others.length, "user")} besides you. ` : "Nobody but you yet. "}
            <Link href="/identity">Look after people, services and agents</Link>, or name an identity provider in the
            configuration.
          </p>
          {others.length === 0 && <AddUser onAdded={() => {}} />}
        </Step>
        <Step number={3} title="Look at what is sensitive" done={false}>
          {labels.data === undefined || name === ""
            ? "The gateway looks at names, types and samples of every column by itself. "
            : `${plural(labels.data.length, "column")} found in ${name}. `}
          {name !== "" && (
            <>
              <Link href={`/schema?database=${encodeURIComponent(name)}&show=sensitive`}>
                See them, and correct what is mistaken
              </Link>
              .
            </>
          )}
        </Step>
        <Step number={4} title="Send the first statement" done={false}>
          <p>With any PostgreSQL client, as yourself:</p>
          <pre
            className="code"
            tabIndex={0}
          >{`psql "host=${host} port=${port} user=${me.user} dbname=${name || "…"}"`}</pre>
          <p>
            <Link href="/query" className={buttonClass("primary", true)}>
              Or ask here
            </Link>
          </p>
        </Step>
      </ol>
    </Panel>
  );
}
