// The list of chats: opened by their address, so that Back, bookmarks and other devices lead to them.

import {ask, get} from "./api.js";
import {announce, byId, copyOf, when} from "./dom.js";

const TRIES = 5; // the server keeps a chat that was cut off soon after it notices

export class Sessions {
  #listed = [];
  #hooks;

  /** Hooks: `titleOf(personality)`, `onDeleted(id)`, `onFailure(failure)`. */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** Read the list anew, and mark the chat that is open. Throws `Failure`. */
  async refresh(open) {
    this.#listed = (await get("/api/sessions")).sessions;
    const focused = document.activeElement, at = focused.closest("#session-list li")?.dataset.session;
    byId("session-list").replaceChildren(...this.#listed.map((session) => this.#entry(session)));
    entryOf(at)?.querySelector(focused.matches(".delete") ? ".delete" : "a").focus();
    byId("no-sessions").hidden = this.#listed.length > 0;
    this.mark(open);
  }

  /** Mark the chat that is open; null: none of those in the list. */
  mark(open) {
    for (const link of byId("session-list").querySelectorAll("a")) {
      if (link.hash === addressOf(open)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** When a chat was last carried on, if it is in the list. */
  updatedAt(id) {
    return this.#listed.find((session) => session.id === id)?.updated_at;
  }

  /** The id of a chat that was begun here with these words, and is not in the list yet, or null. */
  async findNew(words) {
    const known = new Set(this.#listed.map(({id}) => id));
    const begun = words.split(/\s+/).join(" ");
    for (let tries = 0; tries < TRIES; tries += 1) {
      await this.refresh(null);
      const found = this.#listed.find(({id, title}) => !known.has(id) && begun.startsWith(title.replace(/…$/, "")));
      if (found) return found.id;
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
    return null;
  }

  #entry(session) {
    const entry = copyOf("session");
    entry.dataset.session = session.id;
    const title = session.title || "Chat without a title";
    entry.querySelector("a").href = addressOf(session.id);
    entry.querySelector(".title").textContent = title;
    entry.querySelector(".where").textContent = [
      when(session.updated_at), this.#hooks.titleOf(session.personality), session.device,
    ].filter(Boolean).join(" · ");
    const button = entry.querySelector(".delete");
    button.setAttribute("aria-label", `Delete the chat: ${title}`);
    button.addEventListener("click", () => this.#delete(session.id, title));
    return entry;
  }

  async #delete(id, title) {
    // The list may be made anew while the question stands.
    if (!await confirmed(title)) return entryOf(id)?.querySelector(".delete").focus();
    try {
      await ask("DELETE", `/api/sessions/${encodeURIComponent(id)}`);
    } catch (failure) {
      if (failure.status !== 404) return this.#hooks.onFailure(failure);
    }
    const entry = entryOf(id), next = entry?.nextElementSibling ?? entry?.previousElementSibling;
    entry?.remove();
    (next?.querySelector("a") ?? byId("new")).focus();
    byId("no-sessions").hidden = byId("session-list").childElementCount > 0;
    announce("Chat deleted");
    this.#hooks.onDeleted(id);
  }
}

/** The part of the page's address that opens a chat. */
export const addressOf = (id) => (id ? `#chat=${encodeURIComponent(id)}` : "");

/** The chat that the page's address names, or null. */
export const namedSession = () => new URLSearchParams(location.hash.slice(1)).get("chat");

const entryOf = (id) => [...byId("session-list").children].find((entry) => entry.dataset.session === id);

function confirmed(title) {
  const dialog = byId("confirm"), form = dialog.querySelector("form");
  dialog.querySelector(".name").textContent = title;
  dialog.showModal();
  return new Promise((resolve) => {
    const decide = (yes) => {
      dialog.close();
      resolve(yes);
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      decide(event.submitter.value === "yes");
    };
    // Escape. The event comes late: by then the question may stand again, for another chat.
    dialog.onclose = () => { if (!dialog.open) decide(false); };
  });
}
