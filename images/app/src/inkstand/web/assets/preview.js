// The preview: the server draws it as the panel will show it, while somebody types.

import { ask, content } from "./api.js";
import { byId, write } from "./dom.js";
import { t } from "./language.js";
import { keepWhole } from "./scale.js";

const PAUSE = 250;

export const HINT = t("The preview appears here, drawn as the panel will.");

let timer = 0;
let asked = null;
let shown = "";
let page = 1;
let pages = 1;
let draft = null;

/** Wire the buttons that turn pages. */
export function start() {
  keepWhole(byId("preview"), byId("preview-room"), byId("preview-frame"), 1);
  byId("page-back").addEventListener("click", () => turn(-1));
  byId("page-on").addEventListener("click", () => turn(+1));
}

/** Show a preview of `wanted`, {text, …how it looks} or {picture, framing, tone}, soon; null: of nothing. */
export function preview(wanted) {
  draft = wanted;
  page = 1;
  stop();
  if (draft === null) return empty(HINT);
  timer = setTimeout(fetchPreview, PAUSE);
}

/** Ask again for what could not be had before. */
export function again() {
  if (draft !== null) preview(draft);
}

function turn(by) {
  page = Math.min(Math.max(page + by, 1), pages);
  stop();
  fetchPreview();
}

function stop() {
  clearTimeout(timer);
  asked?.abort();
}

async function fetchPreview() {
  const mine = (asked = new AbortController());
  byId("preview-frame").dataset.busy = "";
  try {
    const answer = await ask("POST", where(), { ...what(), signal: mine.signal });
    await show(answer);
  } catch (error) {
    if (error.sentence) empty(error.sentence);
    else if (error.name !== "AbortError") throw error;
  }
  if (mine === asked) delete byId("preview-frame").dataset.busy;
}

function where() {
  if (draft.picture === undefined) return "/preview";
  return `/preview?${new URLSearchParams({ framing: draft.framing, tone: draft.tone })}`;
}

function what() {
  if (draft.picture === undefined) return { json: { ...draft, page } };
  return { body: draft.picture, headers: { "Content-Type": draft.picture.type } };
}

async function show(answer) {
  const picture = URL.createObjectURL(await content(answer, "blob"));
  page = Number(answer.headers.get("Inkstand-Page")) || 1;
  pages = Number(answer.headers.get("Inkstand-Pages")) || 1;
  replace(picture);
  byId("preview").alt = t("Preview of the panel, page {page} of {pages}", { page, pages });
  byId("preview-frame").dataset.state = "shown";
  write(byId("preview-hint"), "");
  warn(answer.headers.get("Inkstand-Hint"));
  tellPages();
}

function warn(sentence) {
  byId("preview-warning").hidden = !sentence;
  write(byId("preview-warning"), sentence ? `${sentence}.` : "");
}

function empty(sentence) {
  replace("");
  pages = 1;
  byId("preview").alt = "";
  byId("preview-frame").dataset.state = "empty";
  delete byId("preview-frame").dataset.busy;
  write(byId("preview-hint"), sentence);
  warn("");
  tellPages();
}

function replace(picture) {
  const before = shown;
  shown = picture;
  if (picture) byId("preview").src = picture;
  else byId("preview").removeAttribute("src");
  URL.revokeObjectURL(before);
}

function tellPages() {
  byId("pager").hidden = pages < 2;
  write(byId("page-number"), t("Page {page} of {pages}", { page, pages }));
  byId("page-back").disabled = page <= 1;
  byId("page-on").disabled = page >= pages;
}
