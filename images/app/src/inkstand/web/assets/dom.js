// Small helpers for the document.

export const byId = (id) => document.getElementById(id);

/** Make an element; `attributes` that are null or false are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Set a text only when it differs: a live region would be read again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let fading = 0;

/** Say something that matters for a moment. */
export function toast(sentence) {
  if (!sentence) return;
  const box = byId("toast");
  clearTimeout(fading);
  box.textContent = sentence;
  box.classList.add("up");
  fading = setTimeout(() => {
    box.classList.remove("up");
    box.textContent = "";
  }, 5000);
}

/** Ask before something that cannot be undone; resolves to true or false. */
export function confirmed(question, action) {
  const dialog = byId("confirm");
  byId("confirm-question").textContent = question;
  byId("confirm-yes").textContent = action;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Return what writes a problem into the element `id`; an empty text takes it away. */
export const writer = (id) => (sentence) => write(byId(id), sentence);

/** Say beside `control` what is wrong with it, and go there. */
export function complain(control, sentence) {
  control.setAttribute("aria-invalid", "true");
  write(control.parentElement.querySelector(".problem"), sentence.replace(/^./, (letter) => letter.toUpperCase()));
  control.focus();
}

/** Take away what `complain` said in `form`. */
export function forgive(form) {
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  for (const told of form.querySelectorAll(".field > .problem")) told.textContent = "";
}

/** Return what says a problem at the one of `fields` whose name it begins with, else in the element `id`. */
export const placer = (form, id, fields) => (sentence) => {
  if (!sentence) forgive(form);
  const control = fields[sentence.split(" ")[0].toLowerCase()];
  if (control) complain(control, sentence);
  else write(byId(id), sentence);
};

/** Run `action` with `button` out of use meanwhile, and `say` what went wrong, or show it at its field. */
export async function attempt(button, say, action) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  say("");
  try {
    await action();
  } catch (error) {
    if (!error.sentence) throw error;
    if (error.control) complain(error.control, error.sentence);
    else say(error.sentence);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Put `separator` between `parts`, texts or elements, as children of one element. */
export const joined = (parts, separator) =>
  parts.flatMap((part, index) => (index ? [separator, part] : [part]));
