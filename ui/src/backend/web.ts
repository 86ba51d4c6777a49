/**
 * The hub that served this page, for a page in a browser.
 *
 * The page comes in by a link whose key is good once, and keeps the token that it gets for it as long as its tab is open. The token
 * is sent with each call and is no cookie: no other page's call carries it, and no other port of this machine gets to see it.
 */
import type { Backend, BackendError, Request } from "./backend";
import { refusalOf } from "./backend";
import { eventReader } from "./events";

const TOKEN = "doorbell-token";

/** Lets itself in by the page's address, and forgets the key that is in it. */
export function web(page: Window): Backend {
  const key = new URLSearchParams(page.location.hash.slice(1)).get("key");
  if (key !== null) page.history.replaceState(null, "", page.location.pathname);
  let entering = key === null ? undefined : enter(page, key);
  let isLocked = false;

  const call = async (path: string, init: RequestInit): Promise<globalThis.Response> => {
    await entering;
    entering = undefined;
    const token = page.sessionStorage.getItem(TOKEN);
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${token}`);
    const answer = token === null ? undefined : await reach(page, path, { ...init, headers });
    isLocked = answer === undefined || answer.status === 401;
    if (answer === undefined || isLocked) throw locked;
    return answer;
  };

  return {
    async request({ method, path, headers = {}, body }: Request) {
      const answer = await call(path, { method, headers, ...(body !== undefined && { body }) });
      return {
        status: answer.status,
        headers: inSmallLetters(answer.headers),
        body: await answer.text(),
      };
    },

    subscribe(path, { onEvent, onEnd }) {
      const stop = new AbortController();
      const listen = async (): Promise<BackendError | undefined> => {
        const headers = { Accept: "text/event-stream" };
        const answer = await call(path, { headers, signal: stop.signal });
        if (!answer.ok || answer.body === null) {
          return refusalOf({ status: answer.status, headers: {}, body: await answer.text() });
        }
        const read = eventReader(onEvent);
        const decoder = new TextDecoder();
        const reader = answer.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return undefined;
          if (stop.signal.aborted) return undefined;
          read(decoder.decode(value, { stream: true }));
        }
      };
      const over = (error?: BackendError) => {
        if (!stop.signal.aborted) onEnd(error);
      };
      listen().then(over, (error) => over(error === locked ? locked : away));
      return () => stop.abort();
    },

    async standing() {
      const now = new Date().toISOString();
      // A hub that does not answer says nothing: whoever asked it knows.
      const connection = isLocked
        ? ({ state: "refused", reason: locked.message } as const)
        : ({ state: "live" } as const);
      return { connection, now };
    },
  };
}

/** What the page is told when it has no token that is good. */
const locked: BackendError = {
  code: "locked",
  message: "Run `doorbell open --browser` for a new link.",
};

const away: BackendError = { code: "hub_away", message: "The hub does not answer." };

async function enter(page: Window, key: string): Promise<void> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  };
  // A link that was used before is no reason to leave: the page may have been let in by it.
  const answer = await reach(page, "/v1/browser-sessions/open", init).catch(() => undefined);
  if (answer?.ok) {
    const { secret }: { secret: string } = await answer.json();
    page.sessionStorage.setItem(TOKEN, secret);
  }
}

function inSmallLetters(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));
}

async function reach(page: Window, path: string, init: RequestInit): Promise<globalThis.Response> {
  try {
    return await page.fetch(path, { ...init, cache: "no-store", redirect: "error" });
  } catch {
    throw away;
  }
}
