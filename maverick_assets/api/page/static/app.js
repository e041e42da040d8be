// The page from its start: logging in, choosing, writing, and carrying chats on.

import {get} from "./api.js";
import {Choices} from "./choices.js";
import {Conversation} from "./conversation.js";
import {announce, byId, fit, say} from "./dom.js";
import {JUDGING, Judging} from "./judging.js";
import {logIn, logOut, useCode} from "./login.js";
import {Sessions, addressOf, namedSession} from "./sessions.js";

const DRAFT = "draft", UNANSWERED = "unanswered"; // in the tab's own storage, until it is closed
const field = byId("field"), composer = byId("composer");
const touch = matchMedia("(hover: none) and (pointer: coarse)").matches;
const device = (navigator.userAgentData?.platform || navigator.platform || "browser").replace(/[^\w .-]/g, "").slice(0, 40);

let retries = []; // what `Try again` does: more than one request may have failed
let updatedAt = null; // of the chat that is open, as this page knows it

const choices = new Choices(() => {
  if (!conversation.isEmpty) begin();
  showEmpty();
});
const sessions = new Sessions({
  titleOf: (personality) => choices.titleOf(personality),
  onDeleted: (id) => { if (id === conversation.session) begin(); },
  onFailure: failed,
});
const conversation = new Conversation({
  fields: () => choices.chosen(),
  titleOf: (personality) => choices.titleOf(personality),
  device,
  onBusy: showBusy,
  onAnswer: answered,
  onFailure: failed,
  onText: giveBack,
  idOfCut,
});
const judging = new Judging({
  onLostToken: (failure) => { judging.close(); return failed(failure); },
  onLogOut: () => logOut().catch((failure) => failed(failure, logOut)),
});
let judgesAlone = false; // the token is of an acquaintance, who judges and does nothing else

async function start() {
  wire();
  field.value = [sessionStorage.getItem(UNANSWERED), sessionStorage.getItem(DRAFT)].filter(Boolean).join("\n\n");
  addEventListener("pageshow", () => fit(field), {once: true});
  const refused = await useCode();
  if (refused) await logIn(refused);
  await enter();
}

/** Load what the token may see, and ask for a token where none is known. */
async function enter() {
  judgesAlone = false;
  try {
    choices.load(await get("/api/personalities"));
    byId("chat").hidden = false;
    fit(field);
    await openNamed();
  } catch (failure) {
    if (failure.status === 403 && await offerJudging()) {
      judgesAlone = true;
      return judging.open(null);
    }
    byId("chat").hidden = false;
    if (failure.status !== 401) return failed(failure, enter);
    await logIn(null);
    return enter();
  }
  await listSessions();
  await offerJudging();
  if (location.hash === JUDGING) return openJudging();
  if (document.activeElement === document.body) focusField(); // or somebody is quicker
}

/** Show the way to what the token may judge; false where it may not judge. */
async function offerJudging() {
  try {
    byId("to-judging").hidden = !await judging.load();
    return true;
  } catch { // who chats misses a link, and the next request says what is wrong
    byId("to-judging").hidden = true;
    return false;
  }
}

function openJudging() {
  closeSessions();
  if (judgesAlone) return judging.open(null);
  if (byId("to-judging").hidden) return history.replaceState(null, "", location.pathname);
  judging.open(addressOf(conversation.session));
}

async function listSessions() {
  try {
    await sessions.refresh(conversation.session);
  } catch (failure) {
    await failed(failure, listSessions);
  }
}

/** Open the chat that the address names, or an empty one. Throws `Failure`. */
async function openNamed() {
  const id = namedSession();
  if (id !== null && id === conversation.session) return;
  complain(null);
  let session = null;
  if (id !== null) {
    try {
      session = await get(`/api/sessions/${encodeURIComponent(id)}`);
    } catch (failure) {
      if (failure.status !== 404) throw failure;
      history.replaceState(null, "", location.pathname);
      complain("That chat is gone: it was deleted, or it is not yours.");
    }
  }
  if (session && !choices.choose(session)) {
    complain(`${session.personality} is not in service: this chat can be read, and not carried on.`);
  }
  conversation.show(session);
  updatedAt = session?.updated_at ?? null;
  sessions.mark(conversation.session);
  showEmpty();
  if (session) announce(`Chat opened: ${session.title}`);
}

function begin() {
  history.pushState(null, "", location.pathname);
  conversation.show(null);
  updatedAt = null;
  complain(null);
  sessions.mark(null);
  showEmpty();
  closeSessions();
  focusField();
}

async function answered(end) {
  sessionStorage.removeItem(UNANSWERED);
  if (end.session) history.replaceState(null, "", addressOf(end.session));
  try {
    if (end.version !== choices.current?.version) choices.load(await get("/api/personalities"));
    await sessions.refresh(conversation.session);
    updatedAt = sessions.updatedAt(conversation.session) ?? null;
  } catch (failure) {
    failed(failure);
  }
}

async function idOfCut(text) {
  const id = await sessions.findNew(text).catch(() => null);
  if (id) history.replaceState(null, "", addressOf(id));
  sessions.mark(id);
  return id;
}

/** Say what went wrong and what to do; `retry` does it, where a button can. */
async function failed(failure, retry = null) {
  if (failure.status === 401) {
    await logIn(failure.message);
    return enter();
  }
  complain(failure.message, retry ?? sendAgain);
}

function complain(sentence, retry = null) {
  say(byId("problem"), sentence);
  retries = sentence && retry ? [...retries, retry] : [];
  byId("again").hidden = retries.length === 0;
}

function tryAgain() {
  const all = new Set(retries);
  complain(null);
  focusField();
  for (const retry of all) retry();
}

function submit() {
  const text = field.value.trim();
  if (!text || conversation.busy || !choices.current) return;
  field.value = "";
  keepDraft();
  sessionStorage.setItem(UNANSWERED, text);
  complain(null);
  conversation.send(text);
  showEmpty();
}

const sendAgain = () => composer.requestSubmit();

function stop() {
  sessionStorage.removeItem(UNANSWERED);
  conversation.stop();
}

/** Put a message that was not answered back before whatever was written since. */
function giveBack(text) {
  sessionStorage.removeItem(UNANSWERED);
  field.value = [text, field.value].filter(Boolean).join("\n\n");
  keepDraft();
  showEmpty();
}

function keepDraft() {
  sessionStorage.setItem(DRAFT, field.value);
  fit(field);
}

function showBusy(busy) {
  const hadFocus = [byId("send"), byId("stop")].includes(document.activeElement);
  byId("send").hidden = busy;
  byId("stop").hidden = !busy;
  if (hadFocus) field.focus();
  for (const button of document.querySelectorAll(".edit")) button.disabled = busy;
}

function showEmpty() {
  const empty = byId("empty"), current = choices.current;
  empty.hidden = !conversation.isEmpty;
  const heading = document.createElement("h2"), text = document.createElement("p");
  heading.textContent = current ? current.title || current.name : "No personality answers yet";
  text.textContent = current
    ? current.description
    : "None is in service, or your token may talk to none. `maverick run weekly` trains and releases them where "
      + "the server runs; it takes them in by itself.";
  empty.replaceChildren(heading, text);
  if (!current) {
    const again = document.createElement("button");
    again.textContent = "Look again";
    again.onclick = enter;
    empty.append(again);
  }
  byId("send").disabled = !current;
}

function closeSessions() {
  byId("sessions").classList.remove("open");
  byId("open-sessions").setAttribute("aria-expanded", "false");
}

function focusField() {
  if (!touch && !byId("chat").hidden) field.focus();
}

/** Another device may have carried a chat on while this page was hidden. */
async function catchUp() {
  if (document.hidden || conversation.busy || byId("chat").hidden || !byId("login").hidden) return;
  try {
    await sessions.refresh(conversation.session);
    const newest = sessions.updatedAt(conversation.session);
    const writing = document.querySelector(".editor, .rating");
    if (newest && newest !== updatedAt && !conversation.busy && !writing) {
      conversation.show(await get(`/api/sessions/${encodeURIComponent(conversation.session)}`));
      updatedAt = newest;
    }
  } catch (failure) {
    failed(failure, catchUp);
  }
}

function wire() {
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", keepDraft);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
    event.preventDefault();
    submit();
  });
  byId("stop").addEventListener("click", stop);
  byId("again").addEventListener("click", tryAgain);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("confirm").open) return;
    if (byId("sessions").classList.contains("open")) {
      closeSessions();
      byId("open-sessions").focus();
    } else stop();
  });
  byId("new").addEventListener("click", begin);
  byId("logout").addEventListener("click", () => logOut().catch((failure) => failed(failure, logOut)));
  byId("open-sessions").addEventListener("click", () => {
    byId("sessions").classList.add("open");
    byId("open-sessions").setAttribute("aria-expanded", "true");
    byId("new").focus();
  });
  byId("close-sessions").addEventListener("click", () => {
    closeSessions();
    byId("open-sessions").focus();
  });
  byId("scroll").addEventListener("pointerdown", closeSessions);
  byId("session-list").addEventListener("click", ({target}) => { if (target.closest("a")) closeSessions(); });
  addEventListener("popstate", () => {
    if (location.hash === JUDGING) return openJudging();
    if (judgesAlone) return;
    closeSessions();
    if (judging.isOpen) {
      judging.close();
      if (namedSession() === conversation.session) return focusField(); // its answer may be under way
    }
    openNamed().then(focusField, (failure) => failed(failure, () => openNamed().catch(failed)));
  });
  document.addEventListener("visibilitychange", catchUp);
  addEventListener("online", () => { complain(null); catchUp(); });
  addEventListener("offline", () => complain("This device is offline; what you write is kept."));
}

start();
