/** What was typed and not sent yet, by whom and where; only as long as this page of the browser is open. */
const drafts = new Map<string, unknown>();
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

export function whenDraftsChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function draftOf(key: string): unknown {
  return drafts.get(key);
}

export function keepDraft(key: string, value: unknown): void {
  drafts.set(key, value);
  tell();
}

/** Whoever logs out leaves nothing behind for the next. */
export function forgetDrafts(): void {
  drafts.clear();
  tell();
}
