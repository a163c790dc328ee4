// The language of the page, which the server has chosen by what the browser asks for.

import words from "./words.js";

const LANGUAGE = document.documentElement.lang;

/** For Intl: the reader's own kind of the language, "de-AT"; English has the day before the month without one. */
export const LOCALE =
  navigator.languages.find((each) => each.split("-")[0] === LANGUAGE) ?? (LANGUAGE === "en" ? "en-GB" : LANGUAGE);

const NUMBERS = new Intl.NumberFormat(LOCALE);
const PLURALS = new Intl.PluralRules(LANGUAGE);
const told = (value) => (typeof value === "number" ? NUMBERS.format(value) : value);

/** Say `english` in the language of the page; `{name}` becomes what `values` has for it. */
export const t = (english, values = {}) =>
  (words[english] ?? english).replace(/{(\w+)}/g, (all, name) => (name in values ? told(values[name]) : all));

/** Say `one` or `other`, as `count` asks for it; `{n}` is the count. */
export const plural = (count, one, other, values = {}) =>
  t(PLURALS.select(count) === "one" ? one : other, { n: count, ...values });
