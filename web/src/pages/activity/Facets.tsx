import { useState } from "react";
import { useCounts, type Filters } from "../../api/audit";
import { short } from "../../parts/format";

interface FacetProps {
  name: string;
  label: string;
  open: boolean;
  filters: Filters;
  wanted: boolean;
  onChoose: (name: string, value: string | null) => void;
}

function Values({ name, label, filters, wanted, onChoose }: Omit<FacetProps, "open">) {
  const { [name]: chosen, ...others } = filters;
  const counts = useCounts(others, name, { limit: 8 }, wanted);
  const values = counts.data?.counts.filter((each) => (each.values[name] ?? "") !== "") ?? [];
  const most = Math.max(1, ...values.map((each) => each.records));
  if (counts.isError) return <p className="facet-none">Cannot be counted</p>;
  if (values.length === 0) return <p className="facet-none">{counts.isPending ? "…" : "None"}</p>;
  return (
    <ul aria-label={label}>
      {values.map((each) => {
        const value = each.values[name] ?? "";
        return (
          <li key={value}>
            <button
              type="button"
              className="facet-value"
              aria-pressed={chosen === value}
              title={value}
              onClick={() => onChoose(name, chosen === value ? null : value)}
            >
              <span className="facet-name">{value}</span>
              <span className="facet-count">{short(each.records)}</span>
              <i className="facet-bar" style={{ width: `${(each.records / most) * 100}%` }} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Facet(props: FacetProps) {
  const [open, setOpen] = useState(props.open);
  return (
    <details className="facet" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{props.label}</summary>
      {open && <Values {...props} />}
    </details>
  );
}

const FACETS = [
  { name: "decision", label: "Decision", open: true },
  { name: "user", label: "User", open: true },
  { name: "database", label: "Database", open: true },
  { name: "table", label: "Table", open: true },
  { name: "class", label: "Class of data", open: false },
  { name: "action", label: "Action", open: false },
  { name: "rule", label: "Rule", open: false },
  { name: "kind", label: "Statement", open: false },
  { name: "application", label: "Application", open: false },
  { name: "address", label: "Address", open: false },
  { name: "group", label: "Group", open: false },
  { name: "principal_kind", label: "Kind of user", open: false },
  { name: "environment", label: "Environment", open: false },
] as const;

interface Props {
  filters: Filters;
  wanted: boolean;
  onChoose: (name: string, value: string | null) => void;
}

/** What there is to narrow down by, and how much of each. Those that are closed cost nothing. */
export function Facets({ filters, wanted, onChoose }: Props) {
  return (
    <aside className="facets" aria-label="Narrow down">
      {FACETS.map((facet) => (
        <Facet
          key={facet.name}
          {...facet}
          open={facet.open || filters[facet.name] !== undefined}
          filters={filters}
          wanted={wanted}
          onChoose={onChoose}
        />
      ))}
    </aside>
  );
}
