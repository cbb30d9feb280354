// axe finds no serious violation on any page: desktop and light, phone and dark. No page scrolls sideways, at 320 px either, and
// the first number is in view at once.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { DESKTOP, PHONE } from "../browser.js";
import { PAGES } from "../pages.js";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The test's account and one of its numbers. */
const [account, number] = ["acme", "+13105550100"];

/** The narrowest screen. */
const NARROW = 320;

export default async function (_, open) {
  const found = [];
  for (const [viewport, colorScheme] of [[DESKTOP, "light"], [PHONE, "dark"]]) {
    const page = await open({ viewport, colorScheme });
    for (const { name, path, prepare } of PAGES) {
      const response = await page.goto(path(account, number));
      if (!response.ok()) throw new Error(`${name}: ${response.status()}`);
      await prepare?.(page);
      if (!(await page.evaluate(beginsWithASkipLink))) found.push(`${name}: nothing leads past the header`);
      for (const violation of await violations(page)) found.push(`${name}, ${viewport.width} px: ${violation}`);
      found.push(...(await layoutFaults(page, name, viewport)));
    }
  }
  if (found.length > 0) throw new Error(found.join("\n"));
}

/** It is the first thing that takes the focus, and leads to the content. */
const beginsWithASkipLink = () => {
  const first = document.querySelector("a[href], button, input, select, textarea, summary, [tabindex]");
  return first.matches("a.skip") && document.querySelectorAll(first.getAttribute("href")).length === 1;
};

/** What is too wide, and a first row that is too low. */
async function layoutFaults(page, name, viewport) {
  const found = [];
  const row = name === "numbers" && (await page.locator("table.numbers tbody tr").first().boundingBox());
  if (row && viewport === DESKTOP && row.y >= 350) found.push(`the first row begins at ${row.y} px`);
  if (row && row.y + row.height > viewport.height) found.push(`the first row ends at ${row.y + row.height} px`);
  for (const width of [viewport.width, NARROW]) {
    await page.setViewportSize({ ...viewport, width });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found.push(`${name} scrolls ${wide} px sideways at ${width} px`);
  }
  await page.setViewportSize(viewport);
  return found;
}

/** The page's content security policy blocks foreign scripts, but not those evaluated by the debugger. */
async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map(({ html }) => html).join("\n    ")}`);
}
