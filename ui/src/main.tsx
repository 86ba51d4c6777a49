import { isTauri } from "@tauri-apps/api/core";
import { render } from "preact";
import { App } from "./app";
import { tauri } from "./backend/tauri";
import { web } from "./backend/web";
import { sourceOf } from "./source";

const backend = isTauri() ? tauri : web(window);
render(<App source={sourceOf(backend)} />, document.body);
