import { useCallback, useSyncExternalStore } from "react";
import { draftOf, keepDraft, whenDraftsChange } from "../api/drafts";
import { useMe } from "./me";

/** A state that outlives its page, the tabs of it and a session that ends; it is nobody else's. */
export function useDraft<T>(name: string, first: T): [T, (value: T) => void] {
  const key = `${useMe().user} ${name}`;
  const kept = useSyncExternalStore(whenDraftsChange, () => draftOf(key)) as T | undefined;
  const keep = useCallback((value: T) => keepDraft(key, value), [key]);
  return [kept ?? first, keep];
}
