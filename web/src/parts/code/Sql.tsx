import { useMemo } from "react";
import { oneLine } from "../format";
import { Plain } from "../Plain";
import { useColours } from "./useColours";

function Pieces({ text }: { text: string }) {
  const cut = useColours();
  const pieces = useMemo(() => cut?.(text) ?? [{ text, className: "" }], [cut, text]);
  return pieces.map((piece, index) =>
    piece.className === "" ? (
      <Plain key={index} text={piece.text} />
    ) : (
      <span key={index} className={piece.className}>
        <Plain text={piece.text} />
      </span>
    ),
  );
}

/** A statement as it was written. */
export function Sql({ text }: { text: string }) {
  return (
    <pre className="code" tabIndex={0}>
      <Pieces text={text} />
    </pre>
  );
}

/** A statement in one line of a table. */
export function SqlLine({ text }: { text: string }) {
  const line = useMemo(() => oneLine(text).slice(0, 400), [text]);
  return (
    <div className="code-line" title={text.length > 80 ? text.slice(0, 2000) : undefined}>
      <Pieces text={line} />
    </div>
  );
}

/** The same, as a cell of a table is wide, from where it begins to be more than comments. */
export function SqlCell({ text }: { text: string }) {
  return (
    <div className="cell-sql">
      <SqlLine text={text.replace(/^(\s*--.*\n)+/, "")} />
    </div>
  );
}
