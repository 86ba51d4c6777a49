import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative addresses: the same build is served from the tray's webview and from the hub.
  base: "./",
  build: {
    target: ["es2022", "safari16", "chrome110"],
    // Nothing inline, so that the page lives under `default-src 'self'; style-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "happy-dom",
    // Else `colours.css?raw` is empty.
    css: true,
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
