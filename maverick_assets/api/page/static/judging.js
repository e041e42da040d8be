// Judging: answers of which nobody says who wrote them, and old decisions for the owner to decide again.

import {ask, get} from "./api.js";
import {announce, byId, copyOf, say} from "./dom.js";
import {showEnd} from "./judging_results.js";

export const JUDGING = "#judge"; // the part of the page's address that opens this view
const BLIND = 10, AGAIN = 20; // questions in one sitting
const OPTIONS = {
  accept: "Accept", counter: "Yes, on a condition", decline: "Decline", defer: "Not yet: decide later",
};

export class Judging {
  #hooks;
  #entries = [];
  #view = byId("judge-view");
  #retry = null;

  /** Hooks: `onLostToken(failure)`, `onLogOut()`. */
  constructor(hooks) {
    this.#hooks = hooks;
    byId("judge-logout").addEventListener("click", () => hooks.onLogOut());
    byId("judge-problem").querySelector("button").addEventListener("click", () => {
      say(byId("judge-problem"), null);
      this.#retry?.();
    });
  }

  /** Read what the token may judge; whether there is anything. Throws `Failure`: of status 403, it may not judge. */
  async load() {
    this.#entries = await get("/api/judging");
    return this.#entries.length > 0;
  }

  /** Show the view. `back`: the address of the chat to go back to; null: the token opens none. */
  open(back) {
    byId("from-judging").hidden = back === null;
    byId("from-judging").setAttribute("href", back || "#");
    this.#toggle(true);
    this.#start();
  }

  close() {
    this.#toggle(false);
    this.#view.replaceChildren();
  }

  #toggle(open) {
    byId("judging").hidden = !open;
    byId("chat").hidden = open;
    document.querySelector(".skip").hidden = open;
  }

  get isOpen() {
    return !byId("judging").hidden;
  }

  #show(element) {
    say(byId("judge-problem"), null);
    this.#view.replaceChildren(element);
    scrollTo(0, 0);
    element.querySelector("h1").focus({preventScroll: true}); // a screen reader begins to read here
  }

  #start() {
    const start = copyOf("judge-start"), select = start.querySelector("select");
    select.append(...this.#entries.map(({personality, title}) => new Option(title || personality, personality)));
    const chosen = () => this.#entries.find(({personality}) => personality === select.value);
    const describe = () => {
      const entry = chosen();
      start.querySelector(".blind").hidden = !entry?.questions;
      start.querySelector(".again").hidden = !entry?.decisions;
      start.querySelector(".results").hidden = !entry?.is_owner;
      start.querySelector(".explanation").textContent = entry?.is_owner
        ? `One of the answers is yours, the others were written by a program (${entry.version}).`
        : `${capital(entry?.owner ?? "")} wrote one of the answers, a program the others. Nobody is told who wrote `
          + "which, and names in them are made up.";
    };
    select.addEventListener("change", describe);
    start.querySelector(".which").hidden = this.#entries.length < 2;
    start.querySelector(".blind button").addEventListener("click", () => this.#draw(chosen(), "", BLIND));
    start.querySelector(".again button").addEventListener("click", () => this.#draw(chosen(), "/decisions", AGAIN));
    start.querySelector(".results").addEventListener("click", () => this.#end(chosen(), null));
    describe();
    if (!this.#entries.length) start.querySelector("h1").textContent = "There is nothing to judge yet";
    this.#show(start);
  }

  async #draw(entry, kind, count) {
    const path = `/api/judging/${encodeURIComponent(entry.personality)}${kind}?count=${count}`;
    try {
      this.#ask(entry, await get(path), 0, 0);
    } catch (failure) {
      this.#failed(failure, () => this.#draw(entry, kind, count));
    }
  }

  /** Ask the question at a place; `kept` of those before it were answered. */
  #ask(entry, questions, at, kept) {
    if (at === questions.length) return this.#end(entry, kept);
    const question = questions[at];
    const form = question.options ? decisionForm(question) : blindForm(question, entry);
    const what = question.options ? "Decision" : "Question";
    form.querySelector("h1").textContent = `${what} ${at + 1} of ${questions.length}`;
    Object.assign(form.querySelector("progress"), {max: questions.length, value: at});
    form.querySelector("progress").setAttribute("aria-label", `${at} of ${questions.length} done`);
    if (at + 1 === questions.length) form.querySelector("button.main").textContent = "Finish";
    form.querySelector(".skip-one").addEventListener("click", () => this.#ask(entry, questions, at + 1, kept));
    form.querySelector(".end").addEventListener("click", () => this.#end(entry, kept));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button.main");
      if (button.disabled) return;
      button.disabled = true; // or a second press keeps it twice
      try {
        await ask("POST", ...said(form, question));
      } catch (failure) {
        button.disabled = false;
        if (failure.status === 401) return this.#failed(failure);
        return say(form.querySelector(".wrong"), failure.message);
      }
      // `End here` may have been pressed meanwhile.
      if (form.isConnected) this.#ask(entry, questions, at + 1, kept + 1);
    });
    this.#show(form);
  }

  /** The end of a sitting; `kept` null: somebody looks at the results alone. */
  async #end(entry, kept) {
    const end = copyOf("judge-end");
    try {
      const results = entry.is_owner ? await get(`/api/judging/${encodeURIComponent(entry.personality)}/results`) : null;
      showEnd(end, entry, kept, results);
    } catch (failure) {
      return this.#failed(failure, () => this.#end(entry, kept));
    }
    end.querySelector("button").addEventListener("click", () => this.#start());
    this.#show(end);
    if (kept) announce(`${kept} kept`);
  }

  #failed(failure, retry = null) {
    if (failure.status === 401) return this.#hooks.onLostToken(failure);
    this.#retry = retry;
    say(byId("judge-problem"), failure.message);
    byId("judge-problem").querySelector("button").hidden = !retry;
  }
}

/** Path and body of the request that keeps what a form says. */
function said(form, question) {
  const {personality, seed} = question, data = new FormData(form);
  const pick = data.get("pick");
  if (question.options) {
    return ["/api/judging/decisions", {personality, example_id: question.example_id, seed, option: pick}];
  }
  const ratings = question.answers.map((_, place) => Number(data.get(`rating-${place}`)));
  const {version, question_id} = question;
  return ["/api/judging", {
    personality, version, question_id, seed, ratings, taken_for_owner: pick === "tie" ? null : Number(pick),
  }];
}

function blindForm({prompt, answers}, {owner, is_owner: isOwner}) {
  const form = copyOf("judge-question");
  form.querySelector(".prompt .text").textContent = prompt;
  form.querySelector(".answers").append(...answers.map((answer, place) => {
    const section = copyOf("judge-answer"), letter = letterOf(place);
    section.querySelector("h2").textContent = `Answer ${letter}`;
    section.setAttribute("aria-label", `Answer ${letter}`);
    section.querySelector(".text").textContent = answer;
    const grades = Array.from({length: 10}, (_, grade) => [String(grade + 1), String(grade + 1)]);
    const scale = section.querySelector(".scale");
    scale.append(...radios(`rating-${place}`, grades));
    scale.addEventListener("keydown", (event) => pickByDigit(event, scale));
    return section;
  }));
  form.querySelector(".pick legend").textContent = isOwner ? "Which one is you?" : `Which one did ${owner} write?`;
  const places = answers.map((_, place) => [String(place), letterOf(place)]);
  form.querySelector(".picks").append(...radios("pick", [...places, ["tie", "I cannot tell"]]));
  return form;
}

function decisionForm({text, options}) {
  const form = copyOf("judge-question");
  form.querySelector(".prompt").setAttribute("aria-label", "What is to be decided");
  form.querySelector(".prompt .text").textContent = text;
  form.querySelector(".answers").remove();
  form.querySelector(".pick legend").textContent = "What do you decide today?";
  form.querySelector(".picks").append(...radios("pick", options.map((option) => [option, OPTIONS[option] ?? option])));
  return form;
}

function radios(name, choices) {
  return choices.map(([value, text]) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, {type: "radio", name, value, required: true});
    label.append(input, text);
    return label;
  });
}

/** On a scale, 1 to 9 choose that, and 0 chooses 10. */
function pickByDigit(event, scale) {
  if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const input = scale.querySelectorAll("input")[(Number(event.key) + 9) % 10];
  input.checked = true;
  input.focus();
  event.preventDefault();
}

const letterOf = (place) => String.fromCharCode(65 + place);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
