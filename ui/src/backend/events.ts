/**
 * Reads a stream of server-sent events, piece by piece, as the HTML standard says it. Not by the browser's own `EventSource`: that sends no
 * token, and a panel has no address to give to it.
 */
import type { StreamEvent } from "./backend";

/** Takes the next piece of a stream's text, cut anywhere. */
export function eventReader(onEvent: (event: StreamEvent) => void): (text: string) => void {
  let rest = "";
  let id = "";
  let type = "";
  let data: string[] = [];

  const field = (name: string, value: string) => {
    if (name === "event") type = value;
    else if (name === "data") data.push(value);
    else if (name === "id" && !value.includes("\0")) id = value;
  };

  const line = (text: string) => {
    if (text === "") {
      if (data.length > 0) onEvent({ type: type || "message", data: data.join("\n"), id });
      type = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    // A line that begins with a colon is a comment.
    if (colon === 0) return;
    if (colon < 0) field(text, "");
    else field(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ""));
  };

  return (text) => {
    rest += text;
    // A carriage return at the end may be half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    lines.forEach(line);
  };
}
