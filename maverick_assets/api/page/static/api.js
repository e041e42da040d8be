// The server, as the page asks it: JSON, server-sent events, and one sentence for each failure.

/** A request without its answer. `status` is of HTTP; 0 where the server was not reached. */
export class Failure extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

const GONE = "The server does not answer. See whether `maverick serve` runs, then try again.";
// Other refusals have a sentence of the server.
const SENTENCES = {
  401: "Your token opens nothing any more: somebody removed it. Log in with another one.",
  413: "The message is too long. Shorten it, then send it again.",
  429: "Too many requests in one minute. Wait some seconds, then try again.",
  500: "The server failed at this. Its terminal says more; try again, or ask something else.",
  502: GONE, // says a proxy
  504: GONE,
};

export const OFFLINE = "This device is offline. Try again when it is back; what you wrote is kept.";
export const CUT = "The connection broke before the end of the answer.";

/** The answer to a request. Throws `Failure`, and the `AbortError` of a signal. */
export async function ask(method, path, body, signal) {
  const headers = body === undefined ? {} : {"Content-Type": "application/json"};
  let response;
  try {
    response = await fetch(path, {
      method, headers, body: JSON.stringify(body), signal, credentials: "same-origin", redirect: "error",
    });
  } catch (error) {
    throw failure(error);
  }
  if (!response.ok) throw new Failure(response.status, await sentence(response));
  return response;
}

/** The JSON of an answer. Throws what `ask` throws. */
export async function get(path) {
  const response = await ask("GET", path);
  try {
    return await response.json();
  } catch (error) {
    throw broken(error);
  }
}

/** The server-sent events of an answer. Throws `Failure` where the connection breaks. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
    }
  } catch (error) {
    throw broken(error);
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** What a body is that could not be read to its end: whatever the browser calls it. */
function broken(error) {
  return error.name === "AbortError" ? error : new Failure(0, CUT);
}

function failure(error) {
  if (error.name === "AbortError") return error;
  return new Failure(0, navigator.onLine ? GONE : OFFLINE);
}

async function sentence(response) {
  if (SENTENCES[response.status]) return SENTENCES[response.status];
  try {
    return asSentence((await response.json()).error);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return `The server answered with status ${response.status}. Try again.`;
  }
}

/** `the model failed` -> `The model failed.`; `allan-maverick v1.0 ...` begins with a name. */
export function asSentence(text) {
  const begun = /^[a-z]+ (?!v\d)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return begun + (/[.!?]$/.test(begun) ? "" : ".");
}
