import { isTauri } from "@tauri-apps/api/core";
import { render } from "preact";
import { App } from "./app";
import { tauri } from "./backend/tauri";
import { web } from "./backend/web";

const backend = isTauri() ? tauri : web(window);
render(<App backend={backend} />, document.body);
