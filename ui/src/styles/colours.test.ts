import { describe, expect, test } from "vitest";
import css from "./colours.css?raw";

type Colours = Record<string, string>;

/** Text and what it stands on. */
const TEXT: [string, string][] = [
  ["ink", "surface"],
  ["ink", "card"],
  ["ink", "control"],
  ["ink", "control-hover"],
  ["figure", "card"],
  ["quiet", "surface"],
  ["quiet", "card"],
  ["stale", "surface"],
  ["stale", "card"],
  ["live", "control"],
  ["live", "control-hover"],
  ["waiting", "control"],
  ["waiting", "control-hover"],
  ["trouble", "surface"],
];

/** Shapes that carry meaning and what they stand on. */
const SHAPES: [string, string][] = [
  ["bar", "card"],
  ["bar", "track"],
  ["bar-resting", "card"],
  ["live", "surface"],
  ["waiting", "surface"],
  ["trouble", "surface"],
  ["quiet", "surface"],
  ["focus", "surface"],
  ["focus", "card"],
];

const [light, dark] = schemes(css);

describe.each([
  ["light", light],
  ["dark", dark],
])("in the %s scheme", (_, colours) => {
  test.each(TEXT)("%s on %s can be read", (front, back) => {
    expect(contrast(colour(colours, front), colour(colours, back))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(["ink", "figure", "quiet"])("what is stale is dimmer than %s", (fresh) => {
    const card = colour(colours, "card");
    expect(contrast(colour(colours, "stale"), card)).toBeLessThan(contrast(colour(colours, fresh), card));
  });

  test.each(SHAPES)("the shape in %s on %s can be seen", (front, back) => {
    expect(contrast(colour(colours, front), colour(colours, back))).toBeGreaterThanOrEqual(3);
  });
});

test("both schemes declare the same colours", () => {
  expect(Object.keys(dark)).toEqual(Object.keys(light));
});

test("no other stylesheet names a colour of its own", () => {
  const others = import.meta.glob<string>(["./*.css", "!./colours.css"], {
    query: "?raw",
    import: "default",
    eager: true,
  });
  expect(Object.keys(others)).not.toEqual([]);
  for (const text of Object.values(others)) {
    expect(text).not.toBe("");
    expect(text).not.toMatch(/#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i);
  }
});

test("black on white has the contrast that the standard says", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
});

function schemes(text: string): [Colours, Colours] {
  const [first, second] = text.split("@media (prefers-color-scheme: dark)");
  return [declared(first ?? ""), declared(second ?? "")];
}

function declared(text: string): Colours {
  return Object.fromEntries(
    [...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]),
  );
}

function colour(colours: Colours, name: string): string {
  const hex = colours[name];
  if (hex === undefined) throw new Error(`no colour --${name}`);
  return hex;
}

/** Contrast ratio by WCAG 2.2. */
function contrast(one: string, other: string): number {
  const [brighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (brighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
