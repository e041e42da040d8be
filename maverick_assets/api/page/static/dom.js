// What all parts of the page need of the document. Text goes in as text, never as markup.

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** A copy of the only element inside a template. */
export const copyOf = (id) => byId(id).content.firstElementChild.cloneNode(true);

/** Have a screen reader say something once it is quiet. */
export function announce(text) {
  const announcer = byId("announcer");
  announcer.textContent = "";
  // Two equal sentences one after the other would be no change, and not be said.
  requestAnimationFrame(() => { announcer.textContent = text; });
}

/** Show a sentence in an element, or hide it. */
export function say(element, text) {
  element.hidden = !text;
  (element.querySelector("span") ?? element).textContent = text ?? "";
}

/** Let a text area be as high as its text. */
export function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}

/** Copy a text; the button says whether it worked. */
export async function copy(text, button) {
  let done = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    done = "Not copied";
  }
  button.textContent = done;
  announce(done);
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

/** `now`, `5 min`, `14:05`, `3 Nov`, `3 Nov 2025` */
export function when(moment) {
  const at = new Date(moment), now = new Date();
  const minutes = Math.floor((now - at) / 60000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min ago`;
  if (at.toDateString() === now.toDateString()) {
    return at.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
  }
  const year = at.getFullYear() === now.getFullYear() ? {} : {year: "numeric"};
  return at.toLocaleDateString([], {day: "numeric", month: "short", ...year});
}

const ADDRESS = /https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?()[\]{}]/g;

/** The text with safe links in it: a link leads where it says, and nowhere else. */
export function linked(text) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const {0: address, index} of text.matchAll(ADDRESS)) {
    const url = safe(address);
    if (!url) continue;
    const link = document.createElement("a");
    Object.assign(link, {href: url, textContent: address, target: "_blank", rel: "noopener noreferrer nofollow"});
    fragment.append(text.slice(end, index), link);
    end = index + address.length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

// `https://bank.example@evil.example` leads to the second; `https://bаnk.example` may have a Cyrillic letter.
function safe(address) {
  try {
    const url = new URL(address);
    const plain = /^[\x21-\x7e]+$/.test(address) && !url.hostname.includes("xn--");
    const web = url.protocol === "https:" || url.protocol === "http:";
    return plain && web && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}
