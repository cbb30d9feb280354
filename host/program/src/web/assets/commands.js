// The command bar: the links and buttons that the server marks with `data-commands`, found by typing. It offers what the
// page offers, and so never what the user's role forbids.

import { here, openModal } from "./focus.js";

/** Commands listed at once, at most. */
const LISTED_MAX = 60;

const dialog = document.createElement("dialog");
dialog.className = "commands";
dialog.setAttribute("aria-label", "Commands");
dialog.innerHTML = `
  <div class="field-of-commands">
    <input role="combobox" aria-label="Command" aria-controls="command-list" aria-autocomplete="list" aria-expanded="true"
      placeholder="Go to a page, or do something" autocomplete="off" spellcheck="false" enterkeyhint="go">
    <button type="button" class="close" aria-label="Close">×</button>
  </div>
  <ul id="command-list" role="listbox" aria-label="Commands"></ul>
  <p role="status"></p>
  <p class="hint"><span><kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>Enter</kbd> do <kbd>Esc</kbd> close</span>
    <button type="button" class="all-keys">All keys</button></p>`;
document.body.append(dialog);

const [field, list, status] = [dialog.querySelector("input"), dialog.querySelector("ul"), dialog.querySelector("[role=status]")];

/** What is offered now, what of it is listed, and which of these Enter does. */
let commands = [];
let listed = [];
let active = 0;

/** Opens the bar: with what can be done with this row, or with the selected ones, before everything else. */
export async function openCommands({ showKeys, row }) {
  let chosen;
  const finish = (command) => {
    chosen = command;
    dialog.close();
  };
  dialog.onclick = ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) finish(listed[option.dataset.at]);
    else if (target.closest(".all-keys")) finish({ run: showKeys });
    else if (target === dialog || target.closest(".close")) dialog.close();
  };
  dialog.onkeydown = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.target !== field || (!by && event.key !== "Enter")) return;
    event.preventDefault();
    if (by) choose((active + by + listed.length) % listed.length);
    else if (listed[active]) finish(listed[active]);
  };
  commands = offered(row);
  field.value = "";
  const closed = openModal(dialog, here());
  show();
  field.focus();
  const more = await Promise.race([elsewhere(), closed]);
  if (more) {
    const known = new Set(commands.map(({ href }) => href));
    commands = [...commands, ...more.filter(({ href }) => !known.has(href))];
    if (dialog.open) show(active);
  }
  await closed;
  chosen?.run();
}

field.addEventListener("input", () => show());

/** Those of a page, by the names of what they belong to. */
function marked(page) {
  const elements = page.querySelectorAll("[data-commands]:is(a, button, input), [data-commands] :is(a[href], button)");
  return [...elements].filter((element) => !element.matches("[aria-current=page]"));
}

/** Of what is not shown, such as an item of a closed menu, only the plain text is known. */
const textOf = (element) => (element.checkVisibility() ? element.innerText : element.textContent);

const command = (element, run) => ({
  label: textOf(element.labels?.[0] ?? element).replace(/\s+/g, " ").trim(),
  of: element.closest("[data-commands]").dataset.commands,
  href: element.href,
  run,
});

function offered(row) {
  const isOffered = (element) => !element.disabled && (element.checkVisibility({ visibilityProperty: true }) || row?.contains(element));
  const isNear = (element) => Boolean(row?.contains(element) || element.closest(".bulk"));
  const elements = marked(document).filter(isOffered);
  const run = (element) => () => (element.matches("input") ? element.focus() : element.click());
  const inOrder = [...elements.filter(isNear), ...elements.filter((element) => !isNear(element))];
  return inOrder.map((element) => command(element, run(element)));
}

/** The accounts and pages that the start page leads to. */
let started;
function elsewhere() {
  const read = async () => {
    const response = await fetch("/", { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const links = marked(page).filter((element) => element.matches("a") && element.getAttribute("href") !== location.pathname);
    return links.map((link) => command(link, () => location.assign(link.href)));
  };
  started ??= read().catch(() => []);
  return started;
}

/** Lists what has every word of the text, numbers also by their digits; first what begins with it. */
function show(at = 0) {
  const text = field.value.trim().toLowerCase();
  const matches = ({ label, of }) => text.split(/\s+/).every((word) => `${label} ${of} ${of.replace(/\D/g, "")}`.toLowerCase().includes(word));
  const found = commands.filter(matches);
  const begins = ({ label }) => label.toLowerCase().startsWith(text);
  listed = [...found.filter(begins), ...found.filter((one) => !begins(one))].slice(0, LISTED_MAX);
  list.replaceChildren(...listed.map(option));
  list.hidden = listed.length === 0;
  field.setAttribute("aria-expanded", String(listed.length > 0));
  const isCut = found.length > listed.length;
  status.textContent = listed.length === 0 ? "No command matches." : `${listed.length}${isCut ? ` of ${found.length}` : ""} commands`;
  status.classList.toggle("unseen", listed.length > 0 && !isCut);
  choose(Math.min(at, Math.max(listed.length - 1, 0)));
}

function option({ label, of }, at) {
  const [element, small] = [document.createElement("li"), document.createElement("small")];
  small.textContent = of;
  element.append(label, " ", small);
  element.id = `command-${at}`;
  element.dataset.at = at;
  element.setAttribute("role", "option");
  return element;
}

function choose(at) {
  active = at;
  for (const element of list.children) element.setAttribute("aria-selected", String(element.id === `command-${at}`));
  const chosen = list.children[at];
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}
