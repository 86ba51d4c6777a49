import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend, BackendError } from "./backend";
import { eventReader } from "./events";

/** What comes on a stream: of its text, or its end. */
type Piece = { text: string } | { end: BackendError | null };

/** The app that this webview belongs to. It makes each call, and lets through what is for the panel. */
export const tauri: Backend = {
  request: (request) => invoke("request", { request }),
  subscribe(path, { onEvent, onEnd }) {
    const read = eventReader(onEvent);
    let isOver = false;
    const pieces = new Channel<Piece>((piece) => {
      if (isOver) return;
      if ("text" in piece) return read(piece.text);
      isOver = true;
      onEnd(piece.end ?? undefined);
    });
    const subscription = invoke<number>("subscribe", { path, pieces });
    return () => {
      isOver = true;
      void subscription.then((number) => invoke("unsubscribe", { subscription: number }));
    };
  },
  standing: () => invoke("standing"),
  known: () => invoke("known"),
  close: () => invoke("close_panel"),
};
