import { invoke } from "@tauri-apps/api/core";
import type { Backend } from "./backend";

/** The app that this webview belongs to. */
export const tauri: Backend = {
  poll: () => invoke("poll"),
  startTestJob: () => invoke("start_test_job"),
  close: () => invoke("close_panel"),
};
