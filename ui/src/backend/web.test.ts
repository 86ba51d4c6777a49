import { beforeEach, expect, test, vi } from "vitest";
import type { BackendError, StreamEvent } from "./backend";
import { web } from "./web";

const fetched = vi.fn<typeof fetch>();

beforeEach(() => {
  sessionStorage.clear();
  fetched.mockReset();
  window.history.replaceState(null, "", "/");
});

function page(): Window {
  return Object.assign(Object.create(window), {
    location: window.location,
    history: window.history,
    sessionStorage: window.sessionStorage,
    fetch: fetched,
  });
}

function letIn(): ReturnType<typeof web> {
  sessionStorage.setItem("doorbell-token", "secret");
  return web(page());
}

test("a call carries the token, and its answer comes back whatever its status", async () => {
  fetched.mockResolvedValueOnce(new Response("{}", { status: 404, headers: { ETag: '"1"' } }));
  const backend = letIn();
  const answer = await backend.request({
    method: "GET",
    path: "/v1/jobs",
    headers: { "if-none-match": '"0"' },
  });
  expect(answer).toMatchObject({ status: 404, body: "{}" });
  expect(answer.headers.etag).toBe('"1"');
  const [path, init] = fetched.mock.calls[0] ?? [];
  expect(path).toBe("/v1/jobs");
  const headers = new Headers(init?.headers);
  expect([headers.get("authorization"), headers.get("if-none-match")]).toEqual(["Bearer secret", '"0"']);
  expect(init).toMatchObject({ method: "GET", redirect: "error", cache: "no-store" });
});

test("a page without a token, or with one that is not good any more, says how to come in", async () => {
  const backend = web(page());
  const locked = { code: "locked" };
  await expect(backend.request({ method: "GET", path: "/v1/jobs" })).rejects.toMatchObject(locked);
  expect(fetched).not.toHaveBeenCalled();
  expect((await backend.standing()).connection.state).toBe("refused");

  fetched.mockResolvedValueOnce(new Response("", { status: 401 }));
  await expect(letIn().request({ method: "GET", path: "/v1/jobs" })).rejects.toMatchObject(locked);
});

test("a link lets the page in once, and its key does not stay in the address", async () => {
  window.history.replaceState(null, "", "/#key=abc");
  fetched.mockResolvedValueOnce(new Response('{"secret":"new"}', { status: 201 }));
  fetched.mockResolvedValueOnce(new Response("{}"));
  const backend = web(page());
  expect(window.location.hash).toBe("");
  await backend.request({ method: "GET", path: "/v1/stats" });
  expect(fetched.mock.calls.map(([path]) => path)).toEqual(["/v1/browser-sessions/open", "/v1/stats"]);
  expect(new Headers(fetched.mock.calls[1]?.[1]?.headers).get("authorization")).toBe("Bearer new");
  expect((await backend.standing()).connection.state).toBe("live");
});

test("a hub that is away is told in our own words", async () => {
  fetched.mockRejectedValueOnce(new TypeError("Load failed"));
  await expect(letIn().request({ method: "GET", path: "/v1/jobs" })).rejects.toEqual({
    code: "hub_away",
    message: "The hub does not answer.",
  });
});

test("a stream is read with the token, to its end", async () => {
  const text = "event: jobs-changed\ndata: {}\n\n";
  fetched.mockResolvedValueOnce(new Response(text));
  const events: StreamEvent[] = [];
  const end = await new Promise<BackendError | undefined>((onEnd) =>
    letIn().subscribe("/v1/changes", { onEvent: (event) => events.push(event), onEnd }),
  );
  expect(end).toBeUndefined();
  expect(events).toEqual([{ type: "jobs-changed", data: "{}", id: "" }]);
  const headers = new Headers(fetched.mock.calls[0]?.[1]?.headers);
  expect([headers.get("authorization"), headers.get("accept")]).toEqual([
    "Bearer secret",
    "text/event-stream",
  ]);
});

test("a stream that is refused ends with the hub's words, and one that was left says nothing more", async () => {
  const refused = '{"error":{"code":"forbidden","message":"Not for you."}}';
  fetched.mockImplementation(async () => new Response(refused, { status: 403 }));
  const end = await new Promise<BackendError | undefined>((onEnd) =>
    letIn().subscribe("/v1/changes", { onEvent: () => undefined, onEnd }),
  );
  expect(end).toEqual({ code: "forbidden", message: "Not for you." });

  const onEnd = vi.fn<(error?: BackendError) => void>();
  letIn().subscribe("/v1/changes", { onEvent: () => undefined, onEnd })();
  await vi.waitFor(() => expect(fetched).toHaveBeenCalledTimes(2));
  await Promise.resolve();
  expect(onEnd).not.toHaveBeenCalled();
});
