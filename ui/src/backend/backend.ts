import type { Known } from "../bindings/Known";
import type { Standing } from "../bindings/Standing";

/** The way to the hub: the same calls in a browser and in the app's panel. Each rejects with a {@link BackendError}. */
export interface Backend {
  /** Makes a call of the hub. What the hub refuses is an answer, too. */
  request(request: Request): Promise<Response>;
  /** Listens to a stream of the hub, until the returned function is called or the stream ends. */
  subscribe(path: string, listener: Listener): () => void;
  /** How the hub stands, which it cannot tell itself, and what the user should know. */
  standing(): Promise<Standing>;
  /** What is known of a hub that cannot be asked. Absent where nobody else has looked at it. */
  known?(): Promise<Known>;
  /** Closes the panel: its window and this page are destroyed. Absent where the page is a tab, which is not ours to close. */
  close?(): Promise<void>;
}

/** A call, without the hub's address and without a token. */
export type Request = {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query, as in `/v1/jobs?state=running`. */
  path: string;
  /** By their names in small letters. */
  headers?: Record<string, string>;
  body?: string;
};

export type Response = {
  status: number;
  /** By their names in small letters. */
  headers: Record<string, string>;
  body: string;
};

/** Who listens to a stream. */
export type Listener = {
  onEvent: (event: StreamEvent) => void;
  /** The stream is over: why, unless the hub ended it in order. */
  onEnd: (error?: BackendError) => void;
};

/** A server-sent event. */
export type StreamEvent = {
  type: string;
  data: string;
  /** Of this event, or of the last one that had any. */
  id: string;
};

/** A refusal: `code` for the program, `message` for people. */
export type BackendError = {
  code: string;
  message: string;
};

/** What a call was refused for, in the hub's own words. */
export function refusalOf({ status, body }: Response): BackendError {
  try {
    const { error }: { error?: unknown } = JSON.parse(body);
    if (isBackendError(error)) return error;
  } catch {
    // Something else than a hub has answered.
  }
  return { code: "hub", message: `The hub answered with ${status}.` };
}

/** The words to show for what a backend call rejected with. An exception's own text is never for people. */
export function messageOf(rejection: unknown): string {
  return isBackendError(rejection) ? rejection.message : "Doorbell did not answer.";
}

function isBackendError(value: unknown): value is BackendError {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const { code, message } = value as Partial<BackendError>;
  return typeof code === "string" && typeof message === "string" && message !== "";
}
