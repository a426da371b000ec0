/** Puts a text on the clipboard; false where the browser does not let a page do that, as it may over plain http. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Marks what an element holds, for whoever copies it by hand. */
export function select(element: HTMLElement): void {
  window.getSelection()?.selectAllChildren(element);
}
