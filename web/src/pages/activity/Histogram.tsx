import { useMemo } from "react";
import { useCounts, type Filters } from "../../api/audit";
import { TimeChart, type Series } from "../../parts/charts/TimeChart";
import { count } from "../../parts/format";
import { ProblemNote } from "../../parts/Note";
import { reachOf, spanText, stepOf } from "./filters";
import { barsOf } from "./histogram";

interface Props {
  filters: Filters;
  wanted: boolean;
  onRange: (since: string, until: string) => void;
}

/** How many there were over time; a span that is marked with the mouse is looked into. */
export function Histogram({ filters, wanted, onRange }: Props) {
  const step = stepOf(filters.since ?? "", filters.until ?? "");
  const counts = useCounts(filters, "decision", { over: spanText(step), limit: 10 }, wanted);
  const span = useMemo(
    () => reachOf(filters.since ?? "", filters.until ?? ""),
    // The end is now, as of the counts.
    [filters.since, filters.until, counts.data],
  );
  const bars = useMemo(() => barsOf(counts.data ?? { records: 0, counts: [] }, step, span), [counts.data, step, span]);
  const series = useMemo(
    (): Series[] => [
      { label: "Other", colour: "--text-faint", values: bars.other, bars: true },
      { label: "Allowed", colour: "--chart-1", values: bars.allowed, bars: true },
      { label: "Refused", colour: "--chart-2", values: bars.refused, bars: true },
    ],
    [bars],
  );
  if (counts.isError) return <ProblemNote error={counts.error} />;
  return (
    <div className="panel">
      <div className="chart-body">
        <TimeChart
          label={`${count(counts.data?.records ?? 0)} records over time`}
          times={bars.times}
          series={series}
          height={92}
          span={span}
          onRange={(from, until) => onRange(new Date(from * 1000).toISOString(), new Date(until * 1000).toISOString())}
        />
      </div>
    </div>
  );
}
