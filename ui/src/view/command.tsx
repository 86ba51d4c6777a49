import { useEffect, useRef, useState } from "preact/hooks";
import { copyText, select } from "./copy";

/** How long the button says what came of it, in milliseconds. */
const FEEDBACK_TIME = 2_000;

/** A command to copy into a terminal. */
export function Command({ text }: { text: string }) {
  const code = useRef<HTMLElement>(null);
  const [outcome, setOutcome] = useState<"copied" | "selected">();

  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), FEEDBACK_TIME);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => {
    if (await copyText(text)) return setOutcome("copied");
    // No way to the clipboard: leave the command selected, so that the keyboard's own copy takes it.
    if (code.current) select(code.current);
    setOutcome("selected");
  };

  const said = outcome === "copied" ? "Copied" : outcome === "selected" ? "Selected" : "";
  return (
    <div class="command">
      <code ref={code}>{text}</code>
      <button type="button" class="copy" data-outcome={outcome} aria-label={`Copy ${text}`} onClick={copy}>
        {said || "Copy"}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </div>
  );
}
