import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { codeOf, UNSEEN } from "../unseen";
import { marksField, setMarks, type Marked } from "./marks";
import { theme } from "./theme";

export type { Marked };

interface Props {
  label: string;
  value: string;
  onValue?: (value: string) => void;
  /** Ctrl-Enter. */
  onRun?: (selected: string, from: number) => void;
  language: Extension;
  marks?: readonly Marked[];
  hint?: string;
  minHeight?: number;
  maxHeight?: number;
  readOnly?: boolean;
}

function drawUnseen(code: number, description: string | null): HTMLElement {
  const drawn = document.createElement("span");
  drawn.className = "cm-unseen";
  drawn.textContent = codeOf(String.fromCodePoint(code));
  drawn.title = description ?? "not seen";
  return drawn;
}

/**
 * CodeMirror. It lives in a shadow root: there it brings its styles as constructed sheets, which a content security
 * policy without 'unsafe-inline' lets through.
 */
export function Editor(props: Props) {
  const { label, value, language, marks, hint, minHeight = 120, maxHeight = 520, readOnly = false } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const spoken = useRef(new Compartment());
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const run = (editor: EditorView): boolean => {
      if (latest.current.onRun === undefined) return false;
      const { from, to } = editor.state.selection.main;
      latest.current.onRun(editor.state.sliceDoc(from, to), from);
      return true;
    };
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
          lineNumbers(),
          history(),
          highlightSpecialChars({ specialChars: UNSEEN, render: drawUnseen }),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          highlightActiveLine(),
          marksField,
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          placeholder(hint ?? ""),
          spoken.current.of(language),
          EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.theme({
            ".cm-scroller": { minHeight: `${minHeight}px`, maxHeight: `${maxHeight}px`, overflow: "auto" },
            ".cm-content, .cm-gutter": { minHeight: `${minHeight}px` },
          }),
          theme,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onValue?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
    // What else changes is told to the living editor below.
  }, [label, hint, minHeight, maxHeight, readOnly]);

  useEffect(() => {
    view.current?.dispatch({ effects: spoken.current.reconfigure(language) });
  }, [language]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    editor?.dispatch({ effects: setMarks.of(marks ?? []) });
  }, [marks]);

  return <div className="editor" ref={host} />;
}
