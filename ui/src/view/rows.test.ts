import { expect, test } from "vitest";
import { aJob } from "../samples";
import { dropRow, firstRows, nextRows, type Row } from "./rows";

const [a, b, c, d] = [aJob("a"), aJob("b"), aJob("c"), aJob("d")];
const told = (rows: Row[]) => rows.map((row) => `${row.job.id} ${row.phase}`);

test("the first jobs are simply there", () => {
  expect(told(firstRows([a, b]))).toEqual(["a present", "b present"]);
});

test("a job that starts later enters", () => {
  expect(told(nextRows(firstRows([a]), [a, b]))).toEqual(["a present", "b entered"]);
});

test("jobs that end keep their places while they leave", () => {
  expect(told(nextRows(firstRows([a, b, c, d]), [b, d]))).toEqual([
    "a leaving",
    "b present",
    "c leaving",
    "d present",
  ]);
});

test("jobs that end side by side keep their order", () => {
  expect(told(nextRows(firstRows([a, b, c]), [c]))).toEqual(["a leaving", "b leaving", "c present"]);
  expect(told(nextRows(firstRows([a, b, c]), [a, d]))).toEqual([
    "a present",
    "b leaving",
    "c leaving",
    "d entered",
  ]);
});

test("the same jobs again change nothing", () => {
  const rows = nextRows(firstRows([a, b]), [b]);
  expect(nextRows(rows, [b])).toEqual(rows);
});

test("only a row that leaves can be dropped", () => {
  const rows = nextRows(firstRows([a, b]), [b]);
  expect(told(dropRow(rows, "a"))).toEqual(["b present"]);
  expect(dropRow(rows, "b")).toEqual(rows);
});

test("a job that comes back while its row leaves has its row again", () => {
  const leaving = nextRows(firstRows([a, b]), [b]);
  expect(told(nextRows(leaving, [a, b]))).toEqual(["a entered", "b present"]);
});

test("a job that runs again shows what it does now", () => {
  const later = aJob("a", { progress: { message: "more" } });
  expect(nextRows(firstRows([a]), [later])[0]?.job).toBe(later);
});
