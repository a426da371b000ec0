/**
 * What a reader does not see, takes for a space, or finds elsewhere than it stands: controls, joiners, fillers, tags,
 * marks that turn the direction of a text (Unicode TR 36), and spaces that are letters to PostgreSQL.
 */
export const UNSEEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;

export interface Bit {
  text: string;
  unseen: boolean;
}

/** "\u202e", as it can be written. */
export function codeOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

/** A text cut at what is not seen, which comes as its code. */
export function bitsOf(text: string): Bit[] {
  const bits: Bit[] = [];
  let end = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > end) bits.push({ text: text.slice(end, found.index), unseen: false });
    bits.push({ text: codeOf(found[0]), unseen: true });
    end = found.index + found[0].length;
  }
  if (end < text.length) bits.push({ text: text.slice(end), unseen: false });
  return bits;
}

export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) >= 0;
}
