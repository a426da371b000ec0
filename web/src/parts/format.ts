const NUMBER = new Intl.NumberFormat("en");

export function count(value: number): string {
  return NUMBER.format(value);
}

/** 12 345 678 as 12.3M: where the size matters, not the number. */
export function short(value: number): string {
  if (Math.abs(value) < 10_000) return NUMBER.format(Math.round(value * 10) / 10);
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (Math.abs(value) >= size) return `${(value / size).toFixed(Math.abs(value) >= size * 100 ? 0 : 1)}${unit}`;
  }
  return String(value);
}

/** In powers of ten, as policies and configurations have them: 10MB there is 10 MB here. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}

export function duration(micros: number): string {
  if (micros < 1000) return `${micros} µs`;
  if (micros < 1_000_000) return `${(micros / 1000).toFixed(micros < 10_000 ? 1 : 0)} ms`;
  const seconds = micros / 1_000_000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** How long ago, or how long until. */
export function relative(time: string, now = Date.now()): string {
  const then = Date.parse(time);
  if (Number.isNaN(then)) return time;
  const seconds = Math.round((now - then) / 1000);
  const size = Math.abs(seconds);
  const text =
    size < 45
      ? `${size} s`
      : size < 3600
        ? `${Math.round(size / 60)} min`
        : size < 86_400
          ? `${Math.round(size / 3600)} h`
          : `${Math.round(size / 86_400)} d`;
  if (size < 5) return "now";
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });
const YEAR = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

export function clock(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : CLOCK.format(date);
}

/** The clock alone today, the day before it otherwise, with its year where that is another. */
export function moment(time: string, now = new Date()): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const today = date.toDateString() === now.toDateString();
  const day = date.getFullYear() === now.getFullYear() ? DAY : YEAR;
  return today ? CLOCK.format(date) : `${day.format(date)} ${CLOCK.format(date)}`;
}

/** All of it, with the zone that it is told in. */
export function whole(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : WHOLE.format(date);
}

/** One line of a text of many. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
