import { useRecord } from "../../api/audit";
import type { AuditRecord } from "../../api/types/record";
import { Await } from "../Await";
import { Drawer } from "../Dialogs";
import { RecordDetails } from "./RecordDetails";

interface Props {
  id: number | null;
  /** The record itself, where it is at hand already. */
  known?: AuditRecord | undefined;
  onClose: () => void;
}

function Fetched({ id }: { id: number }) {
  return <Await query={useRecord(id)}>{(record) => <RecordDetails record={record} />}</Await>;
}

export function RecordDrawer({ id, known, onClose }: Props) {
  return (
    <Drawer open={id !== null} onClose={onClose} title={`Record ${id ?? ""}`}>
      {id !== null && (known?.id === id ? <RecordDetails record={known} /> : <Fetched id={id} />)}
    </Drawer>
  );
}
