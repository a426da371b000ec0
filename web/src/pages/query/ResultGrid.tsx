import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { QueryResult } from "../../api/query";

const ROW = 25;
const NUMERIC = /^(int|float|numeric|money|oid|bigint|smallint|integer|double|real|decimal)/;

function text(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Rows as they came, of which only those in sight are drawn. */
export function ResultGrid({ result }: { result: QueryResult }) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: result.rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  const items = rows.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = rows.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div className="grid-scroll" ref={scroll} tabIndex={0} role="region" aria-label="Rows">
      <table className="grid" aria-rowcount={result.rows.length + 1}>
        <thead>
          <tr>
            <th scope="col" aria-label="Number" />
            {result.columns.map((column, index) => (
              <th key={index} scope="col">
                {column.name}
                <small>{column.type}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr aria-hidden>
              <td style={{ height: before, padding: 0 }} />
            </tr>
          )}
          {items.map((item) => (
            <tr key={item.index} aria-rowindex={item.index + 2}>
              <td className="row-number">{item.index + 1}</td>
              {result.rows[item.index]?.map((value, index) => (
                <td
                  key={index}
                  className={NUMERIC.test(result.columns[index]?.type ?? "") ? "right" : undefined}
                  title={value !== null && text(value).length > 50 ? text(value) : undefined}
                >
                  {value === null ? <span className="null">null</span> : text(value)}
                </td>
              ))}
            </tr>
          ))}
          {after > 0 && (
            <tr aria-hidden>
              <td style={{ height: after, padding: 0 }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
