// The conversation that is open: what was said, what is being answered, and what went wrong.

import {CUT, Failure, ask, asSentence, events, get} from "./api.js";
import {shown as shownDecision} from "./decision.js";
import {announce, byId, copy, copyOf, fit, linked, say, when} from "./dom.js";
import {toggleRating} from "./rating.js";

const NEAR = 80; // pixels from the end, within which the page follows an answer

export class Conversation {
  session = null; // id; null before the first answer
  #said = []; // {role, id, text, article, version, asked}
  #underWay = null; // AbortController of the answer
  #hooks;

  /**
   * Hooks: `fields()` of a request, `titleOf(personality)`, `device`, `onBusy(busy)`, `onAnswer(end)`,
   * `onFailure(failure, retry)`, `onText(text)` gives a message back that was not answered,
   * `idOfCut(text)` finds the id of a new session whose first answer was cut off.
   */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  get busy() {
    return this.#underWay !== null;
  }

  get isEmpty() {
    return this.#said.length === 0;
  }

  /** Show a stored session, or with null an empty conversation. */
  show(session) {
    this.stop();
    this.session = session?.id ?? null;
    this.#said = [];
    byId("messages").replaceChildren();
    for (const {role, id, text, at, version, device, context} of session?.messages ?? []) {
      const origin = [role === "user" ? device !== this.#hooks.device && device : version, when(at)];
      this.#add({role, id, text, version, context}, origin.filter(Boolean).join(" · "));
    }
    this.#follow(true);
  }

  /** End the answer under way; what came of it stays. */
  stop() {
    this.#underWay?.abort();
  }

  /** Ask. With `replaced`, an earlier message of the person, the conversation is cut before it. */
  async send(text, replaced = null) {
    if (this.busy) return;
    const control = this.#underWay = new AbortController();
    this.#hooks.onBusy(true);
    const removed = this.#cutBefore(replaced);
    const context = replaced?.context;
    const asked = this.#add({role: "user", text, context}, "");
    const answer = this.#add({role: "assistant", text: "", asked});
    answer.article.setAttribute("aria-busy", "true");
    this.#follow(true);
    try {
      const replaces = replaced && await this.#idOf(replaced, removed);
      await this.#answer(asked, answer, replaces, control.signal);
    } catch (failure) {
      await this.#failed(failure, asked, answer, removed);
    } finally {
      answer.article.removeAttribute("aria-busy");
      if (this.#underWay === control) {
        this.#underWay = null;
        this.#hooks.onBusy(false);
      }
    }
  }

  async #answer({text, context}, answer, replaces, signal) {
    const body = {
      message: text, ...(context && {context}), ...this.#hooks.fields(), session: this.session ?? "new", device: this.#hooks.device,
      stream: true, ...(replaces && {replaces}),
    };
    const {personality} = body;
    const node = answer.article.querySelector(".text").appendChild(document.createTextNode(""));
    for await (const event of events(await ask("POST", "/api/chat", body, signal))) {
      if (event.error) throw new Failure(409, asSentence(event.error));
      if (event.text !== undefined) {
        const following = this.#atEnd();
        answer.text += event.text;
        node.appendData(event.text);
        this.#follow(following);
      }
      if (event.response !== undefined) return this.#finish(event, answer, personality);
    }
    throw new Failure(0, CUT);
  }

  #finish(end, answer, personality) {
    Object.assign(answer, {text: end.response, id: end.message_id, version: end.version});
    answer.asked.id = end.user_message_id;
    this.session = end.session ?? this.session;
    const forgotten = end.dropped_messages && `the first ${end.dropped_messages} messages no longer fit`;
    this.#complete(answer, [end.version, end.node, forgotten].filter(Boolean).join(" · "));
    if (end.decision) answer.article.querySelector("footer").before(shownDecision(end.decision));
    announce(`${this.#hooks.titleOf(personality)} says: ${end.response}`);
    this.#hooks.onAnswer(end);
  }

  /** What an answer has once it is whole: links in its text, and buttons. */
  #complete(answer, origin) {
    const {article} = answer, following = this.#atEnd();
    article.querySelector(".text").replaceChildren(linked(answer.text));
    article.querySelector(".origin").textContent = origin;
    article.querySelector("footer").hidden = false;
    this.#follow(following);
  }

  async #failed(failure, asked, answer, removed) {
    const stopped = failure.name === "AbortError";
    if (stopped) announce("Stopped");
    if (!answer.text) { // nothing came: the message goes back into the field
      this.#drop([asked, answer]);
      this.#restore(removed);
      this.#hooks.onText(asked.text);
      return stopped || this.#hooks.onFailure(failure);
    }
    say(answer.article.querySelector(".cut"), stopped ? "Stopped." : "Cut off.");
    this.#complete(answer, "");
    answer.article.querySelector(".rate").hidden = true; // nobody knows which version said it
    if (this.#isOpen(answer)) this.session ??= await this.#hooks.idOfCut(asked.text);
    if (!stopped) this.#hooks.onFailure(failure, () => this.send(asked.text, asked));
  }

  #add(entry, origin) {
    const article = copyOf(entry.role === "user" ? "question" : "answer");
    this.#said.push(Object.assign(entry, {article}));
    const name = this.#hooks.titleOf(this.#hooks.fields().personality) ?? "Answer";
    article.setAttribute("aria-label", entry.role === "user" ? "You" : name);
    article.querySelector(".copy").onclick = (event) => copy(entry.text, event.currentTarget);
    byId("messages").append(article);
    if (entry.role === "user") {
      article.querySelector(".text").textContent = entry.text;
      say(article.querySelector(".about"), about(entry.context));
      article.querySelector(".origin").textContent = origin;
      article.querySelector(".edit").onclick = () => this.#edit(entry);
    } else {
      entry.asked ??= this.#said.at(-2);
      article.querySelector(".rate").onclick = () => toggleRating(article, () => this.#feedback(entry));
      if (entry.text) this.#complete(entry, origin);
    }
    return entry;
  }

  /** Whether an entry is of the conversation that is shown still. */
  #isOpen(entry) {
    return this.#said.includes(entry);
  }

  #feedback({text, version, id, asked}) {
    const stored = this.session && id ? {session: this.session, message_id: id} : {};
    const {personality} = this.#hooks.fields();
    return {personality, version, prompt: asked?.text ?? "", response: text, ...stored};
  }

  #edit(entry) {
    if (this.busy) return;
    const {article} = entry, form = copyOf("editor"), area = form.querySelector("textarea");
    const close = () => {
      form.remove();
      article.classList.remove("edited");
      article.querySelector(".edit").focus();
    };
    area.value = entry.text;
    area.oninput = () => fit(area);
    form.querySelector(".cancel").onclick = close;
    form.onsubmit = (event) => {
      event.preventDefault();
      const text = area.value.trim();
      if ((!text && !entry.context) || this.busy) return;
      close();
      byId("field").focus();
      this.send(text, entry);
    };
    form.onkeydown = (event) => {
      if (event.key === "Escape") close();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    };
    article.classList.add("edited");
    article.append(form);
    fit(area);
    area.focus();
  }

  /** The server's id of a message; null where the server has not stored it. */
  async #idOf(entry, removed) {
    if (entry.id || !this.session) return entry.id ?? null;
    const {messages} = await get(`/api/sessions/${encodeURIComponent(this.session)}`);
    const stored = messages[this.#said.length - 2 + removed.indexOf(entry)];
    return stored?.role === "user" && stored.text === entry.text ? stored.id : null;
  }

  #cutBefore(entry) {
    const at = entry ? this.#said.indexOf(entry) : -1;
    const removed = at < 0 ? [] : this.#said.splice(at);
    removed.forEach(({article}) => article.remove());
    return removed;
  }

  #restore(entries) {
    this.#said.push(...entries);
    byId("messages").append(...entries.map(({article}) => article));
  }

  #drop(entries) {
    this.#said = this.#said.filter((entry) => !entries.includes(entry));
    entries.forEach(({article}) => article.remove());
  }

  #atEnd() {
    const {scrollHeight, scrollTop, clientHeight} = byId("scroll");
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #follow(following) {
    const scroll = byId("scroll");
    if (following) scroll.scrollTop = scroll.scrollHeight;
  }
}

const ABOUT = ["from", "to", "subject", "relation", "deal_name", "deal_stage", "deal_amount", "deal_age_days", "note_title",
  "deal_notes", "body"]; // a database keeps no order of keys

/** What a message was about, a line each; null where it had no context. */
function about(context) {
  const entries = Object.entries(context ?? {}).flatMap(([key, value]) =>
    typeof value === "object" && value ? Object.entries(value) : [[key, value]]);
  const lines = entries.sort(([a], [b]) => ABOUT.indexOf(a) - ABOUT.indexOf(b))
    .map(([key, value]) => `${key.replaceAll("_", " ")}: ${value}`);
  return lines.join("\n") || null;
}
