// Requests to the API; the browser keeps the session in a cookie that no script can read.

import { t } from "./language.js";

const ROOT = "/api/v1";
const PATIENCE = 20_000;

/** Fires "unauthorized" when the session has ended. */
export const session = new EventTarget();

/** Something that people can be told in one sentence; `control` is what they have to change. */
export class Problem extends Error {
  constructor(message, control = null) {
    super(message);
    this.control = control;
  }

  get sentence() {
    const text = this.message.charAt(0).toUpperCase() + this.message.slice(1);
    return /[.!?…]$/.test(text) ? text : `${text}.`;
  }
}

// What is refused most, in the language of the page; all else is said as the server does, in English.
const SENTENCES = {
  unauthorized: t("You were logged out. Log in again."),
  "invalid-token": t("You were logged out. Log in again."),
  "invalid-credentials": t("That user and password do not belong together."),
  "too-many-attempts": t("Too many attempts. Try again later."),
  busy: t("Too many ask for this at a time. Try again in a moment."),
  broker: t("The MQTT broker has not taken it. Try again later."),
  "daily-limit": t("That was all for today. Come back tomorrow."),
  "invitation-not-found": t("This invitation was used, has ended, or was never there; ask for another."),
  "guest-not-found": t("This link has ended, or was never there; ask for another."),
};

/** What the server refused. */
export class Refused extends Problem {
  constructor(status, problem, retryAfter) {
    super(SENTENCES[problem.code] ?? problem.detail ?? problem.title ?? t("The server answered {status}", { status: String(status) }));
    this.status = status;
    this.code = problem.code ?? "";
    this.retryAfter = Number(retryAfter) || 0;
  }
}

/** What is said when the server did not answer. */
export const UNREACHABLE = t("The server cannot be reached. Try again when you are online.");

/** The server did not answer. */
export class Unreachable extends Problem {
  constructor() {
    super(UNREACHABLE);
  }
}

/** Return the answer to a request, or throw Refused or Unreachable. */
export async function ask(method, path, { json, body, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  const options = {
    method,
    headers: sent,
    body: json === undefined ? body : JSON.stringify(json),
    credentials: "same-origin",
    cache: "no-store",
    signal: signal ?? AbortSignal.timeout(PATIENCE),
  };
  const answer = await reach(() => fetch(ROOT + path, options));
  if (answer.ok) return answer;
  throw await refusal(answer, path);
}

/** Return what is in an answer, a "json" or a "blob", or throw Unreachable: it comes after its head. */
export const content = (answer, kind) => reach(() => answer[kind]());

export const get = async (path, options) => content(await ask("GET", path, options), "json");
export const post = async (path, json, options) =>
  content(await ask("POST", path, { json, ...options }), "json");
export const put = async (path, json) => content(await ask("PUT", path, { json }), "json");
export const patch = async (path, json) => content(await ask("PATCH", path, { json }), "json");
export const remove = (path) => ask("DELETE", path);

/** Return 128 random bits as text; crypto.randomUUID exists only under HTTPS. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function reach(load) {
  try {
    return await load();
  } catch (error) {
    if (error.name === "AbortError" || error.name === "SyntaxError") throw error;
    throw new Unreachable();
  }
}

async function refusal(answer, path) {
  const problem = await answer.json().catch(() => ({}));
  const isLogin = path === "/session";
  if (answer.status === 401 && !isLogin) session.dispatchEvent(new Event("unauthorized"));
  return new Refused(answer.status, problem, answer.headers.get("Retry-After"));
}
