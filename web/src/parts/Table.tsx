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

/** More columns than these are too many for a telephone: there each row stands as a list of its own. */
const MOST_ON_A_PHONE = 4;

/** A table of what fits on a page. Rows that do something must also hold a link or button that does it. */
export function Table<Row>({ label, columns, rows, keyOf, onRow, chosen }: Props<Row>) {
  const looks = ["table"];
  if (onRow !== undefined) looks.push("table-rows-act");
  if (columns.length > MOST_ON_A_PHONE) looks.push("table-lists");
  // Some browsers forget what a table is where its parts are laid out otherwise: said once more by roles.
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className={looks.join(" ")} role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.name}
                className={column.right === true ? "right" : undefined}
                scope="col"
                role="columnheader"
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, index) => (
            <tr
              key={keyOf(row, index)}
              role="row"
              className={chosen?.(row) === true ? "chosen" : undefined}
              onClick={
                onRow &&
                ((event) => {
                  if (!(event.target as HTMLElement).closest("a, button, input")) onRow(row);
                })
              }
            >
              {columns.map((column) => (
                <td
                  key={column.name}
                  className={column.right === true ? "right" : undefined}
                  role="cell"
                  data-label={column.name}
                >
                  <div className="cell">{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
