// Where the user is. Focus returns there after a dialog, after a part of the page was replaced, and after an action or a
// filter that leads to the same page again. If the row is gone, it goes to the next one, or else to the list's heading.

const ROW = "[data-row]";

const rowSelector = (id) => `[data-row="${CSS.escape(id)}"]`;

/** A selector that finds the same element in a fresh page: by its attributes, or else by its position in its row or part. */
export function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const [row, part] = [element.closest(ROW), element.closest("[data-live]")];
  const [root, within] = row
    ? [row, rowSelector(row.dataset.row)]
    : [part ?? document.body, part ? `[data-live="${CSS.escape(part.dataset.live)}"]` : "body"];
  if (element === root) return within;
  const named = element.rel ? ["rel"] : ["name", "value", "href", "formaction"].filter((name) => element.getAttribute(name));
  const attributes = named.map((name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`);
  const selector = `${within} ${element.localName}${attributes.join("")}`;
  const isOne = named.length && document.querySelectorAll(selector).length === 1;
  return isOne ? selector : `${within} > ${pathOf(element, root)}`;
}

function pathOf(element, root) {
  const steps = [];
  for (let here = element; here !== root; here = here.parentElement) {
    steps.unshift(`${here.localName}:nth-child(${[...here.parentElement.children].indexOf(here) + 1})`);
  }
  return steps.join(" > ");
}

/** How to find an element again, or what is next to it. The place of what is in a menu is the menu's button. */
export function placeOf(element) {
  const at = element.closest("details.actions")?.querySelector("summary") ?? element;
  const row = at.closest(ROW);
  const rows = row ? [...row.parentElement.querySelectorAll(`:scope > ${ROW}`)] : [];
  const here = rows.indexOf(row);
  return {
    selectors: [selectorOf(at), ...(row || at.rel ? [] : [`body > ${pathOf(at, document.body)}`])],
    // The rows after it, then those before it.
    rows: row ? [...rows.slice(here), ...rows.slice(0, here).reverse()].map(({ dataset }) => dataset.row) : [],
    kind: row && [at.localName, [...row.querySelectorAll(at.localName)].indexOf(at)],
    heading: at.closest("section[aria-labelledby]")?.getAttribute("aria-labelledby"),
  };
}

/** The place of what has the focus, or of this element if nothing has. */
export function here(otherwise) {
  const active = document.activeElement;
  const element = active && active !== document.body ? active : otherwise;
  return element && placeOf(element);
}

/** What stands for a row: its first link, or else the row itself. */
export function focusRow(row, options) {
  const target = row.querySelector("a[href]") ?? row;
  if (target === row) row.tabIndex = -1;
  target.focus(options);
  return target;
}

/** Focuses the place, or what is nearest to it now. */
export function goTo(place, options) {
  const takesFocus = (element) => {
    element?.focus(options);
    return Boolean(element) && document.activeElement === element;
  };
  if (place.selectors.some((selector) => takesFocus(document.querySelector(selector)))) return;
  for (const id of place.rows) {
    const row = document.querySelector(rowSelector(id));
    if (!row) continue;
    const [name, index] = place.kind;
    if (takesFocus(row.querySelectorAll(name)[index])) return;
    if (document.activeElement === focusRow(row, options)) return;
  }
  const title = place.heading && document.getElementById(place.heading);
  for (const heading of [title, document.querySelector("main h1"), document.querySelector("main")]) {
    if (heading) heading.tabIndex = -1;
    if (takesFocus(heading)) return;
  }
}

/** Opens the dialog. Resolves when it was closed and the focus has returned to the place: the browser does that where the
 * same element is still there. */
export function openModal(dialog, place) {
  dialog.showModal();
  return new Promise((closed) => {
    dialog.addEventListener("close", () => {
      const active = document.activeElement;
      const isLost = !active || active === document.body || dialog.contains(active);
      if (place && isLost) goTo(place, { preventScroll: true });
      closed();
    }, { once: true });
  });
}

// ---- The same page again ----

const KEY = "place";
let leaving;

/** The page is about to be loaded again. */
export function keepPlace(place) {
  leaving = { place };
}

addEventListener("submit", (event) => {
  const place = here(event.submitter ?? event.target);
  leaving = { event, place };
});
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  // With the pointer, a link to the same page leads to its top as everywhere.
  const isKey = event.detail === 0;
  if (link) leaving = isKey && link.pathname === location.pathname ? { event, place: placeOf(link) } : undefined;
});
addEventListener("pagehide", () => {
  if (!leaving || leaving.event?.defaultPrevented) return;
  sessionStorage.setItem(KEY, JSON.stringify({ title: document.title, place: leaving.place }));
});

const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
// A field that is wrong, or that waits for the user, comes first.
const isWaiting = document.querySelector("main :is([autofocus], [aria-invalid=true])");
if (kept?.title === document.title && !isWaiting && document.activeElement === document.body) {
  // What was done is said at the top, and stays in view.
  goTo(kept.place, { preventScroll: Boolean(document.querySelector("main :is(.saved, [role=alert])")) });
}
