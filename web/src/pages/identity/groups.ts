/** Names as they are typed: with commas or spaces between them, each once. */
export function groupsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
}

export interface Attributes {
  attributes: Record<string, string>;
  /** Lines that are not "name=value". */
  wrong: string[];
}

/** "name=value", one a line. */
export function attributesIn(text: string): Attributes {
  const out: Attributes = { attributes: {}, wrong: [] };
  for (const line of text.split("\n").map((each) => each.trim())) {
    const equals = line.indexOf("=");
    if (equals > 0) out.attributes[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
    else if (line !== "") out.wrong.push(line);
  }
  return out;
}

export function attributeText(attributes: Record<string, string>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}

export function groupText(user: { groups: readonly string[] }): string {
  return user.groups.join(", ");
}

/** Only what was typed differently is sent: the rest may have been changed elsewhere, or be kept there. */
export function changeOf(
  user: { groups: readonly string[]; attributes: Record<string, string> },
  groups: string,
  text: string,
  attributes: Record<string, string>,
): { groups?: string[]; attributes?: Record<string, string> } {
  return {
    ...(groups === groupText(user) ? {} : { groups: groupsIn(groups) }),
    ...(text === attributeText(user.attributes) ? {} : { attributes }),
  };
}
