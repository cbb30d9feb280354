// Conveniences. Everything works without this script.

import { here, keepPlace, openModal } from "./focus.js";

// ---- An account's numbers: questions in a dialog, carrier cards on hover and focus, bulk selection ----

const fetchPage = async (url, options) => {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  return { response, page: new DOMParser().parseFromString(await response.text(), "text/html") };
};

/** Shows a question, then its result. When it closes after a change, the page behind it is reloaded. */
const dialog = document.createElement("dialog");
dialog.setAttribute("aria-live", "polite");
dialog.tabIndex = -1;
document.body.append(dialog);

/** `place` is where the user asked, and returns to. */
const show = async ({ page }, place) => {
  // A page without a dialog's content is an error page.
  const content = page.querySelector("[data-dialog]") ?? page.querySelector("main");
  const panel = content.matches(".panel") ? content : Object.assign(document.createElement("section"), { className: "panel" });
  if (panel !== content) panel.append(...content.childNodes);
  dialog.replaceChildren(document.adoptNode(panel));
  const title = panel.querySelector("h1");
  if (title) {
    title.id = "dialog-title";
    dialog.setAttribute("aria-labelledby", title.id);
  }
  const closed = dialog.open ? undefined : openModal(dialog, place);
  // The safe choice: what spends or loses is never one key away.
  (panel.querySelector("[aria-invalid='true']") ?? panel.querySelector("[autofocus]") ?? panel.querySelector(".first") ?? panel.querySelector("[data-close], a"))?.focus();
  if (!closed) return;
  await closed;
  if (dialog.querySelector("[data-changed]")) {
    keepPlace(place);
    location.reload();
  }
  dialog.replaceChildren();
};

document.addEventListener("question", ({ detail }) => show(detail, here()));

const fieldsOf = (form, submitter) => new URLSearchParams(new FormData(form, submitter));

/** Submits a form as the browser would, to the address of its button if that has one. */
const submit = (form, submitter) => {
  const address = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const fields = fieldsOf(form, submitter);
  return form.method === "post" ? fetchPage(address, { method: "POST", body: fields }) : fetchPage(`${address}?${fields}`);
};

addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (form.matches("[data-ask]")) {
    event.preventDefault();
    const place = here(submitter ?? form);
    submitter?.closest("details")?.removeAttribute("open");
    show(await submit(form, submitter), place);
  } else if (form.matches("[data-do]") && dialog.contains(form)) {
    event.preventDefault();
    const done = submit(form, submitter);
    form.setAttribute("aria-busy", "true");
    dialog.focus();
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    show(await done);
  } else if (form.matches(".finder")) {
    event.preventDefault();
    clearTimeout(waiting);
    find(form);
  }
});

addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (link?.matches("[data-ask]") && isPlain) {
    event.preventDefault();
    const place = here(link);
    link.closest("details")?.removeAttribute("open");
    show(await fetchPage(link.href), place);
  } else if (link?.matches("[data-close]") && dialog.contains(link)) {
    event.preventDefault();
    dialog.close();
  }
});

/** A carrier card is shown next to its mark, and what marks mean next to the question mark, while the pointer or the focus is
 *  on either. */
const cardOf = (mark) => document.getElementById(mark.getAttribute("popovertarget"));
const showCard = (mark) => {
  const card = cardOf(mark);
  if (card.matches(":popover-open")) return;
  card.showPopover();
  card.classList.add("placed");
  const [of, own] = [mark.getBoundingClientRect(), card.getBoundingClientRect()];
  const below = of.bottom + 4 + own.height < innerHeight || of.top < own.height;
  card.style.left = `${Math.max(8, Math.min(of.left, innerWidth - own.width - 8))}px`;
  card.style.top = `${below ? of.bottom + 4 : of.top - own.height - 4}px`;
};
const hideCard = (mark) => {
  // Leave the pointer time to move from the mark to its card.
  setTimeout(() => {
    const card = cardOf(mark);
    if (card && !card.matches(":hover") && !mark.matches(":hover, :focus")) card.hidePopover();
  }, 120);
};
const markAt = (event) => event.target.closest?.("button:is(.mark, .help)");
const markOf = (event) => markAt(event) ?? document.querySelector(`[popovertarget="${event.target.closest?.(".carrier-card, .marks")?.id}"]`);
for (const [enter, leave] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  document.addEventListener(enter, (event) => {
    const mark = markAt(event);
    if (mark && !(event.pointerType === "touch")) showCard(mark);
  });
  document.addEventListener(leave, (event) => {
    const mark = markOf(event);
    if (mark) hideCard(mark);
  });
}
document.addEventListener("click", (event) => {
  const mark = markAt(event);
  if (mark) {
    event.preventDefault();
    showCard(mark);
  }
});

/** Counts the selected numbers and enables the bulk actions. */
const bulk = () => document.querySelector("#bulk .bulk");
const updateSelection = () => {
  if (!bulk()) return;
  const rows = [...document.querySelectorAll('#bulk input[name="number"]')];
  const selected = rows.filter((row) => row.checked).length;
  const all = bulk().querySelector('input[name="all"]')?.checked;
  const every = document.getElementById("select-page");
  every.hidden = false;
  every.checked = selected === rows.length && selected > 0;
  every.indeterminate = selected > 0 && selected < rows.length;
  document.getElementById("selected").textContent = all ? "All selected:" : `${selected.toLocaleString("en")} selected:`;
  for (const button of bulk().querySelectorAll("button")) button.disabled = selected === 0 && !all;
};
document.addEventListener("change", ({ target }) => {
  if (target.id === "select-page") {
    for (const row of document.querySelectorAll('#bulk input[name="number"]')) row.checked = target.checked;
  }
  if (target.closest("#bulk")) updateSelection();
});

document.addEventListener("reset", ({ target }) => {
  if (target.id !== "bulk") return;
  // The button is not shown while nothing is selected, and the boxes are cleared after this event.
  setTimeout(() => {
    updateSelection();
    document.getElementById("select-page").focus();
  });
});

/** The table follows the search and the filters as the user edits them. */
let latest = 0;
const find = async (form) => {
  const fields = [...fieldsOf(form)].filter(([, value]) => value !== "");
  const url = `${form.getAttribute("action")}?${new URLSearchParams(fields)}`;
  const search = ++latest;
  const { response, page } = await fetchPage(url);
  const numbers = page.getElementById("numbers");
  if (search !== latest || !response.ok || !numbers) return;
  history.replaceState(null, "", url.replace(/\?$/, ""));
  // Keep the form: the user is typing in it.
  const finder = document.querySelector("#numbers .finder");
  numbers.querySelector(".finder").replaceWith(finder.cloneNode());
  const now = document.getElementById("numbers");
  for (const part of [...now.children]) if (part !== finder) part.remove();
  let isBefore = true;
  for (const part of [...numbers.children]) {
    if (part.matches(".finder")) isBefore = false;
    else if (isBefore) finder.before(document.adoptNode(part));
    else now.append(document.adoptNode(part));
  }
  finder.querySelector("[role=status]").textContent = numbers.dataset.found;
  // The figure whose numbers are shown is marked.
  document.querySelector(".figures")?.replaceWith(page.querySelector(".figures"));
  updateSelection();
};
let waiting;
document.addEventListener("input", ({ target }) => {
  const form = target.closest(".finder");
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => find(form), target.type === "search" ? 200 : 0);
});
document.addEventListener("refreshed", updateSelection);
updateSelection();

// ---- Phone numbers ----

/** A number is read as `(310) 555-0107` and copied in E.164, for a form or a program to take. One that is only partly
 * selected is copied as it is read. */
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  const numbers = [...document.querySelectorAll("data.number")].filter((number) => selection.containsNode(number, true));
  let [copied, rest] = ["", selection.toString()];
  let isChanged = false;
  for (const number of numbers) {
    const start = rest.indexOf(number.textContent);
    if (start < 0) continue;
    copied += rest.slice(0, start) + number.value;
    rest = rest.slice(start + number.textContent.length);
    isChanged = true;
  }
  if (!isChanged) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", copied + rest);
});

// ---- Setting up and inviting ----

// The browser knows in which time zone the first account probably is.
const zone = document.querySelector('form[action="/add-account"] input[name="time-zone"]');
if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

// A link to send on, with the address at which this browser reaches the dashboard.
for (const link of document.querySelectorAll("a[data-whole]")) link.textContent = link.href;
