// What a sitting of judging ends with: thanks, and for the owner what was said so far.

const WRITERS = {owner: "You", version: "The program", prompt_pack: "The base with your examples in its prompt"};
const KINDS = {deals: "Deals", mails: "Requests in mail and chat"};

/** Fill in the end. `kept`: answers of this sitting, or null; `results`: null for all but the owner. */
export function showEnd(end, entry, kept, results) {
  const [text, table, list] = ["p", ".table", "ul"].map((selector) => end.querySelector(selector));
  end.querySelector("h1").textContent = kept === null ? "What was said so far"
    : kept ? `Thank you: ${count(kept, "answer")} kept` : "Nothing was kept";
  if (!results) {
    text.textContent = `${entry.title || entry.personality} is measured by what you said. The results go to the owner.`;
    return list.remove();
  }
  text.textContent = results.judgements
    ? `${entry.title || entry.personality} ${results.version}, judged blind: ${count(results.judgements, "question")} by `
      + `${count(results.judges, "person", "people")}, ${count(results.ties, "tie")}. In brackets: where the figure lies `
      + "with a probability of 95 %."
    : `${entry.title || entry.personality} ${results.version} was not judged blind yet.`;
  table.hidden = !results.judgements;
  table.querySelector("th:last-child").textContent = `Taken for ${entry.owner}`;
  table.querySelector("tbody").append(...Object.entries(results.ratings).map(([writer, rating]) =>
    row(WRITERS[writer] ?? writer, interval(rating, decimal), interval(results.taken_for_owner[writer], percent))));
  list.append(...Object.entries(results.repeated_decisions).map(([kind, rate]) =>
    item(`${KINDS[kind] ?? kind} decided again: ${rate.n}, as before in ${interval(rate, percent)}`)));
  if (results.satisfaction) {
    list.append(item(`Answers in chats rated: ${results.in_use}, 8 or more in ${interval(results.satisfaction, percent)}`));
  }
  if (!list.childElementCount) list.remove();
}

const decimal = (figure) => figure.toLocaleString([], {minimumFractionDigits: 1, maximumFractionDigits: 1});
const percent = (figure) => figure.toLocaleString([], {style: "percent"});
const interval = ({value, low, high}, form) => `${form(value)} (${form(low)} to ${form(high)})`;
const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

function row(writer, ...figures) {
  const line = document.createElement("tr"), head = document.createElement("th");
  head.scope = "row";
  head.textContent = writer;
  line.append(head, ...figures.map((figure) => Object.assign(document.createElement("td"), {textContent: figure})));
  return line;
}

const item = (text) => Object.assign(document.createElement("li"), {textContent: text});
