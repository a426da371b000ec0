import { Undo2 } from "lucide-react";
import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { previewUndo, undo } from "../../api/approvals";
import type { UndoEntry } from "../../api/types/approval";
import { Badge } from "../../parts/Badge";
import { Button } from "../../parts/Button";
import { Modal } from "../../parts/Dialogs";
import { Check } from "../../parts/Field";
import { plural } from "../../parts/format";
import { Note, ProblemNote } from "../../parts/Note";
import { useDeed } from "../../parts/useDeed";

function Entry({ entry }: { entry: UndoEntry }) {
  return (
    <div className="stack-small">
      <div className="row">
        <Badge>{entry.database}</Badge>
        <span>{entry.kept}</span>
        <Badge tone={entry.undone === true ? "good" : "plain"}>{entry.undone === true ? "undone" : entry.state}</Badge>
      </div>
      {(entry.conflicts_in_all ?? 0) > 0 && (
        <Note tone="warn" title={`${plural(entry.conflicts_in_all ?? 0, "row")} changed since`}>
          {entry.conflicts?.map((each) => `${each.table}, ${plural(each.rows, "row")}: ${each.why}`).join("\n")}
        </Note>
      )}
    </div>
  );
}

/** Takes back what ran under a request, where its rule keeps what that needs. */
export function Undo({ request }: { request: number }) {
  const [open, setOpen] = useState(false);
  const [skip, setSkip] = useState(false);
  const deed = useDeed("approval", "approvals");
  const preview = useMutation({ mutationFn: () => previewUndo(request) });
  // Whoever refused it knows more by now than the preview did.
  const run = useMutation({
    mutationFn: () => deed(undo(request, skip), "It was taken back"),
    onError: () => preview.mutate(),
  });
  const shown = run.data ?? preview.data;
  const conflicts = preview.data?.entries.some((entry) => (entry.conflicts_in_all ?? 0) > 0) === true;
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
          preview.mutate();
        }}
      >
        <Undo2 aria-hidden />
        Take back
      </Button>
      <Modal
        open={open}
        onClose={() => setOpen(false)}
        title={`Take back what ran under request ${request}?`}
        actions={
          <Button
            look="danger"
            disabled={
              preview.data === undefined || preview.isPending || run.isPending || run.isSuccess || (conflicts && !skip)
            }
            onClick={() => run.mutate()}
          >
            Take it back
          </Button>
        }
      >
        {preview.isPending && <p className="soft">Looking what would be put back…</p>}
        {preview.isError && <ProblemNote error={preview.error} />}
        {run.isError && <ProblemNote error={run.error} />}
        {shown?.entries.map((entry, index) => (
          <Entry key={index} entry={entry} />
        ))}
        {conflicts && <Check label="Leave rows that changed since as they are" checked={skip} onValue={setSkip} />}
      </Modal>
    </>
  );
}
