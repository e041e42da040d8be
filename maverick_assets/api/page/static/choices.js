// Which personality answers, in which mood and mode, and what is known of its version.

import {byId, when} from "./dom.js";

export class Choices {
  #all = [];
  #selects = {personality: byId("personality"), mood: byId("mood"), mode: byId("mode")};

  /** `onPersonality` is called when the person takes another personality. */
  constructor(onPersonality) {
    this.#selects.personality.addEventListener("change", () => {
      this.#show();
      onPersonality();
    });
  }

  /** Take in what `GET /api/personalities` lists; what is chosen stays so, where it still can. */
  load(personalities) {
    const before = this.chosen();
    this.#all = personalities;
    // Reports quote examples: who may read none sees no link.
    byId("reports").hidden = !personalities.some(({report}) => report);
    fill(this.#selects.personality, personalities.map(({name, title}) => [name, title || name]));
    this.choose(before);
  }

  /** Choose; false for a personality that is not in service. */
  choose({personality, mood, mode}) {
    const found = this.#all.some(({name}) => name === personality);
    if (found) this.#selects.personality.value = personality;
    this.#show();
    pick(this.#selects.mood, mood);
    pick(this.#selects.mode, mode);
    return found;
  }

  /** The fields of a request; null where nothing is chosen. */
  chosen() {
    const value = (select) => select.value || null;
    const {personality, mood, mode} = this.#selects;
    return {personality: value(personality), mood: value(mood), mode: value(mode)};
  }

  /** What is known of the personality that is chosen, if any is in service. */
  get current() {
    return this.#all.find(({name}) => name === this.#selects.personality.value);
  }

  /** What to call a personality. */
  titleOf(personality) {
    return this.#all.find(({name}) => name === personality)?.title || personality;
  }

  #show() {
    const current = this.current, about = byId("about");
    byId("personality").closest(".choices").hidden = !current;
    about.replaceChildren();
    for (const kind of ["mood", "mode"]) {
      const names = Object.entries(current?.[`${kind}s`] ?? {});
      const before = this.#selects[kind].value;
      fill(this.#selects[kind], [["", `no ${kind}`], ...names.map(([name, meaning]) => [name, name, meaning])]);
      pick(this.#selects[kind], before);
      this.#selects[kind].closest("label").hidden = !names.length;
    }
    if (!current) return;
    const released = current.released_at ? `, released ${when(current.released_at)}` : "";
    const version = document.createElement("span");
    version.textContent = `${current.version}${released}`;
    about.append(version, ...links(current));
  }
}

function links({report, lineage}) {
  return Object.entries({Report: report, Lineage: lineage}).filter(([, url]) => url).map(([name, url]) => {
    const link = document.createElement("a");
    Object.assign(link, {href: url, textContent: name, target: "_blank", rel: "noopener noreferrer"});
    return link;
  });
}

function fill(select, entries) {
  const options = entries.map(([value, text, title]) => Object.assign(new Option(text, value), {title: title ?? ""}));
  select.replaceChildren(...options);
}

function pick(select, value) {
  select.value = value ?? "";
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}
