import { render } from "preact";
import { App } from "./app";
import { tauri } from "./backend/tauri";

render(<App backend={tauri} />, document.body);
