import type { ReactNode } from "react";

export interface Column<Row> {
  name: string;
  right?: boolean;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  /** For those who do not see what stands above it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row, index: number) => string | number;
  onRow?: (row: Row) => void;
  chosen?: (row: Row) => boolean;
}

/** A table of what fits on a page. Rows that do something must also hold a link or button that does it. */
export function Table<Row>({ label, columns, rows, keyOf, onRow, chosen }: Props<Row>) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className={onRow === undefined ? "table" : "table table-rows-act"}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} className={column.right === true ? "right" : undefined} scope="col">
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr
              key={keyOf(row, index)}
              className={chosen?.(row) === true ? "chosen" : undefined}
              onClick={
                onRow &&
                ((event) => {
                  if (!(event.target as HTMLElement).closest("a, button, input")) onRow(row);
                })
              }
            >
              {columns.map((column) => (
                <td key={column.name} className={column.right === true ? "right" : undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
