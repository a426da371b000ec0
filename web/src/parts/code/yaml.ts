import { StreamLanguage, type StringStream } from "@codemirror/language";

interface State {
  /** How deep in { } and [ ]. */
  flow: number;
}

function token(stream: StringStream, state: State): string | null {
  if (stream.eatSpace()) return null;
  if (stream.peek() === "#" && (stream.sol() || /\s/.test(stream.string.charAt(stream.pos - 1)))) {
    stream.skipToEnd();
    return "comment";
  }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/) !== null || stream.match(/^'(?:[^']|'')*'?/) !== null) {
    return stream.match(/^\s*:(?=\s|$)/, false) !== null ? "propertyName" : "string";
  }
  if (stream.match(/^[-?](?=\s|$)/) !== null) return "punctuation";
  const mark = stream.peek() ?? "";
  if ("{}[],:".includes(mark)) {
    stream.next();
    if ("{[".includes(mark)) state.flow += 1;
    else if ("}]".includes(mark)) state.flow = Math.max(0, state.flow - 1);
    return "punctuation";
  }
  if (stream.match(/^[A-Za-z_][\w.-]*(?=\s*:(?:\s|$))/) !== null) return "propertyName";
  if (stream.match(/^(?:true|false|null|yes|no)(?=\s*(?:$|[,}\]#]))/) !== null) return "atom";
  if (stream.match(/^-?\d+(?:\.\d+)?\w*(?=\s*(?:$|[,}\]#]))/) !== null) return "number";
  // The rest of a plain text; in { } and [ ] it ends at the next mark.
  if (stream.match(state.flow > 0 ? /^[^,{}[\]#]+/ : /^[^#]+/) === null) stream.next();
  return null;
}

/** YAML as far as policies use it, for colours alone. */
export const yaml = StreamLanguage.define<State>({
  name: "yaml",
  startState: () => ({ flow: 0 }),
  token,
  languageData: { commentTokens: { line: "#" } },
});
