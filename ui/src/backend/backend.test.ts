import { expect, test } from "vitest";
import { messageOf } from "./backend";

test("a refusal is shown by its message", () => {
  expect(messageOf({ code: "no_runner", message: "The doorbell command was not found." })).toBe(
    "The doorbell command was not found.",
  );
});

test.each([
  ["an exception", new TypeError("undefined is not an object")],
  ["an exception that carries a code", Object.assign(new Error("boom"), { code: "E_BOOM" })],
  ["a bare string", "command poll not found"],
  ["nothing", undefined],
  ["an empty message", { code: "x", message: "" }],
])("%s is shown by our own words, never by its text", (_, rejection) => {
  expect(messageOf(rejection)).toBe("Doorbell did not answer.");
});
