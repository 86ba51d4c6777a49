import type { PanelView } from "../bindings/PanelView";

/** All that the page can ask of the app, or of the hub. Each call rejects with a {@link BackendError}. */
export interface Backend {
  /** What the panel shows now. */
  poll(): Promise<PanelView>;
  /** Queues the test job: a job like any other, of 8 steps in 30 s. */
  startTestJob(): Promise<void>;
  /** Closes the panel: its window and this page are destroyed. Absent where the page is a tab, which is not ours to close. */
  close?(): Promise<void>;
}

/** A refusal: `code` for the program, `message` for people. */
export type BackendError = {
  code: string;
  message: string;
};

/** The words to show for what a backend call rejected with. An exception's own text is never for people. */
export function messageOf(rejection: unknown): string {
  return isBackendError(rejection) ? rejection.message : "Doorbell did not answer.";
}

function isBackendError(value: unknown): value is BackendError {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const { code, message } = value as Partial<BackendError>;
  return typeof code === "string" && typeof message === "string" && message !== "";
}
