/** How far back recorded traffic is looked at, in seconds. */
export const SPANS = [
  { value: "3600", label: "the last hour" },
  { value: "86400", label: "the last day" },
  { value: "604800", label: "the last 7 days" },
  { value: "2592000", label: "the last 30 days" },
];

/** When a span that ends now has begun, in microseconds since 1970. */
export function sinceMicros(seconds: string): number {
  return (Date.now() - Number(seconds) * 1000) * 1000;
}
