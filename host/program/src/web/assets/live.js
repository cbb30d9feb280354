// What happens elsewhere shows here without a reload: parts of a page that are marked `data-live="…"` are fetched again
// when the account changes. Everything works without this.

const main = document.querySelector("main[data-account]");
const underWay = document.querySelector(".under-way");

if (main && underWay) {
  const base = `/accounts/${encodeURIComponent(main.dataset.account)}`;
  listen(base);
  reviewNow();
  settingsEffect(base);
}

// A hidden page does not listen: browsers have few connections to a site, and it catches up when it is seen again.
function listen(base) {
  let source;
  let policies;
  const open = () => {
    source = new EventSource(`${base}/live`);
    source.addEventListener("changed", (event) => {
      const now = JSON.parse(event.data);
      const isNewer = now.revision > Number(main.dataset.revision);
      const policiesChanged = policies !== undefined && now.policies !== policies;
      policies = now.policies;
      if (isNewer || policiesChanged) refresh();
    });
    source.addEventListener("review", (event) => showProgress(JSON.parse(event.data)));
    source.onopen = () => (document.documentElement.dataset.listening = "true");
  };
  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (!document.hidden) open();
  });
  if (!document.hidden) open();
}

function showProgress(far) {
  const [bar, words] = [underWay.querySelector("progress"), underWay.querySelector("p")];
  bar.hidden = !far;
  if (far) {
    underWay.hidden = false;
    delete underWay.dataset.told;
    bar.max = Math.max(far.of, 1);
    bar.value = far.asked;
    words.textContent = `Review under way: ${far.asked} of ${far.of} numbers asked`;
  } else if (underWay.dataset.told === undefined) {
    words.textContent = "Review done.";
  }
}

let refreshing;
// One at a time; what changes meanwhile is fetched once more.
async function refresh() {
  if (refreshing) {
    refreshing.again = true;
    return;
  }
  refreshing = { again: false };
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const freshMain = fresh.querySelector("main[data-account]");
    if (!freshMain) return;
    swapParts(freshMain);
    main.dataset.revision = freshMain.dataset.revision;
    // Whoever counts what is selected counts again.
    document.dispatchEvent(new Event("refreshed"));
  } finally {
    const { again } = refreshing;
    refreshing = undefined;
    if (again) refresh();
  }
}

function swapParts(freshMain) {
  for (const part of main.querySelectorAll("[data-live]")) {
    const fresh = freshMain.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    if (isBusy(part)) continue;
    const kept = keep(part);
    part.replaceChildren(...fresh.cloneNode(true).childNodes);
    restore(part, kept);
  }
}

// Nobody's dialog or half-typed text goes away under his hands.
function isBusy(part) {
  const focused = part.contains(document.activeElement) ? document.activeElement : undefined;
  const isTyping = focused?.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  return Boolean(isTyping || part.querySelector("dialog[open], :popover-open"));
}

function keep(part) {
  const focused = part.contains(document.activeElement) ? document.activeElement : undefined;
  return {
    focus: focused && addressOf(focused, part),
    checked: [...part.querySelectorAll("input:is([type=checkbox], [type=radio]):checked")].map((box) => addressOf(box, part)),
    open: [...part.querySelectorAll("details[open]")].map((details) => addressOf(details, part)),
    scrolled: [part.scrollLeft, part.scrollTop],
  };
}

function restore(part, kept) {
  for (const address of kept.checked) {
    const box = part.querySelector(address);
    if (box) box.checked = true;
  }
  for (const address of kept.open) part.querySelector(address)?.setAttribute("open", "");
  if (kept.focus) part.querySelector(kept.focus)?.focus({ preventScroll: true });
  [part.scrollLeft, part.scrollTop] = kept.scrolled;
}

// How the same thing is found again in the fresh part: by what it is, or else by where it is.
function addressOf(element, part) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const named = ["name", "value", "href"].filter((attribute) => element.getAttribute(attribute));
  const attributes = named.map((attribute) => `[${attribute}="${CSS.escape(element.getAttribute(attribute))}"]`);
  const address = element.localName + attributes.join("");
  if (attributes.length && part.querySelectorAll(address).length === 1) return address;
  const steps = [];
  for (let here = element; here !== part; here = here.parentElement) {
    steps.unshift(`${here.localName}:nth-child(${[...here.parentElement.children].indexOf(here) + 1})`);
  }
  return `:scope > ${steps.join(" > ")}`;
}

// The review goes on without the page; what came of it is told here.
function reviewNow() {
  const form = document.querySelector("form.review-now");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const words = underWay.querySelector("p");
    button.disabled = true;
    underWay.hidden = false;
    delete underWay.dataset.told;
    words.textContent = "Review under way…";
    const told = await reviewed(form.action);
    underWay.dataset.told = "true";
    underWay.querySelector("progress").hidden = true;
    words.textContent = told;
    button.disabled = false;
    button.focus({ preventScroll: true });
  });
}

async function reviewed(address) {
  try {
    const answer = await fetch(address, { method: "POST" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = page.querySelector("#told") ?? page.querySelector("main p");
    return told?.textContent.trim() || "The review could not be made.";
  } catch {
    return "Dialguard could not be reached; the review was perhaps not begun.";
  }
}

// While somebody types, the effect of it; the last word counts.
function settingsEffect(base) {
  const form = document.querySelector("form[data-effect]");
  const shown = document.querySelector("#effect");
  if (!form || !shown) return;
  let timer;
  let asking;
  const see = async () => {
    asking?.abort();
    asking = new AbortController();
    shown.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(`${base}/settings/effect`, { method: "POST", body, signal: asking.signal });
      showEffect(form, shown, answer, await answer.text());
    } catch (error) {
      if (error.name !== "AbortError") shown.textContent = "Dialguard could not be reached.";
    }
  };
  form.addEventListener("input", () => {
    costADay(form);
    clearTimeout(timer);
    timer = setTimeout(see, 500);
  });
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.value !== "effect") return;
    event.preventDefault();
    clearTimeout(timer);
    await see();
    shown.scrollIntoView({ block: "nearest" });
  });
}

function showEffect(form, shown, answer, text) {
  shown.removeAttribute("aria-busy");
  const isPart = answer.headers.get("content-type")?.startsWith("text/html");
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const wasOpen = shown.querySelector("details[open]");
  if (isPart && !answer.redirected) shown.replaceChildren(...fresh.body.childNodes);
  else shown.textContent = "The effect could not be found out.";
  if (wasOpen) shown.querySelector("details")?.setAttribute("open", "");
  // On a phone the figures are below: the bar that stays in sight has them in short.
  form.querySelector("#effect-short").textContent = shown.querySelector("strong, .failed")?.textContent ?? "";
  markRefused(form, shown);
}

function markRefused(form, shown) {
  const refused = shown.querySelector("[data-setting]")?.dataset.setting;
  for (const field of form.elements) {
    if (field.name && field.name === refused) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function costADay(form) {
  const cost = form.querySelector("#cost-a-day");
  const cap = Number(form.elements["replacements-per-day-max"]?.value);
  if (cost && Number.isFinite(cap)) cost.textContent = `$${((cap * Number(cost.dataset.cents)) / 100).toFixed(2)}`;
}
