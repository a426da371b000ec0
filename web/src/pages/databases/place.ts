/** How the gateway makes sure of the server it reaches. */
export type Trust = "system" | "own" | "none";

export interface Place {
  host: string;
  port: string;
  database: string;
  trust: Trust;
}

/** The url of a server, as the gateway takes it. An IPv6 address stands in brackets. */
export function urlOf({ host, port, database, trust }: Place): string {
  const named = host.trim();
  const bracketed = named.includes(":") && !named.startsWith("[") ? `[${named}]` : named;
  const mode = trust === "none" ? "disable" : "verify-full";
  return `postgres://${bracketed}:${port.trim()}/${encodeURIComponent(database.trim())}?sslmode=${mode}`;
}
