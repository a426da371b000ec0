import { Badge, type Tone } from "../../parts/Badge";

const TONES: Record<string, Tone> = {
  credential: "bad",
  financial: "warn",
  health: "bad",
  pii: "violet",
  location: "info",
};

interface Props {
  name: string;
  category: string;
}

export function ClassBadge({ name, category }: Props) {
  if (name === "" || name === "none")
    return <span className="faint nowrap">{name === "none" ? "nothing sensitive" : ""}</span>;
  return (
    <Badge tone={TONES[category] ?? "violet"} title={category}>
      {name.replaceAll("_", " ")}
    </Badge>
  );
}
