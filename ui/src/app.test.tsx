import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "./app";
import { POLL_PERIOD } from "./poller";
import { ago, aJob, aView } from "./samples";
import type { Source, View } from "./source";

const LEAVE_TIME = 120;
const offline = {
  connection: { state: "offline", since: ago(12), reason: "It sleeps." },
  updated_at: ago(12),
} as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  act(() => render(null, document.body));
  vi.useRealTimers();
});

test("before the first answer there is neither a job nor an empty state", async () => {
  await show(() => new Promise(() => undefined));
  expect(find("empty")).toBeNull();
  expect(find("cannot-tell")).toBeNull();
  expect(text("connection")).toBe("");
});

test("a job is a card with its name, time, what it does and how far", async () => {
  const progress = {
    fraction: 0.58,
    done: 25,
    total: 43,
    unit: "files",
    step: { index: 3, count: 8, label: "Scanning tables" },
    at: ago(1),
  };
  await show(aView({ jobs: [aJob("nightly-ingest", { started_at: ago(252), progress })] }));
  expect(text("job-name")).toBe("nightly-ingest");
  expect(text("job-time")).toBe("4:12");
  expect(text("job-message")).toBe("Step 3 of 8 · Scanning tables");
  expect(text("job-figure")).toBe("25 / 43 files");
  expect(text("connection")).toBe("Live");
  expect(document.querySelector("h1")?.textContent).toBe("Running 1");
});

test("the bar tells its share to who cannot see it", async () => {
  await show(aView({ jobs: [aJob("make", { progress: { fraction: 0.587 } })] }));
  const bar = document.querySelector('[data-testid="job"] [role="progressbar"]');
  expect(bar?.getAttribute("aria-label")).toBe("make");
  expect(bar?.getAttribute("aria-valuemin")).toBe("0");
  expect(bar?.getAttribute("aria-valuemax")).toBe("100");
  expect(bar?.getAttribute("aria-valuenow")).toBe("58");
  expect(bar?.getAttribute("aria-valuetext")).toBe("58 %");
});

test("a bar of unknown share has no value, and walks only while the job reports", async () => {
  const at = (seconds: number) =>
    aView({ jobs: [aJob("train", { progress: { message: "x", at: ago(seconds) } })] });
  const answers = [at(3), at(3), at(2), at(1)];
  await show(() => Promise.resolve(answers.shift() ?? at(1)));
  expect(document.querySelector('[role="progressbar"]')?.hasAttribute("aria-valuenow")).toBe(false);
  const first = fill().style.transform;
  await pass(POLL_PERIOD);
  expect(fill().style.transform).toBe(first);
  await pass(POLL_PERIOD);
  expect(fill().style.transform).not.toBe(first);
});

test("a bar that falls back does not rewind, and moves again after", async () => {
  const at = (fraction: number) => aView({ jobs: [aJob("make", { progress: { fraction } })] });
  const answers = [at(0.2), at(0.9), at(0.1), at(0.2)];
  await show(() => Promise.resolve(answers.shift() ?? at(0.2)));
  const motions = [];
  for (let poll = 0; poll < 4; poll++) {
    motions.push(fill().dataset.motion);
    await pass(POLL_PERIOD);
  }
  expect(motions).toEqual([undefined, undefined, "none", undefined]);
});

test("a job that has been silent says for how long, beside what it did last", async () => {
  const progress = { message: "Epoch 12", at: ago(390) };
  await show(aView({ jobs: [aJob("train", { progress })] }));
  expect(text("job-message")).toBe("Epoch 12");
  expect(text("job-silence")).toBe(" · no output for 6 min");
});

test("a job without a report says so", async () => {
  await show(aView({ jobs: [aJob("sleep 100")] }));
  expect(text("job-message")).toBe("No progress reported yet");
  expect(text("job-figure")).toBe("");
});

test("hostile text is text, whole in its title", async () => {
  const name = "<img src=x onerror=alert(1)>";
  await show(aView({ jobs: [aJob(name, { progress: { message: "<script>alert(2)</script>" } })] }));
  expect(document.querySelector("main img, main script")).toBeNull();
  expect(text("job-name")).toBe(name);
  expect(find("job-name")?.title).toBe(name);
});

test("jobs are a list that can be reached and scrolled by keyboard", async () => {
  await show(aView({ jobs: [aJob("a"), aJob("b")], queued: 2 }));
  expect(document.querySelectorAll('main ul[role="list"] > li article')).toHaveLength(2);
  expect(document.querySelector<HTMLElement>('main [aria-label="Running jobs"]')?.tabIndex).toBe(0);
  expect(text("queued")).toBe("2 queued");
});

test("jobs that the hub left out of its list are counted, in the heading and below the list", async () => {
  await show(aView({ jobs: [aJob("a"), aJob("b")], running: 2_014, queued: 3 }));
  expect(document.querySelector("h1")?.textContent).toBe("Running 2,014");
  expect(text("more")).toBe("and 2,012 more");
  expect(text("queued")).toBe("3 queued");
});

test("a list that is whole says of no more", async () => {
  await show(aView({ jobs: [aJob("a")] }));
  expect(find("more")).toBeNull();
});

test("a job that ends leaves its row behind for a moment, but counts no more", async () => {
  const answers = [aView({ jobs: [aJob("a"), aJob("b")] })];
  await show(() => Promise.resolve(answers.shift() ?? aView({ jobs: [aJob("b")] })));
  await pass(POLL_PERIOD);
  expect(jobs()).toEqual(["b"]);
  expect(document.querySelectorAll("li")).toHaveLength(2);
  await pass(LEAVE_TIME);
  expect(document.querySelectorAll("li")).toHaveLength(1);
});

test("the last job to end leaves before the empty state comes", async () => {
  const answers = [aView({ jobs: [aJob("a")] })];
  await show(() => Promise.resolve(answers.shift() ?? aView()));
  await pass(POLL_PERIOD);
  expect(find("empty")).toBeNull();
  await pass(LEAVE_TIME);
  expect(find("empty")).not.toBeNull();
});

test("offline, the last figures stay, dimmed, and the footer says since when", async () => {
  await show(aView({ ...offline, jobs: [aJob("make", { started_at: ago(72) })] }));
  expect(jobs()).toEqual(["make"]);
  expect(document.querySelector("[data-stale]")).not.toBeNull();
  expect(text("connection")).toMatch(/^Offline since \d\d:\d\d · retrying$/);
  expect(find("connection")?.title).toBe("It sleeps.");
  expect(text("updated")).toBe("updated 12 s ago");
  expect(text("job-time")).toBe("1:00");
});

test("the command is shown as it works here", async () => {
  await show(aView());
  expect(document.querySelector("code")?.textContent).toBe("doorbell run -- make");
  await show(aView({ command: "/opt/doorbell" }));
  expect(document.querySelector("code")?.textContent).toBe("/opt/doorbell run -- make");
});

test("offline without a job, it says that it cannot know", async () => {
  await show(aView(offline));
  expect(find("empty")).toBeNull();
  expect(text("cannot-tell")).toContain("Can’t tell what is running");
  expect(text("cannot-tell")).toContain("It sleeps.");
});

test("refused, the footer says the reason", async () => {
  await show(aView({ connection: { state: "refused", reason: "Wrong token." } }));
  expect(text("connection")).toBe("Wrong token.");
  expect(find("cannot-tell")).not.toBeNull();
});

test("a poll that fails keeps the jobs, dims them, and shows the message", async () => {
  const answers = [() => Promise.resolve(aView({ jobs: [aJob("make")] }))];
  await show(() => (answers.shift() ?? refuse)());
  await pass(POLL_PERIOD);
  expect(jobs()).toEqual(["make"]);
  expect(document.querySelector("[data-stale]")).not.toBeNull();
  expect(text("connection")).toBe("No.");
});

test("the connection is a status that is announced, its age is not", async () => {
  await show(aView(offline));
  expect(find("connection")?.getAttribute("role")).toBe("status");
  expect(find("connection")?.textContent).not.toContain("updated");
});

test("a notice is shown as it is", async () => {
  await show(aView({ notice: "This desktop shows no notifications." }));
  expect(text("notice")).toBe("This desktop shows no notifications.");
});

test("Esc and the button close the panel", async () => {
  const { close } = await show(aView());
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  expect(close).toHaveBeenCalledTimes(1);
  document.querySelector<HTMLElement>('[aria-label="Close panel"]')?.click();
  expect(close).toHaveBeenCalledTimes(2);
});

test("where there is nothing to close there is no button, and Esc does nothing", async () => {
  const source = { poll: () => Promise.resolve(aView()), startTestJob: () => Promise.resolve() };
  await act(async () => {
    render(<App source={source} />, document.body);
  });
  expect(document.querySelector('[aria-label="Close panel"]')).toBeNull();
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
});

async function show(answer: View | (() => Promise<View>)) {
  const source = {
    poll: typeof answer === "function" ? answer : () => Promise.resolve(answer),
    startTestJob: vi.fn<Source["startTestJob"]>(() => Promise.resolve()),
    close: vi.fn<NonNullable<Source["close"]>>(() => Promise.resolve()),
  };
  await act(async () => {
    render(<App source={source} />, document.body);
  });
  await pass(0);
  return source;
}

async function pass(time: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(time);
  });
}

function refuse(): Promise<View> {
  return Promise.reject({ code: "no", message: "No." });
}

function find(testid: string): HTMLElement | null {
  return document.querySelector(`[data-testid="${testid}"]`);
}

function text(testid: string): string | null | undefined {
  return find(testid)?.textContent;
}

function jobs(): (string | null | undefined)[] {
  const cards = [...document.querySelectorAll('[data-testid="job"]')];
  return cards.map((card) => card.querySelector('[data-testid="job-name"]')?.textContent);
}

function fill(): HTMLElement {
  const found = document.querySelector<HTMLElement>(".fill");
  if (found === null) throw new Error("no bar");
  return found;
}
