/** The panel in the state that the address names, as in `gallery.html?offline`. Not part of the product's build. */
import { render } from "preact";
import { App } from "../app";
import "./gallery.css";
import type { Source } from "../source";
import { type State, states } from "./states";

const name = decodeURIComponent(location.search.slice(1));
const state = states[name];

if (state === undefined) {
  render(<Index />, document.body);
} else {
  document.title = name;
  render(<App source={scripted(state)} />, document.body);
}

function Index() {
  return (
    <ul class="gallery">
      {Object.keys(states).map((each) => (
        <li key={each}>
          <a href={`?${each}`}>{each}</a>
        </li>
      ))}
    </ul>
  );
}

function scripted({ polls, startTestJob }: State): Source {
  let turn = 0;
  return {
    poll: () => {
      const poll = polls[Math.min(turn++, polls.length - 1)];
      return poll ? poll() : Promise.reject(new Error("a state without polls"));
    },
    startTestJob: startTestJob ?? (() => Promise.resolve()),
    close: () => Promise.resolve(),
  };
}
