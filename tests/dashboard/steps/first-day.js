// From the link that `dialguard serve` prints in an empty folder to the first verdict. DIALGUARD_BY says how: `mouse` on a
// desktop, or `keyboard` alone on a narrow screen. DIALGUARD_LINK is the link.

import assert from "node:assert/strict";
import { PHONE } from "../browser.js";

const { DIALGUARD_LINK: link, DIALGUARD_BY: by } = process.env;

/** How often Tab is pressed to get somewhere, at most. */
const TABS_MAX = 200;

const mouse = {
  press: (target) => target.click(),
  fill: (target, text) => target.fill(text),
  choose: (target, value) => target.selectOption(value),
};

const keyboard = {
  press: async (target) => {
    await reach(target);
    await target.page().keyboard.press("Enter");
  },
  fill: async (target, text) => {
    await reach(target);
    await target.page().keyboard.press("ControlOrMeta+A");
    await target.page().keyboard.type(text);
  },
  choose: async (target, value) => {
    await reach(target);
    for (let i = 0; i < 30 && (await target.inputValue()) !== value; i++) await target.page().keyboard.press("ArrowDown");
    assert.equal(await target.inputValue(), value);
  },
};

/** Presses Tab until the target has the focus, and sees that the focus is visible. */
async function reach(target) {
  await target.waitFor();
  const { keyboard } = target.page();
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      assert.ok(await target.evaluate((element) => element.matches(":focus-visible")), "the focus cannot be seen");
      return;
    }
    await keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${target}`);
}

export default async function (_, open) {
  const page = await open(by === "keyboard" ? { viewport: PHONE } : {});
  const { press, fill, choose } = by === "keyboard" ? keyboard : mouse;
  const button = (name) => page.getByRole("button", { name });
  const follow = (name) => page.getByRole("link", { name });
  const isAt = (step) => page.getByRole("heading", { name: `Set up: ${step} of 6` }).waitFor();

  await page.goto(link);
  await fill(page.getByLabel("Name"), "kim");
  await fill(page.getByLabel("Password", { exact: true }), "a password of some words");
  await fill(page.getByLabel("Password again"), "a password of some words");
  await press(button("Add the first user"));

  await isAt(1);
  await fill(page.getByLabel("Name"), "acme");
  assert.notEqual(await page.getByLabel("Time zone").inputValue(), "", "the browser's own");
  await fill(page.getByLabel("Time zone"), "America/New_York");
  await page.getByText("1 block: 15 numbers monitored, $49.00 a month").waitFor({ state: "attached" });
  await choose(page.getByLabel("Blocks"), "2");
  await press(button("Add the account"));

  await isAt(2);
  await press(follow("Simulated, to try"));
  await press(button("Add and check"));
  await page.getByRole("row", { name: /Verizon \(simulated\)/ }).waitFor();
  await press(follow("AT&T (simulated)"));
  await page.getByText("It can be read: simulated").waitFor();
  await fill(page.getByLabel("Ask it about a number"), "(310) 555-0100");
  await press(button("Test"));
  await page.getByText("AT&T (simulated) works").waitFor();

  await isAt(3);
  await press(follow("Import numbers"));
  await fill(page.getByLabel("Or paste numbers"), "+13105550100\n+13105550101\n+13105550102");
  await press(button("Preview"));
  await page.getByText("3 new numbers").waitFor();
  await press(button("Import 3 numbers"));
  await press(follow("Back to numbers"));

  await isAt(4);
  await press(button("Monitor all numbers…"));
  await page.locator("dialog[open]").getByRole("heading", { name: "Monitor 3 numbers?" }).waitFor();
  await press(page.locator("dialog[open] button.first"));
  await page.locator("dialog[open] [data-changed]").waitFor();
  await page.keyboard.press("Escape");

  // The first check begins by itself, and the page shows it.
  await page.getByRole("button", { name: /^(clean|at risk|flagged): carrier answers for \(310\) 555-0100/ }).waitFor();
  await page.getByRole("heading", { name: /^Set up/ }).waitFor({ state: "detached" });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it scrolls sideways");
}
