import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useAppearance } from "../../app/appearance";
import { short } from "../format";
import { faded, resolved } from "./colours";

export interface Series {
  label: string;
  colour: string;
  values: readonly (number | null)[];
  /** Bars for counts of spans of time, lines for rates. */
  bars?: boolean;
}

interface Props {
  label: string;
  /** Seconds since 1970. */
  times: readonly number[];
  series: readonly Series[];
  height?: number;
  /** From when to when it reaches, where that is more than what is known. */
  span?: readonly [number, number] | undefined;
  /** Called with what was marked with the mouse, in seconds since 1970. */
  onRange?: (from: number, until: number) => void;
}

const SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MINUTES = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** A time below the chart, as fine as its marks lie apart. */
function mark(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  if (step < 60) return SECONDS.format(date);
  return step < 86_400 ? MINUTES.format(date) : DAYS.format(date);
}

function optionsOf(
  { series, onRange }: Props,
  latest: { current: Props },
  width: number,
  height: number,
): uPlot.Options {
  const text = resolved("--text-faint");
  const line = resolved("--line");
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px Inter Variable" };
  return {
    width,
    height,
    padding: [8, 24, 0, 0], // half of the last time stands beside the chart
    legend: { show: false },
    cursor: { drag: { x: onRange !== undefined, y: false, setScale: false }, points: { size: 5 }, y: false },
    scales: {
      x: { time: true, range: (_, from, until) => [...(latest.current.span ?? [from, until])] },
      y: { range: (_, __, most) => [0, Math.max(most * 1.1, 1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 84,
        values: (_, splits, __, ___, step) => splits.map((at) => mark(at, step)),
      },
      { ...axis, size: 44, space: 32, values: (_, splits) => splits.map((value) => short(value)) },
    ],
    series: [
      {},
      ...series.map((each): uPlot.Series => {
        const colour = resolved(each.colour);
        const bars = each.bars === true ? uPlot.paths.bars?.({ size: [0.8, 26], align: 1 }) : undefined;
        return {
          label: each.label,
          stroke: colour,
          width: bars ? 0 : 1.6,
          fill: bars ? faded(colour, 0.75) : faded(colour, 0.12),
          points: { show: false },
          ...(bars ? { paths: bars } : {}),
        };
      }),
    ],
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width < 3 || onRange === undefined) return;
          onRange(plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** What happened over time. The same stands in words beside it: a canvas tells nothing to who cannot see it. */
export function TimeChart(props: Props) {
  const { label, times, series, height = 160 } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { dark } = useAppearance();
  const shape = series.map((each) => `${each.label} ${each.colour} ${each.bars}`).join("|");

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const width = () => Math.max(120, element.clientWidth);
    const { times: now, series: its } = latest.current;
    const data = [now, ...its.map((each) => each.values)] as uPlot.AlignedData;
    const made = new uPlot(optionsOf(latest.current, latest, width(), height), data, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: width(), height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height, dark]);

  useEffect(() => {
    plot.current?.setData([times, ...series.map((each) => each.values)] as uPlot.AlignedData);
  }, [times, series, props.span]);

  return <div className="chart" ref={host} role="img" aria-label={label} />;
}
