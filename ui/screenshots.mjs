/**
 * Draws every state of the gallery, light and dark, into dist-pictures/.
 *
 *     npm run pictures [state…]
 *
 * The page is a real build under the product's content security policy; a page that logs an error fails the run.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const PICTURES = new URL("dist-pictures/", import.meta.url).pathname;
const BROWSER = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What somebody does before the picture is taken. */
const STEPS = {
  "empty-copied": ["empty", (page) => page.click(".copy")],
  "empty-focus": ["empty", (page) => page.focus(".copy")],
  "crowd-end": ["crowd", (page) => page.$eval(".scroll", (scroll) => scroll.scrollTo(0, 1e6))],
  "crowd-focus": ["crowd", (page) => page.keyboard.press("Tab").then(() => page.keyboard.press("Tab"))],
  "test-job-refused": ["test-job-refused", (page) => page.click(".quiet-button")],
  "poll-failed": ["poll-failed", (page) => page.waitForSelector("[data-stale]")],
};

const site = await mkdtemp(join(tmpdir(), "doorbell-gallery-"));
const profile = await mkdtemp(join(tmpdir(), "doorbell-chromium-"));
try {
  await drawAll(process.argv.slice(2));
} finally {
  await Promise.all([site, profile].map((folder) => rm(folder, { recursive: true, force: true })));
}

async function drawAll(wanted) {
  await build({
    logLevel: "warn",
    build: { outDir: site, emptyOutDir: true, rolldownOptions: { input: "gallery.html" } },
  });
  const server = await preview({
    build: { outDir: site },
    preview: {
      host: "127.0.0.1",
      port: 0,
      headers: { "Content-Security-Policy": "default-src 'self'; style-src 'self'" },
    },
  });
  const url = new URL("gallery.html", server.resolvedUrls.local[0]);
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER,
    args: FLAGS,
    viewport: { width: 380, height: 600 },
    deviceScaleFactor: 1.5,
    permissions: ["clipboard-write"],
  });
  try {
    const names = wanted.length > 0 ? wanted : await allNames(browser, url);
    for (const colorScheme of ["light", "dark"])
      for (const name of names) await draw(browser, url, name, colorScheme);
  } finally {
    await browser.close();
    await server.close();
  }
}

async function allNames(browser, url) {
  const page = await browser.newPage();
  await page.goto(url.href);
  const states = await page.$$eval(".gallery a", (links) => links.map((link) => link.textContent));
  await page.close();
  return [...new Set([...states, ...Object.keys(STEPS)])];
}

async function draw(browser, url, name, colorScheme) {
  const [state, act] = STEPS[name] ?? [name, async () => {}];
  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.emulateMedia({ colorScheme });
  await page.goto(`${url.href}?${state}`);
  await page.waitForSelector("footer");
  await page.evaluate(() => document.fonts.ready);
  await act(page);
  await page.waitForTimeout(100);
  await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}.png`) });
  await page.close();
  // The page has no icon, and the browser asks for one.
  const told = errors.filter((error) => !error.includes("404"));
  if (told.length > 0) throw new Error(`${name} (${colorScheme}): ${told.join("; ")}`);
}
