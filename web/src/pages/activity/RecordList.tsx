import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type RefObject } from "react";
import type { AuditRecord } from "../../api/types/record";
import { StateBadge } from "../../parts/Badge";
import { SqlLine } from "../../parts/code/Sql";
import { duration, moment, short } from "../../parts/format";

interface Props {
  records: readonly AuditRecord[];
  chosen: number | null;
  more: boolean;
  onMore: () => void;
  onOpen: (record: AuditRecord) => void;
  /** Told whether somebody points at it, or has scrolled down: it is not to move then. */
  onHold?: (held: boolean) => void;
  scroll: RefObject<HTMLDivElement | null>;
}

const ROW = 34;

function Row({ record, onOpen }: { record: AuditRecord; onOpen: (record: AuditRecord) => void }) {
  return (
    <>
      <span role="cell" className="rec-time">
        <button
          type="button"
          className="rec-open"
          aria-label={`${moment(record.time)}, record ${record.id}`}
          onClick={() => onOpen(record)}
        >
          {moment(record.time)}
        </button>
      </span>
      <span role="cell" className="rec-state">
        <StateBadge state={record.decision ?? record.type} />
      </span>
      <span role="cell" className="rec-user">
        {record.user}
      </span>
      <span role="cell" className="rec-database">
        {record.database}
      </span>
      <span role="cell" className="rec-text">
        {record.text !== undefined && record.text !== "" ? (
          <SqlLine text={record.text} />
        ) : (
          <span className="rec-message">{record.message}</span>
        )}
      </span>
      <span role="cell" className="rec-rows">
        {record.rows === undefined ? "" : short(record.rows)}
      </span>
      <span role="cell" className="rec-took">
        {record.duration_us === undefined ? "" : duration(record.duration_us)}
      </span>
    </>
  );
}

/** Records, of which only those in sight are drawn; more come when the end comes near. */
export function RecordList({ records, chosen, more, onMore, onOpen, onHold, scroll }: Props) {
  const rows = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 16,
    getItemKey: (index) => records[index]?.id ?? index,
  });
  const pointed = useRef(false);
  const hold = () => onHold?.(pointed.current || (scroll.current?.scrollTop ?? 0) > 0);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= records.length - 40) onMore();
  }, [more, last, records.length, onMore]);
  return (
    <div
      className="rec-scroll"
      ref={scroll}
      tabIndex={0}
      role="region"
      aria-label="Records"
      onScroll={hold}
      onMouseEnter={() => {
        pointed.current = true;
        hold();
      }}
      onMouseLeave={() => {
        pointed.current = false;
        hold();
      }}
    >
      <div role="table" aria-label="Records" aria-rowcount={more ? -1 : records.length + 1} className="rec-table">
        <div role="rowgroup" className="rec-head">
          <div role="row" className="rec-row" aria-rowindex={1}>
            <span role="columnheader">Time</span>
            <span role="columnheader">Outcome</span>
            <span role="columnheader">User</span>
            <span role="columnheader" className="rec-database">
              Database
            </span>
            <span role="columnheader">Statement</span>
            <span role="columnheader" className="rec-rows">
              Rows
            </span>
            <span role="columnheader" className="rec-took">
              Took
            </span>
          </div>
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const record = records[item.index];
            if (record === undefined) return null;
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={record.id === chosen ? "rec-row rec-body chosen" : "rec-row rec-body"}
                style={{ transform: `translateY(${item.start}px)`, height: ROW }}
                onClick={(event) => {
                  // Its button says so itself.
                  if (!(event.target as HTMLElement).closest("button")) onOpen(record);
                }}
              >
                <Row record={record} onOpen={onOpen} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
