import { expect, it } from "vitest";
import { toCsv } from "./download";

it("quotes what needs it", () => {
  expect(
    toCsv(
      ["a", "b"],
      [
        ["x,y", 'say "no"'],
        [null, "two\nlines"],
      ],
    ),
  ).toBe('a,b\r\n"x,y","say ""no"""\r\n,"two\nlines"\r\n');
});

it("lets no cell be a formula", () => {
  expect(toCsv(["v"], [["=HYPERLINK(1)"], ["-5"], ["@x"], [-7]])).toBe("v\r\n'=HYPERLINK(1)\r\n-5\r\n'@x\r\n-7\r\n");
});

it("lets none begin behind another separator either", () => {
  expect(toCsv(["v"], [["a;=HYPERLINK(1)"], ["a\t@x"], ["a;-5"], ["a;b"]])).toBe(
    'v\r\n"a;\'=HYPERLINK(1)"\r\n"a\t\'@x"\r\n"a;-5"\r\n"a;b"\r\n',
  );
});
