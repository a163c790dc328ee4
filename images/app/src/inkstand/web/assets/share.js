// What somebody shared with the installed page from elsewhere, a text or a picture, comes into the form.

import { toast } from "./dom.js";
import { t } from "./language.js";

const PROBLEMS = {
  "log-in": t("The picture did not come along: log in, then share it once more."),
  "too-large": t("That is too large to be shared."),
  busy: t("Others are sharing pictures just now. Share it once more."),
};

/** Return {text, picture, problem} of what the server put into the page, null if nothing was shared. */
export function shared() {
  const held = document.getElementById("shared");
  if (!held) return null;
  held.remove();
  // A reload is a visit, and does not share it once more.
  history.replaceState(null, "", "/");
  const { title, text, url, problem = "" } = held.dataset;
  const parts = [title, text, url].filter(Boolean).filter((part, index, all) => all.indexOf(part) === index);
  return { text: parts.join("\n"), picture: pictureOf(held), problem };
}

/** Say what became of it where it did not arrive. */
export const tell = ({ problem }) => toast(PROBLEMS[problem]);

function pictureOf(held) {
  const body = held.content.textContent;
  if (!body) return null;
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  return new File([bytes], held.dataset.name || "picture", { type: held.dataset.type });
}
