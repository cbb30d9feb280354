// What makes the pages livelier. Everything works without it.

// ---- An account's numbers: questions in a dialog, marks that tell on hover and focus, what is selected ----

const fetched = async (address, options) => {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
};

/** The dialog that shows a question's page, or what came of it; the page behind is read anew when something changed. */
const dialog = document.createElement("dialog");
dialog.setAttribute("aria-live", "polite");
document.body.append(dialog);
dialog.addEventListener("close", () => {
  if (dialog.querySelector("[data-changed]")) location.reload();
  dialog.replaceChildren();
});

const show = ({ page }) => {
  // A page without a question says what went wrong.
  const content = page.querySelector("[data-dialog]") ?? page.querySelector("main");
  const panel = content.matches(".panel") ? content : Object.assign(document.createElement("section"), { className: "panel" });
  if (panel !== content) panel.append(...content.childNodes);
  dialog.replaceChildren(document.adoptNode(panel));
  const title = panel.querySelector("h1");
  if (title) {
    title.id = "dialog-title";
    dialog.setAttribute("aria-labelledby", title.id);
  }
  if (!dialog.open) dialog.showModal();
  (panel.querySelector(".first") ?? panel.querySelector("[data-close], a"))?.focus();
};

const fieldsOf = (form, submitter) => new URLSearchParams(new FormData(form, submitter));

addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (form.matches("[data-ask]")) {
    event.preventDefault();
    show(await fetched(`${form.getAttribute("action")}?${fieldsOf(form, submitter)}`));
  } else if (form.matches("[data-do]") && dialog.contains(form)) {
    event.preventDefault();
    const body = fieldsOf(form, submitter);
    form.setAttribute("aria-busy", "true");
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    show(await fetched(form.getAttribute("action"), { method: "POST", body }));
  }
});

addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (link?.matches("[data-ask]") && isPlain) {
    event.preventDefault();
    link.closest("details")?.removeAttribute("open");
    show(await fetched(link.href));
  } else if (link?.matches("[data-close]") && dialog.contains(link)) {
    event.preventDefault();
    dialog.close();
  }
  for (const menu of document.querySelectorAll("details.actions[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});

addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest("details.actions[open]");
  if (menu) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  }
});

/** What carriers say stands beside its mark while the pointer or the focus is on either. */
const saysOf = (mark) => document.getElementById(mark.getAttribute("popovertarget"));
const tell = (mark) => {
  const says = saysOf(mark);
  if (says.matches(":popover-open")) return;
  says.showPopover();
  says.classList.add("placed");
  const [of, own] = [mark.getBoundingClientRect(), says.getBoundingClientRect()];
  const below = of.bottom + 4 + own.height < innerHeight || of.top < own.height;
  says.style.left = `${Math.max(8, Math.min(of.left, innerWidth - own.width - 8))}px`;
  says.style.top = `${below ? of.bottom + 4 : of.top - own.height - 4}px`;
};
const fallSilent = (mark) => {
  // The pointer may be on its way to what is said.
  setTimeout(() => {
    const says = saysOf(mark);
    if (says && !says.matches(":hover") && !mark.matches(":hover, :focus")) says.hidePopover();
  }, 120);
};
const markAt = (event) => event.target.closest?.("button.mark");
const markOf = (event) => markAt(event) ?? document.querySelector(`[popovertarget="${event.target.closest?.(".says")?.id}"]`);
for (const [begins, ends] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
  document.addEventListener(begins, (event) => {
    const mark = markAt(event);
    if (mark && !(event.pointerType === "touch")) tell(mark);
  });
  document.addEventListener(ends, (event) => {
    const mark = markOf(event);
    if (mark) fallSilent(mark);
  });
}
document.addEventListener("click", (event) => {
  const mark = markAt(event);
  if (mark) {
    event.preventDefault();
    tell(mark);
  }
});

/** How many are selected, and what can be done with them. */
const bulk = () => document.querySelector("#bulk .bulk");
const count = () => {
  if (!bulk()) return;
  const rows = [...document.querySelectorAll('#bulk input[name="number"]')];
  const selected = rows.filter((row) => row.checked).length;
  const all = bulk().querySelector('input[name="all"]')?.checked;
  const every = document.getElementById("select-page");
  every.hidden = false;
  every.checked = selected === rows.length && selected > 0;
  every.indeterminate = selected > 0 && selected < rows.length;
  document.getElementById("selected").textContent = all ? "With all:" : `${selected} selected:`;
  for (const button of bulk().querySelectorAll("button")) button.disabled = selected === 0 && !all;
};
document.addEventListener("change", ({ target }) => {
  if (target.id === "select-page") {
    for (const row of document.querySelectorAll('#bulk input[name="number"]')) row.checked = target.checked;
  }
  if (target.closest("#bulk")) count();
});

/** The table follows the search and the filter as they are entered. */
let latest = 0;
const find = async (form) => {
  const fields = [...fieldsOf(form)].filter(([, value]) => value !== "");
  const address = `${form.getAttribute("action")}?${new URLSearchParams(fields)}`;
  const asked = ++latest;
  const { answer, page } = await fetched(address);
  const numbers = page.getElementById("numbers");
  if (asked !== latest || !answer.ok || !numbers) return;
  history.replaceState(null, "", address.replace(/\?$/, ""));
  // All but the form, in which somebody is typing.
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
  count();
};
let waiting;
document.addEventListener("input", ({ target }) => {
  const form = target.closest(".finder");
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => find(form), target.type === "search" ? 200 : 0);
});
document.addEventListener("refreshed", count);
count();
