import type { Need } from "../../api/types/approval";

/** Whether somebody of these groups is, or may come to be, asked to decide. The gateway decides, whatever is shown. */
export function isAsked(needs: readonly Need[], groups: readonly string[]): boolean {
  const asked = needs.flatMap((need) =>
    need.stages.flatMap((stage) => [
      ...stage.by,
      ...(stage.on_call ?? []).flatMap((each) => each.by),
      ...(stage.escalate ?? []).flatMap((each) => each.to),
    ]),
  );
  return asked.some((group) => groups.includes(group));
}
