// By keyboard alone, on a desktop and on a phone's width: rows, menus, search, selection and the command bar. Focus is
// where it was after each of them. DIALGUARD_READER is the session of a user who may only read.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DESKTOP, PHONE, signIn } from "../browser.js";

const { DIALGUARD: program, DIALGUARD_AT: now, DIALGUARD_PAGE: address, DIALGUARD_READER: reader } = process.env;
const NUMBERS = "/accounts/acme";

/** Numbers that only one of the two changes. */
const OWN = new Map([[DESKTOP, { stopped: 101, next: 102, added: 113 }], [PHONE, { stopped: 103, next: 104, added: 114 }]]);

export default async function (_, open) {
  for (const viewport of [DESKTOP, PHONE]) {
    const page = await open({ viewport });
    const own = OWN.get(viewport);
    await skipToTheContent(page);
    await moveAmongRows(page);
    await search(page);
    await takeFiltersAway(page);
    await moveInAMenu(page);
    await closeAQuestion(page, own.added);
    await stopMonitoring(page, own);
    await select(page);
    await runCommands(page);
    await turnKeysOff(page);
    await save(page);
  }
  await withdraw(await open());
  await offerAReaderLess(await open());
}

const row = (page, last) => page.locator(`[data-row="13105550${last}"]`);
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Waits until what the selector finds has the focus. */
const focusIs = async (page, selector) => {
  const isThere = (wanted) => document.activeElement?.matches(wanted);
  await page.waitForFunction(isThere, selector).catch(async (error) => {
    const focused = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 300));
    throw new Error(`not ${selector} has the focus, but ${focused}`, { cause: error });
  });
};
const inRow = (last, what) => `[data-row="13105550${last}"] ${what}`;

async function skipToTheContent(page) {
  for (const path of ["/", NUMBERS, "/guide"]) {
    await page.goto(path);
    const link = page.getByRole("link", { name: "Skip to content" });
    assert.ok((await link.boundingBox()).y < 0, "it is shown without the focus");
    await press(page, "Tab");
    await focusIs(page, "a.skip");
    assert.ok((await link.boundingBox()).y >= 0, `it cannot be seen on ${path}`);
    await press(page, "Enter");
    await focusIs(page, "main");
  }
}

async function moveAmongRows(page) {
  await page.goto(NUMBERS);
  await press(page, "j");
  await focusIs(page, inRow(100, "a"));
  await press(page, "j", "j", "k");
  await focusIs(page, inRow(101, "a"));
  await press(page, "Shift+J", "Alt+j", "Control+j");
  await focusIs(page, inRow(101, "a"));
  await press(page, "x");
  assert.ok(await row(page, 101).getByRole("checkbox").isChecked());
  await row(page, 101).getByRole("checkbox").focus();
  await press(page, "Enter");
  await page.waitForURL("**/numbers/*13105550101");
}

/** Letters in a field are letters. */
async function search(page) {
  await page.goto(NUMBERS);
  await press(page, "j", "j", "/");
  await focusIs(page, "input[type=search]");
  await page.keyboard.type("jk?x");
  assert.equal(await page.getByLabel("Search").inputValue(), "jk?x");
  await press(page, "ControlOrMeta+A");
  await page.keyboard.type("0107");
  await page.waitForURL("**?q=0107");
  await page.getByRole("status").getByText("1 number matches").waitFor({ state: "attached" });
  await press(page, "Enter");
  await focusIs(page, "input[type=search]");
  await press(page, "Escape");
  await page.waitForURL((url) => url.search === "");
  await press(page, "Escape");
  await focusIs(page, inRow(101, "a"));
}

/** Filters are marked and counted; what is clicked with the keyboard does not lose the focus to the top. */
async function takeFiltersAway(page) {
  await page.goto(`${NUMBERS}?show=flagged`);
  await page.locator(".figures a[aria-current]").getByText("flagged", { exact: true }).waitFor();
  const [border, accent] = await page.getByLabel("Show").evaluate((field) => [
    getComputedStyle(field).borderTopColor,
    getComputedStyle(document.querySelector(".figures a[aria-current]")).borderTopColor,
  ]);
  assert.equal(border, accent, "the filter that is on is not marked");
  await page.locator(".filters").getByText("1 number matches").waitFor();
  const clear = page.getByRole("link", { name: "Clear filters" });
  await clear.focus();
  await press(page, "Enter");
  await clear.waitFor({ state: "detached" });
  await focusIs(page, "#numbers-title");

  // Sorting has the same heading again.
  await page.getByRole("link", { name: "Slot", exact: true }).focus();
  await press(page, "Enter");
  await page.waitForURL("**?sort=slot");
  await focusIs(page, "th[aria-sort] a");
}

async function moveInAMenu(page) {
  await page.goto(NUMBERS);
  const last = row(page, 115);
  const [button, list] = [last.locator("summary"), last.locator("details ul")];
  // At the bottom of the window there is no room below.
  await button.evaluate((element) => element.scrollIntoView({ block: "end" }));
  await button.focus();
  await press(page, "ArrowDown");
  const focused = async (name) => {
    const text = await page.evaluate(() => document.activeElement.textContent);
    assert.equal(text, name);
  };
  await focused("Monitor");
  const [above, menu] = [await button.boundingBox(), await list.boundingBox()];
  assert.ok(menu.y >= 0 && menu.y + menu.height <= above.y + 1, `the menu is at ${menu.y}, ${menu.height} high, its button at ${above.y}`);
  const isWhole = await list.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const corners = [[left + 8, top + 8], [right - 8, top + 8], [left + 8, bottom - 8], [right - 8, bottom - 8]];
    return corners.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
  });
  assert.ok(isWhole, "something covers or clips the menu");
  for (const [key, name] of [["ArrowDown", "Screen"], ["ArrowDown", "Delete"], ["ArrowDown", "Monitor"], ["ArrowUp", "Delete"],
    ["Home", "Monitor"], ["End", "Delete"], ["s", "Screen"]]) {
    await press(page, key);
    await focused(name);
  }
  await press(page, "Escape");
  await focusIs(page, inRow(115, "summary"));
  assert.ok(await list.isHidden());
  // With room below, it opens there.
  await page.evaluate(() => scrollTo(0, document.querySelector("#numbers").offsetTop));
  await row(page, 100).locator("summary").focus();
  await press(page, "ArrowUp");
  await focused("Delete");
  const top = (await row(page, 100).locator("details ul").boundingBox()).y;
  assert.ok(top > (await row(page, 100).locator("summary").boundingBox()).y, "the menu is above its button");
  await press(page, "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab");
  assert.equal(await page.locator("details.actions[open]").count(), 0, "the menu stays open behind the user");
}

/** The table changes while the question is open: the button from which it was asked is another one by then. */
async function closeAQuestion(page, added) {
  await page.goto(NUMBERS);
  await page.locator("html[data-listening]").waitFor({ state: "attached" });
  await row(page, 105).locator("summary").focus();
  await press(page, "ArrowUp", "Enter");
  const question = page.getByRole("dialog", { name: /^Delete / });
  await question.waitFor();
  await promisify(execFile)(program, ["monitor", "acme", `+13105550${added}`, "--no-check", "--at", now]);
  await row(page, added).locator("button.mark").waitFor();
  await press(page, "Escape");
  await question.waitFor({ state: "hidden" });
  await focusIs(page, inRow(105, "summary"));
}

/** The page is loaded again after an action. The row stays, or leaves: then its neighbour has the focus. */
async function stopMonitoring(page, { stopped, next }) {
  await page.goto(`${NUMBERS}?show=monitored`);
  await row(page, stopped).locator("summary").focus();
  await press(page, "ArrowDown", "s", "s", "Enter");
  const question = page.getByRole("dialog", { name: /^Stop monitoring / });
  await question.waitFor();
  await question.getByRole("button", { name: /^Stop monitoring and lock/ }).focus();
  await press(page, "Enter");
  await page.getByRole("dialog", { name: "1 done" }).waitFor();
  await press(page, "Escape");
  await row(page, stopped).waitFor({ state: "detached" });
  await focusIs(page, inRow(next, "summary"));
}

/** The bar stays in view, and selected rows look different. */
async function select(page) {
  await page.goto(NUMBERS);
  await press(page, "j", "x", "j", "x");
  await page.getByRole("status").getByText("2 selected:").waitFor();
  const colors = await page.evaluate(() => ["100", "106"].map((last) => {
    const cell = document.querySelector(`[data-row="13105550${last}"] td`);
    return [getComputedStyle(cell.parentElement).backgroundColor, getComputedStyle(cell).boxShadow];
  }));
  assert.notDeepEqual(colors[0], colors[1], "a selected row is not marked");
  await row(page, 112).locator("a").first().focus();
  for (const to of [0, 1e6]) {
    await page.evaluate((y) => scrollTo(0, y), to);
    const bar = await page.getByRole("group", { name: "Actions for selected numbers" }).boundingBox();
    const isInView = bar.y >= 0 && bar.y + bar.height <= page.viewportSize().height;
    assert.ok(isInView || to === 0, `the bar is at ${bar.y}`);
  }
  const clear = page.getByRole("button", { name: "Clear selection" });
  await clear.focus();
  await press(page, "Enter");
  await page.getByRole("status").getByText("0 selected:").waitFor();
  await focusIs(page, "#select-page");
  assert.ok(await clear.isHidden());
}

async function runCommands(page) {
  await page.goto(NUMBERS);
  const bar = page.getByRole("dialog", { name: "Commands" });
  const field = bar.getByRole("combobox", { name: "Command" });
  const active = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.innerText);

  // What can be done with the row comes first, and the focus is at the row afterwards.
  await press(page, "j", "j", "Control+k");
  assert.match(await active(), /^Replace\s+\+?1?.*555-?0101|^Monitor\s+.*555-?0101/);
  await page.keyboard.type("screen");
  await press(page, "Enter");
  const question = page.getByRole("dialog", { name: /^Screen / });
  await question.waitFor();
  await press(page, "Escape");
  await question.waitFor({ state: "hidden" });
  await focusIs(page, inRow(101, "a"));

  await press(page, "Control+k", "ArrowDown", "ArrowUp", "ArrowUp");
  assert.equal(await bar.getByRole("option", { selected: true }).count(), 1);
  await press(page, "Escape");
  await bar.waitFor({ state: "hidden" });
  await focusIs(page, inRow(101, "a"));

  // The same with the pointer, as on a phone; and what no page here offers.
  await page.getByRole("button", { name: "Commands" }).click();
  await field.fill("nothing like it");
  await bar.getByText("No command matches.").waitFor();
  await field.fill("activity");
  await bar.getByRole("option", { name: /^Activity.*acme/ }).click();
  await page.waitForURL("**/accounts/acme/activity");

  // The start page knows the accounts and the other places.
  await page.goto("/guide");
  await press(page, "Control+k");
  await page.keyboard.type("acme");
  await bar.getByRole("option", { name: "acme Account" }).waitFor();
  await press(page, "Enter");
  await page.waitForURL(`**${NUMBERS}`);
}

async function turnKeysOff(page) {
  await page.goto(NUMBERS);
  await press(page, "j", "?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await keys.getByText("Next row").waitFor();
  await keys.getByLabel(/^Single keys/).uncheck();
  await press(page, "Escape");
  await keys.waitFor({ state: "detached" });
  await focusIs(page, inRow(100, "a"));
  await press(page, "j", "Control+k");
  await page.getByRole("button", { name: "All keys" }).click();
  await keys.getByLabel(/^Single keys/).check();
  await press(page, "Escape");
  await focusIs(page, inRow(100, "a"));
  await press(page, "j");
  await focusIs(page, inRow(101, "a"));
}

/** A form without a dialog leads to the same page again. */
async function save(page) {
  await page.goto(`${NUMBERS}/settings`);
  const button = page.getByRole("button", { name: "Save", exact: true }).first();
  await button.focus();
  await press(page, "Enter");
  await page.locator(".saved").waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent === "Save");
}

/** The last row of its list is gone: the heading has the focus. */
async function withdraw(page) {
  await page.goto(`${NUMBERS}/candidates`);
  const button = page.getByRole("button", { name: /^Withdraw / });
  await button.focus();
  await press(page, "Enter");
  await button.waitFor({ state: "detached" });
  await focusIs(page, "main h1");
}

async function offerAReaderLess(page) {
  await page.context().clearCookies();
  await signIn(page, address, reader);
  await page.goto(NUMBERS);
  await press(page, "j", "Control+k");
  const bar = page.getByRole("dialog", { name: "Commands" });
  await bar.getByRole("option", { name: /^Settings/ }).waitFor();
  const offered = await bar.getByRole("option").allInnerTexts();
  assert.deepEqual(offered.filter((text) => /^(Monitor|Replace|Screen|Stop|Delete|Import|Check now|Switch|Sources)\b/.test(text)), []);
}
