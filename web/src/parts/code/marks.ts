import { StateEffect, StateField, type EditorState, type Range } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

/** What is wrong at a place of a text. */
export interface Marked {
  line: number;
  column?: number;
  message: string;
}

/** Takes the place of all marks of before. */
export const setMarks = StateEffect.define<readonly Marked[]>();

const wrongLine = Decoration.line({ class: "cm-wrong-line" });

function rangesOf(state: EditorState, mark: Marked): Range<Decoration>[] {
  const line = state.doc.line(Math.max(1, Math.min(mark.line, state.doc.lines)));
  const from = Math.min(line.to, line.from + Math.max(0, (mark.column ?? 1) - 1));
  const out = [wrongLine.range(line.from)];
  if (from < line.to) {
    const attributes = { title: mark.message };
    out.push(Decoration.mark({ class: "cm-wrong", attributes }).range(from, line.to));
  }
  return out;
}

/** Marks what is wrong; they move with the text until the next are set. */
export const marksField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMarks)) continue;
      const ranges = effect.value.flatMap((mark) => rangesOf(transaction.state, mark));
      next = Decoration.set(ranges, true);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});
