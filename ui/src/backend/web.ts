/**
 * The hub that served this page, for a page in a browser.
 *
 * The page comes in by a link whose key is good once, and keeps the token that it gets for it as long as its tab is open. The token
 * is sent with each call and is no cookie: no other page's call carries it, and no other port of this machine gets to see it.
 */
import type { PanelView } from "../bindings/PanelView";
import type { RunningList } from "../bindings/RunningList";
import type { Backend, BackendError } from "./backend";

const TOKEN = "doorbell-token";

/** The last answer, and when it came. */
type Known = { etag: string | null; list: RunningList; at: number };

/** Lets itself in by the page's address, and forgets the key that is in it. */
export function web(page: Window): Backend {
  const key = new URLSearchParams(page.location.hash.slice(1)).get("key");
  if (key !== null) page.history.replaceState(null, "", page.location.pathname);
  let entering = key === null ? undefined : enter(page, key);
  let known: Known | undefined;

  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    await entering;
    entering = undefined;
    const token = page.sessionStorage.getItem(TOKEN);
    if (token === null) throw locked;
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${token}`);
    const answer = await reach(page, path, { ...init, headers });
    if (answer.status === 401) throw locked;
    return answer;
  };

  return {
    async poll() {
      try {
        const headers: HeadersInit = known?.etag ? { "If-None-Match": known.etag } : {};
        const answer = await call("/v1/jobs?state=running", { headers });
        if (answer.status === 304 && known !== undefined) return live(known);
        if (!answer.ok) throw await refusal(answer);
        known = { etag: answer.headers.get("ETag"), list: await answer.json(), at: Date.now() };
        return live(known);
      } catch (error) {
        if (error === locked) return refused(known);
        throw error;
      }
    },
    async startTestJob() {
      const answer = await call("/v1/test-jobs", { method: "POST" });
      if (!answer.ok) throw await refusal(answer);
    },
  };
}

/** What the page is told when it has no token that is good. */
const locked: BackendError = {
  code: "locked",
  message: "Run `doorbell open --browser` for a new link.",
};

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

async function reach(page: Window, path: string, init: RequestInit): Promise<Response> {
  try {
    return await page.fetch(path, { ...init, cache: "no-store", redirect: "error" });
  } catch {
    const away: BackendError = { code: "hub_away", message: "The hub does not answer." };
    throw away;
  }
}

/** The hub's own words for what it refused. */
async function refusal(answer: Response): Promise<BackendError> {
  const body: { error?: BackendError } = await answer.json().catch(() => ({}));
  return body.error ?? { code: "hub", message: `The hub answered with ${answer.status}.` };
}

function live({ list, at }: Known): PanelView {
  const now = new Date(Date.parse(list.now) + Date.now() - at).toISOString();
  return { ...figures(list), connection: { state: "live" }, now, updated_at: now };
}

function refused(known: Known | undefined): PanelView {
  const connection = { state: "refused", reason: locked.message } as const;
  const now = new Date().toISOString();
  return known === undefined
    ? { connection, now, running: 0, jobs: [], queued: 0 }
    : { ...figures(known.list), connection, now, updated_at: known.list.now };
}

function figures({ counts, jobs }: RunningList): Pick<PanelView, "running" | "jobs" | "queued"> {
  return { running: counts.running, jobs, queued: counts.queued };
}
