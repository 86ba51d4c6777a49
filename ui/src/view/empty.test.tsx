import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";
import { Empty } from "./empty";

afterEach(() => {
  act(() => render(null, document.body));
  vi.unstubAllGlobals();
});

test("it is one sentence, the command, and a test job", async () => {
  await show();
  expect(document.querySelector("p")?.textContent).toBe("Nothing is running. Start a job in any terminal:");
  expect(document.querySelector("code")?.textContent).toBe("doorbell run -- make");
  expect([...document.querySelectorAll("button")].map((button) => button.textContent)).toEqual([
    "Copy",
    "Run a test job",
  ]);
});

test("a command that no shell finds by its name is shown, and copied, as it works", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  await show({ command: "/opt/doorbell" });
  expect(document.querySelector("code")?.textContent).toBe("/opt/doorbell run -- make");
  await press("Copy");
  expect(writeText).toHaveBeenCalledWith("/opt/doorbell run -- make");
});

test("the command is copied, and the button and a status say so", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  await show();
  await press("Copy");
  expect(writeText).toHaveBeenCalledWith("doorbell run -- make");
  expect(document.querySelector(".copy")?.textContent).toBe("Copied");
  expect(document.querySelector('[role="status"]')?.textContent).toBe("Copied");
});

test("where the clipboard is closed to the page, the browser's own copy command is used", async () => {
  vi.stubGlobal("navigator", {});
  let copied: string | undefined;
  document.execCommand = () => {
    copied = document.querySelector("textarea")?.value;
    return true;
  };
  await show();
  await press("Copy");
  expect(copied).toBe("doorbell run -- make");
  expect(document.querySelector("textarea")).toBeNull();
  expect(document.querySelector(".copy")?.textContent).toBe("Copied");
});

test("where nothing copies, the command is left selected and the button says so", async () => {
  vi.stubGlobal("navigator", {});
  document.execCommand = () => false;
  await show();
  await press("Copy");
  expect(document.querySelector(".copy")?.textContent).toBe("Selected");
  expect(window.getSelection()?.toString()).toBe("doorbell run -- make");
});

test("a test job that is refused says why", async () => {
  await show({ onTest: () => Promise.reject({ code: "no_runner", message: "The command was not found." }) });
  await press("Run a test job");
  expect(document.querySelector('[role="alert"]')?.textContent).toBe("The command was not found.");
});

test("a second press while the test job starts does nothing", async () => {
  const onTest = vi.fn(() => new Promise<void>(() => undefined));
  await show({ onTest });
  await press("Run a test job");
  await press("Run a test job");
  expect(onTest).toHaveBeenCalledTimes(1);
});

test("queued jobs are told even when none runs", async () => {
  await show({ queued: 3 });
  expect(document.querySelector('[data-testid="queued"]')?.textContent).toBe("3 queued");
});

async function show({
  queued = 0,
  command = "doorbell",
  onTest = () => Promise.resolve(),
} = {}): Promise<void> {
  await act(() => render(<Empty queued={queued} command={command} onTest={onTest} />, document.body));
}

async function press(label: string): Promise<void> {
  const button = [...document.querySelectorAll("button")].find((each) => each.textContent === label);
  await act(async () => button?.click());
}
