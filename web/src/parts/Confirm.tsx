import { useState, type ReactNode } from "react";
import { Button } from "./Button";
import { Modal } from "./Dialogs";
import { TextArea } from "./Field";
import { ProblemNote } from "./Note";

interface Props {
  /** The button that opens it. */
  label: ReactNode;
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** On the button that does it. */
  verb: string;
  danger?: boolean;
  small?: boolean;
  look?: "plain" | "ghost" | "primary" | "danger";
  /** Asks for words that go on the record; "" for no field. */
  comment?: string;
  commentRequired?: boolean;
  onConfirm: (comment: string) => Promise<unknown>;
}

/** A button whose deed is asked about first. */
export function Confirm(props: Props) {
  const { label, title, children, verb, danger = false, small = false, look = "plain", comment = "" } = props;
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      await props.onConfirm(text);
      setOpen(false);
      setText("");
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const missing = props.commentRequired === true && text.trim() === "";
  return (
    <>
      <Button look={look} small={small} onClick={() => setOpen(true)}>
        {label}
      </Button>
      <Modal
        open={open}
        onClose={() => setOpen(false)}
        title={title}
        actions={
          <Button look={danger ? "danger" : "primary"} disabled={busy || missing} onClick={() => void run()}>
            {verb}
          </Button>
        }
      >
        <div className="soft">{children}</div>
        {comment !== "" && <TextArea label={comment} value={text} onValue={setText} rows={2} />}
        {error !== null && <ProblemNote error={error} />}
      </Modal>
    </>
  );
}
