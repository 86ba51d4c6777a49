import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, expect, test, vi } from "vitest";
import type { BackendError, StreamEvent } from "./backend";
import { tauri } from "./tauri";

afterEach(() => clearMocks());

test("a call goes to the app as it is, and a refusal comes back as it is", async () => {
  const called: unknown[] = [];
  const request = { method: "GET", path: "/v1/tokens" } as const;
  const refusal = { code: "not_for_the_panel", message: "The panel may not do this." };
  mockIPC((command, args) => {
    called.push([command, args]);
    return Promise.reject(refusal);
  });
  await expect(tauri.request(request)).rejects.toEqual(refusal);
  expect(called).toEqual([["request", { request }]]);
});

test("a stream is read piece by piece, until it ends or is left", async () => {
  type Channel = { onmessage: (piece: unknown) => void };
  let pieces: Channel | undefined;
  const left: unknown[] = [];
  mockIPC((command, args) => {
    if (command === "subscribe") pieces = (args as { pieces: Channel }).pieces;
    if (command === "unsubscribe") left.push(args);
    return command === "subscribe" ? 7 : undefined;
  });
  const events: StreamEvent[] = [];
  const onEnd = vi.fn<(error?: BackendError) => void>();
  const listener = { onEvent: (event: StreamEvent) => events.push(event), onEnd };
  tauri.subscribe("/v1/changes", listener);
  pieces?.onmessage({ text: "event: jobs-cha" });
  pieces?.onmessage({ text: "nged\ndata: {}\n\n" });
  pieces?.onmessage({ end: null });
  expect(events).toEqual([{ type: "jobs-changed", data: "{}", id: "" }]);
  expect(onEnd).toHaveBeenCalledExactlyOnceWith(undefined);

  const leave = tauri.subscribe("/v1/changes", listener);
  leave();
  pieces?.onmessage({ text: "data: late\n\n" });
  pieces?.onmessage({ end: { code: "x", message: "x" } });
  expect(events).toHaveLength(1);
  expect(onEnd).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(left).toEqual([{ subscription: 7 }]));
});
