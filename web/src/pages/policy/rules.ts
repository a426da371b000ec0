import type { PolicyInForce } from "../../api/types/policy";

/** Rules as they are being written, and those that they were made from. */
export interface Rules {
  base: PolicyInForce;
  text: string;
}

/**
 * What the editor shows, now that `inForce` is. Only where nothing was typed, or what was typed is in force by now,
 * it goes along with what is in force: else it stays what it is, made from what it was made from.
 */
export function rulesWith(draft: Rules | null, inForce: PolicyInForce): Rules {
  if (draft === null || draft.text === draft.base.text || draft.text === inForce.text) {
    return { base: inForce, text: inForce.text };
  }
  return draft;
}

/** Whether others are in force than those that it was made from. */
export function overtaken(rules: Rules, inForce: PolicyInForce): boolean {
  return rules.base.version !== inForce.version;
}
