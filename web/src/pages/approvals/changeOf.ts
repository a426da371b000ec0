import type { Approval } from "../../api/types/approval";

/** The number of the change that a request is for; its first line is the gateway's. */
export function changeOf({ facts, statement }: Pick<Approval, "facts" | "statement">): string | undefined {
  return facts?.kind === "change" ? /^-- change (\d+):/.exec(statement)?.[1] : undefined;
}
