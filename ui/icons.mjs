/**
 * Generates the icon sets in ../icons from the two drawings there.
 *
 *     npm run icons
 *
 * Needs rsvg-convert (Debian: librsvg2-bin).
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ICONS = new URL("../icons/", import.meta.url).pathname;
const TAURI = new URL("node_modules/.bin/tauri", import.meta.url).pathname;

/** What Tauri's bundles want. `tauri icon` emits stores' and phones' sets as well. */
const BUNDLE = ["32x32.png", "128x128.png", "128x128@2x.png", "icon.icns", "icon.ico", "icon.png"];

const sets = mkdtempSync(join(tmpdir(), "doorbell-icons-"));
try {
  execFileSync(TAURI, ["icon", join(ICONS, "doorbell.svg"), "--output", sets], { stdio: "inherit" });
  for (const file of BUNDLE) copyFileSync(join(sets, file), join(ICONS, file));
} finally {
  rmSync(sets, { recursive: true });
}

const tray = readFileSync(join(ICONS, "tray.svg"), "utf8");
draw(tray, 64, "tray.png");
draw(template(tray), 36, "tray-template.png");

/** macOS colours a template itself: it wants the shape alone, black and alpha, without the outline. */
function template(svg) {
  const plain = svg.replace(/fill="#ffffff" stroke="#16181d"/, 'fill="#000000" stroke="none"');
  if (plain === svg) throw new Error("tray.svg: its fill and stroke are not where they were");
  return plain;
}

function draw(svg, size, file) {
  const args = ["--width", String(size), "--height", String(size), "--output", join(ICONS, file)];
  execFileSync("rsvg-convert", args, { input: svg });
}
