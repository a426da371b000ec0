import { useMemo } from "react";
import { TimeChart, type Series } from "../../parts/charts/TimeChart";
import { short } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import type { Rate } from "./rates";

/** Seconds that a chart reaches back at least, so that the first readings do not fill it. */
const SHORTEST = 120;

type Name = Exclude<keyof Rate, "time">;

export interface Line {
  name: Name;
  label: string;
  colour: string;
}

interface Props {
  title: string;
  rates: readonly Rate[];
  lines: readonly Line[];
}

/** Rates as they are now and were in the last minutes. */
export function Traffic({ title, rates, lines }: Props) {
  const times = useMemo(() => rates.map((rate) => rate.time), [rates]);
  const series = useMemo(
    () => lines.map((line): Series => ({ ...line, values: rates.map((rate) => rate[line.name]) })),
    [rates, lines],
  );
  const now = rates.at(-1);
  const span = useMemo((): [number, number] | undefined => {
    const first = rates[0];
    const last = rates.at(-1);
    return first && last ? [Math.min(first.time, last.time - SHORTEST), last.time] : undefined;
  }, [rates]);
  const said = lines.map((line) => `${line.label} ${short(now?.[line.name] ?? 0)} a second`).join(", ");
  return (
    <Panel title={title} flush>
      <div className="chart-body">
        <TimeChart label={`${title}; now ${said}`} times={times} series={series} height={150} span={span} />
      </div>
      <div className="legend chart-legend">
        {lines.map((line) => (
          <span key={line.name}>
            <i style={{ background: `var(${line.colour})` }} />
            {line.label} <b>{short(now?.[line.name] ?? 0)}</b>/s
          </span>
        ))}
      </div>
    </Panel>
  );
}
