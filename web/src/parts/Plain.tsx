import { bitsOf, hasUnseen } from "./unseen";
import { Note } from "./Note";

/** A text in which nothing hides: what is not seen stands there as its code. */
export function Plain({ text }: { text: string }) {
  return bitsOf(text).map((bit, index) =>
    bit.unseen ? (
      <span key={index} className="unseen" title="A character that is not seen, or that turns the order of others">
        {bit.text}
      </span>
    ) : (
      bit.text
    ),
  );
}

/** Warns whoever decides on texts that are not what they look like elsewhere. */
export function UnseenNote({ texts }: { texts: readonly string[] }) {
  if (!texts.some(hasUnseen)) return null;
  return (
    <Note tone="warn" title="It holds characters that are not seen, or that turn the order of others">
      They stand here as their codes, such as \u202e. Elsewhere it may look like another statement.
    </Note>
  );
}
