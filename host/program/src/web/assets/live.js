// Changes made elsewhere show up without a reload: parts of a page marked `data-live="…"` are fetched again when the
// account changes. Everything works without this script.

import { goTo, placeOf, selectorOf } from "./focus.js";

const main = document.querySelector("main[data-account]");
const reviewBar = document.querySelector(".review-progress");

if (main && reviewBar) {
  const base = `/accounts/${encodeURIComponent(main.dataset.account)}`;
  listen(base);
  reviewNow();
  settingsEffect(base);
}

// A hidden page disconnects, because browsers limit connections per site. It catches up when it is shown again.
function listen(base) {
  let source;
  let policies;
  let day;
  const open = () => {
    source = new EventSource(`${base}/live`);
    source.addEventListener("changed", (event) => {
      const now = JSON.parse(event.data);
      const isNewer = now.revision > Number(main.dataset.revision);
      const policiesChanged = policies !== undefined && now.policies !== policies;
      // Marks may have become stale.
      const dayChanged = day !== undefined && now.day !== day;
      policies = now.policies;
      day = now.day;
      if (isNewer || policiesChanged || dayChanged) refresh();
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

function showProgress(progress) {
  const [bar, text] = [reviewBar.querySelector("progress"), reviewBar.querySelector("p")];
  bar.hidden = !progress;
  document.documentElement.toggleAttribute("data-reviewing", Boolean(progress));
  if (progress) {
    reviewBar.hidden = false;
    delete reviewBar.dataset.hasResult;
    bar.max = Math.max(progress.of, 1);
    bar.value = progress.asked;
    const [asked, of] = [progress.asked, progress.of].map((numbers) => numbers.toLocaleString("en"));
    text.textContent = `Check in progress: ${asked} of ${of} numbers checked`;
  } else if (reviewBar.dataset.hasResult === undefined) {
    text.textContent = "Check finished.";
    // A check in vain changes no account, but numbers are no longer being checked.
    refresh();
  }
}

let refreshing;
// One refresh at a time. If something changes meanwhile, another follows.
async function refresh() {
  if (refreshing) {
    refreshing.again = true;
    return;
  }
  refreshing = { again: false };
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const freshMain = fresh.querySelector("main[data-account]");
    if (!freshMain) return;
    swapParts(fresh);
    main.dataset.revision = freshMain.dataset.revision;
    document.dispatchEvent(new Event("refreshed"));
  } finally {
    const { again } = refreshing;
    refreshing = undefined;
    if (again) refresh();
  }
}

function swapParts(freshPage) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = freshPage.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    if (isBusy(part)) continue;
    const kept = keep(part);
    part.replaceChildren(...fresh.cloneNode(true).childNodes);
    restore(part, kept);
  }
}

// Do not replace a part while the user types in it or has a popover open in it.
function isBusy(part) {
  const focused = part.contains(document.activeElement) ? document.activeElement : undefined;
  const isTyping = focused?.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  return Boolean(isTyping || part.querySelector("dialog[open], :popover-open"));
}

function keep(part) {
  const focused = part.contains(document.activeElement) ? document.activeElement : undefined;
  return {
    focus: focused && placeOf(focused),
    checked: [...part.querySelectorAll("input:is([type=checkbox], [type=radio]):checked")].map(selectorOf),
    open: [...part.querySelectorAll("details[open]")].map(selectorOf),
    scrolled: [part.scrollLeft, part.scrollTop],
  };
}

function restore(part, kept) {
  for (const selector of kept.checked) {
    const box = document.querySelector(selector);
    if (box) box.checked = true;
  }
  for (const selector of kept.open) document.querySelector(selector)?.setAttribute("open", "");
  if (kept.focus) goTo(kept.focus, { preventScroll: true });
  [part.scrollLeft, part.scrollTop] = kept.scrolled;
}

// The check runs on the server even if the user leaves the page. Its result is shown in the status bar, and what automatic
// replacement would do is a question in a dialog.
function reviewNow() {
  const form = document.querySelector("form.review-now");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const text = reviewBar.querySelector("p");
    button.disabled = true;
    reviewBar.hidden = false;
    delete reviewBar.dataset.hasResult;
    text.textContent = "Check in progress…";
    const { result, page } = await review(form.action);
    reviewBar.dataset.hasResult = "true";
    reviewBar.querySelector("progress").hidden = true;
    text.textContent = result;
    button.disabled = false;
    button.focus({ preventScroll: true });
    if (page?.querySelector("[data-dialog]")) document.dispatchEvent(new CustomEvent("question", { detail: { page } }));
  });
}

async function review(url) {
  try {
    const response = await fetch(url, { method: "POST" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const result = page.querySelector("#review-result") ?? page.querySelector("main p");
    return { result: result?.textContent.trim() || "The check failed.", page };
  } catch {
    return { result: "Connection to Dialguard lost. The check may or may not have started." };
  }
}

// Previews the effect of settings while the user edits them. Only the latest edit counts.
function settingsEffect(base) {
  const form = document.querySelector("form[data-effect]");
  const shown = document.querySelector("#effect");
  if (!form || !shown) return;
  let timer;
  let request;
  const preview = async () => {
    request?.abort();
    request = new AbortController();
    shown.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(form));
      const response = await fetch(`${base}/settings/effect`, { method: "POST", body, signal: request.signal });
      showEffect(form, shown, response, await response.text());
    } catch (error) {
      if (error.name !== "AbortError") shown.textContent = "Connection to Dialguard lost.";
    }
  };
  form.addEventListener("input", () => {
    costADay(form);
    clearTimeout(timer);
    timer = setTimeout(preview, 500);
  });
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.value !== "effect") return;
    event.preventDefault();
    clearTimeout(timer);
    await preview();
    shown.scrollIntoView({ block: "nearest" });
  });
}

function showEffect(form, shown, response, text) {
  shown.removeAttribute("aria-busy");
  const isPart = response.headers.get("content-type")?.startsWith("text/html");
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const wasOpen = shown.querySelector("details[open]");
  if (isPart && !response.redirected) shown.replaceChildren(...fresh.body.childNodes);
  else shown.textContent = "The effect could not be computed.";
  if (wasOpen) shown.querySelector("details")?.setAttribute("open", "");
  // On a phone the figures are below the form: the sticky bar shows a summary.
  form.querySelector("#effect-short").textContent = shown.querySelector("strong, .failed")?.textContent ?? "";
  markInvalid(form, shown);
}

function markInvalid(form, shown) {
  const invalid = shown.querySelector("[data-setting]")?.dataset.setting;
  for (const field of form.elements) {
    if (field.name && field.name === invalid) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function costADay(form) {
  const cost = form.querySelector("#cost-a-day");
  const cap = Number(form.elements["setting-replacements-per-day-max"]?.value);
  if (cost && Number.isFinite(cap)) {
    const dollars = (cap * Number(cost.dataset.cents)) / 100;
    cost.textContent = dollars.toLocaleString("en", { style: "currency", currency: "USD" });
  }
}
