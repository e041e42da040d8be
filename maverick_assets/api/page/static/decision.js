// What the owner's twin decides, and the owner's own decisions that are nearest to it.

import {copyOf} from "./dom.js";

const NEAREST = 3; // reasons shown
const percent = (part) => part.toLocaleString([], {style: "percent"});

/** The element that shows the `decision` of an answer. */
export function shown(decision) {
  const element = copyOf("decision"), list = element.querySelector("ul");
  const [options, why] = element.querySelectorAll("p");
  if (decision.error) {
    options.textContent = `No decision: ${decision.error}`;
    why.remove();
    list.remove();
    return element;
  }
  options.textContent = Object.entries(decision.probabilities)
    .map(([option, probability]) => `${option} ${percent(probability)}`).join(" · ");
  const reasons = decision.reasons.slice(0, NEAREST);
  why.textContent = reasons.length ? "Own decisions nearest to it:" : "No own decision is near to it.";
  list.append(...reasons.map(({question, answer, table, row_ids: rows, decided_at: at}) => {
    const item = document.createElement("li");
    const day = new Date(at).toLocaleDateString([], {day: "numeric", month: "short", year: "numeric"});
    item.append(
      line("quiet", question), line("", answer), line("quiet", `${day} · ${table} ${rows.join(", ")}`));
    return item;
  }));
  return element;
}

function line(className, text) {
  const element = document.createElement("p");
  element.className = className;
  element.dir = "auto";
  element.textContent = text;
  return element;
}
