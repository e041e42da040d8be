// Who uses the page: the token becomes a cookie that no script can read.

import {ask} from "./api.js";
import {byId, say} from "./dom.js";

/** Log in with the code in the address, if it has one; a sentence where the code was refused. */
export async function useCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("login");
  if (!code) return null;
  history.replaceState(null, "", location.pathname);
  return attempt({code}, "That link was used already, or is older than five minutes. Log in with the token:");
}

/** Ask for the token until the server takes it; `why` says what happened to the one before. */
export function logIn(why) {
  const main = byId("login"), form = main.querySelector("form"), token = byId("token");
  byId("chat").hidden = true;
  main.hidden = false;
  say(byId("login-why"), why);
  token.focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const wrong = await attempt(
        {token: token.value},
        "This server has no such token. Copy the whole line of the file that `maverick serve` named.",
      );
      say(byId("login-why"), wrong);
      if (wrong) return token.select();
      token.value = "";
      main.hidden = true;
      resolve();
    };
  });
}

/** Forget the token in this browser. Throws `Failure`. */
export async function logOut() {
  await ask("DELETE", "/api/login");
  location.replace(location.pathname);
}

async function attempt(shown, refused) {
  try {
    await ask("POST", "/api/login", shown);
    return null;
  } catch (failure) {
    return failure.status === 401 ? refused : failure.message;
  }
}
