import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { Problem } from "../../api/problem";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { download } from "../../parts/download";
import { Loading } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { count } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { Panel } from "../../parts/Panel";
import { knowsEd25519 } from "../../proof/receipt";
import { readSignedHead, type SignedHead } from "./checkpoint";

async function head(): Promise<SignedHead | null> {
  return (await knowsEd25519(globalThis.crypto?.subtle)) ? readSignedHead() : null;
}

/** The latest checkpoint, its signature checked in this browser. */
export function CheckedHere() {
  const signed = useQuery({ queryKey: ["checkpoint"], queryFn: head, refetchInterval: 15_000, retry: false });
  const note = signed.data?.note;
  return (
    <Panel
      title="The latest checkpoint"
      actions={
        note !== undefined && (
          <Button small onClick={() => download("checkpoint.txt", "text/plain", note)}>
            <Download aria-hidden />
            Keep it
          </Button>
        )
      }
    >
      {signed.isPending && <Loading />}
      {signed.isError &&
        (signed.error instanceof Problem ? (
          <ProblemNote error={signed.error} />
        ) : (
          <Note tone="bad" title="The checkpoint does not hold">
            {signed.error instanceof Error ? signed.error.message : ""}
          </Note>
        ))}
      {signed.data === null && (
        <Note tone="warn" title="It cannot be checked here">
          This browser does not know Ed25519, or the page did not come over https:// or from localhost. sluice audit
          verify checks it.
        </Note>
      )}
      {signed.data && (
        <Facts
          rows={[
            [
              "Signature",
              <Badge key="good" tone="good" dot>
                checked in this browser
              </Badge>,
            ],
            ["Log", <code key="origin">{signed.data.origin}</code>],
            ["Records", count(signed.data.size)],
            ["Root", <code key="root">{signed.data.root}</code>],
            ["Signed by", signed.data.signers.join(", ")],
          ]}
        />
      )}
    </Panel>
  );
}
