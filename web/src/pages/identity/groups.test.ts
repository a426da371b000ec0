import { expect, it } from "vitest";
import { attributesIn, attributeText, changeOf, groupsIn } from "./groups";

it("reads groups as people type them", () => {
  expect(groupsIn(" dba, engineering dba\n")).toEqual(["dba", "engineering"]);
  expect(groupsIn("")).toEqual([]);
});

it("reads attributes, and tells of a line that is none", () => {
  expect(attributesIn("person=p-1\n\n team = a=b ")).toEqual({ attributes: { person: "p-1", team: "a=b" }, wrong: [] });
  expect(attributesIn("person=p-1\nnonsense").wrong).toEqual(["nonsense"]);
  expect(attributesIn(attributeText({ a: "1", b: "2" })).attributes).toEqual({ a: "1", b: "2" });
});

it("sends only what was typed differently", () => {
  const user = { groups: ["dba", "oncall"], attributes: { team: "a" } };
  expect(changeOf(user, "dba, oncall", "team=b", { team: "b" })).toEqual({ attributes: { team: "b" } });
  expect(changeOf(user, "dba", "team=a", { team: "a" })).toEqual({ groups: ["dba"] });
  expect(changeOf(user, "dba, oncall", "", {})).toEqual({ attributes: {} });
});
