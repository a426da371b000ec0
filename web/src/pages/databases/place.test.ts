import { describe, expect, it } from "vitest";
import { urlOf } from "./place";

describe("the url of a server", () => {
  it("has host, port and database, and checks who answers", () => {
    expect(urlOf({ host: " db.internal ", port: "5432", database: "orders", trust: "system" })).toBe(
      "postgres://db.internal:5432/orders?sslmode=verify-full",
    );
    expect(urlOf({ host: "::1", port: "5433", database: "a/b?c", trust: "none" })).toBe(
      "postgres://[::1]:5433/a%2Fb%3Fc?sslmode=disable",
    );
  });
});
