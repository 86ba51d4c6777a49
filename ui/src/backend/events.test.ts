import { expect, test } from "vitest";
import type { StreamEvent } from "./backend";
import { eventReader } from "./events";

function read(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const next = eventReader((event) => events.push(event));
  pieces.forEach(next);
  return events;
}

test("an event has a type, data of any number of lines, and an id", () => {
  expect(read("event: job.started\nid: 7-12\ndata: one\ndata: two\n\n")).toEqual([
    { type: "job.started", data: "one\ntwo", id: "7-12" },
  ]);
});

test("an id holds until the next one, and an event without a type is a message", () => {
  expect(read("id: 1\ndata: a\n\ndata: b\n\n")).toEqual([
    { type: "message", data: "a", id: "1" },
    { type: "message", data: "b", id: "1" },
  ]);
});

test("comments, unknown fields and blocks without data are no events", () => {
  expect(read(": hello\n\nretry: 10\n\nevent: x\n\nwhat\n\ndata:c\n\n")).toEqual([
    { type: "message", data: "c", id: "" },
  ]);
});

test.each([["\n"], ["\r\n"], ["\r"]])("a stream is read alike wherever it is cut, with %j", (end) => {
  // The last line break of all may wait for its second half.
  const text = `${["event: log", "data: one two", "", "data: three", "", "", ": end"].join(end)}${end}`;
  const whole = read(text);
  expect(whole.map(({ data }) => data)).toEqual(["one two", "three"]);
  for (let at = 0; at <= text.length; at++) {
    expect(read(text.slice(0, at), text.slice(at))).toEqual(whole);
  }
  expect(read(...text)).toEqual(whole);
});
