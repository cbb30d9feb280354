// The keyboard: rows, menus, and keys for what the page offers. Everything works without this script.

import { openCommands } from "./commands.js";
import { focusRow, goTo, here, openModal } from "./focus.js";

/** On a Mac, Control and K deletes text in a field, and Command and K is free. */
const isMac = /^(Mac|iP)/.test(navigator.platform);
const COMMANDS = isMac ? "⌘ K" : "Ctrl K";

/** The keys, as the list shows them, and what they do. Those that another part of the page or the browser handles do nothing here. */
const KEYS = [
  ["j", "Next row", () => step(1)],
  ["k", "Previous row", () => step(-1)],
  ["x", "Select the row, or leave it out again", () => rowHere()?.querySelector("input[type=checkbox]")?.click()],
  ["Enter", "Open the number of the row"],
  ["/", "Search", search],
  ["?", "Show this list", showKeys],
  [COMMANDS, "Commands: go to a page, or act on the row or the selected numbers"],
  ["↓ ↑", "Open the menu of a row, and move in it; Home, End and letters too"],
  ["Esc", "Close; focus returns to where it was"],
];

/** Whether single keys are on. Those who speak to their computer, or whose hands shake, may want them off. */
const SETTING = "single-keys";
const areOn = () => localStorage.getItem(SETTING) !== "off";

document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog:modal")) return;
  if (key.toLowerCase() === "k" && (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey) {
    event.preventDefault();
    openCommands({ showKeys, row: rowHere() });
    return;
  }
  if (ctrlKey || metaKey || altKey) return;
  const isDone = inMenu(event) || inField(event) || openRow(event);
  const run = !isDone && !isTyping(target) && areOn() && KEYS.find(([name]) => name === key)?.[2];
  if (run) run();
  if (isDone || run) event.preventDefault();
});

document.querySelector(".open-commands")?.addEventListener("click", () => openCommands({ showKeys, row: rowHere() }));
for (const hint of document.querySelectorAll(".open-commands kbd")) hint.textContent = COMMANDS;

const NO_TEXT = ":not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset])";
const isTyping = (target) => Boolean(target.closest?.(`input${NO_TEXT}, textarea, select, [contenteditable]`));

// ---- Rows ----

/** The row that last had the focus: its `data-row`. */
let latest;
document.addEventListener("focusin", ({ target }) => (latest = target.closest("[data-row]")?.dataset.row ?? latest));

const rowHere = () => document.activeElement?.closest("[data-row]");

function step(by) {
  const rows = [...document.querySelectorAll("main [data-row]")].filter((row) => row.checkVisibility());
  const at = rows.indexOf(rowHere() ?? rows.find((row) => row.dataset.row === latest));
  const row = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  if (row) focusRow(row);
}

/** Enter on a row's box would submit its form. Links and buttons have their own Enter. */
function openRow({ key, target }) {
  const row = target.closest?.("[data-row]");
  const opens = key === "Enter" && row && (target === row || target.matches("input[type=checkbox]"));
  if (opens) row.querySelector("a[href]")?.click();
  return opens;
}

// ---- Search ----

const FIELD = "main input[type=search]";
let beforeSearch;

function search() {
  const field = document.querySelector(FIELD);
  beforeSearch = here();
  field?.focus();
  field?.select();
}

/** The browser clears the field with Escape. Once it is empty, Escape leaves it. */
function inField({ key, target }) {
  if (key !== "Escape" || !target.matches?.(FIELD) || target.value !== "" || !beforeSearch) return false;
  goTo(beforeSearch);
  return true;
}

// ---- Menus ----

/** A menu is a disclosure: a button and a list of buttons that Tab reaches too. Arrows, Home, End and letters are shorter. */
function inMenu({ key, target }) {
  const menu = target.closest?.("details.actions");
  if (!menu || (!menu.open && key !== "ArrowDown" && key !== "ArrowUp")) return false;
  const [button, items] = [menu.querySelector("summary"), [...menu.querySelectorAll("li :is(a, button)")]];
  if (key === "Escape") {
    menu.open = false;
    button.focus();
    return true;
  }
  const item = items.at(nextItem(key, items, items.indexOf(target)) ?? NaN);
  const isMove = /^(Arrow(Down|Up)|Home|End)$/.test(key) || (key.length === 1 && key !== " ");
  if (!isMove) return false;
  menu.open = true;
  item?.focus();
  return true;
}

/** Where the key leads in a menu; -1 for its last item. `at` is -1 on the menu's button. */
function nextItem(key, items, at) {
  const steps = { ArrowDown: (at + 1) % items.length, ArrowUp: Math.max(at, 0) - 1, Home: 0, End: -1 };
  if (key in steps) return steps[key];
  const begins = (item) => item.textContent.trim().toLowerCase().startsWith(key.toLowerCase());
  return [...items.keys()].map((i) => (i + at + 1) % items.length).find((i) => begins(items[i]));
}

/** A menu closes when the user goes on elsewhere. */
const closeMenus = ({ target }) => {
  for (const menu of document.querySelectorAll("details.actions[open]")) if (!menu.contains(target)) menu.open = false;
};
document.addEventListener("click", closeMenus);
document.addEventListener("focusin", closeMenus);

// ---- The list of keys ----

function showKeys() {
  const make = (name, properties, ...content) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...content);
    return element;
  };
  const keys = (names) => names.split(" ").flatMap((name) => [make("kbd", {}, name), " "]);
  const box = make("input", { type: "checkbox", checked: areOn() });
  box.addEventListener("change", () => localStorage.setItem(SETTING, box.checked ? "on" : "off"));
  const close = make("button", { className: "first", type: "button" }, "Close");
  const dialog = make("dialog", { className: "keys" },
    make("section", { className: "panel" },
      make("h1", { id: "keys-title" }, "Keys"),
      make("dl", {}, ...KEYS.map(([names, what]) => make("div", {}, make("dt", {}, ...keys(names)), make("dd", {}, what)))),
      make("label", { className: "tick" }, box, make("span", {}, "Single keys: j, k, x, / and ?")),
      make("p", { className: "choices" }, close)));
  dialog.setAttribute("aria-labelledby", "keys-title");
  close.addEventListener("click", () => dialog.close());
  const place = here();
  document.body.append(dialog);
  openModal(dialog, place).then(() => dialog.remove());
  close.focus();
}
