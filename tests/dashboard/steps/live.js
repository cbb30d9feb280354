// Another process reviews the account: the figures change without a reload; focus, scrolling and selection stay.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const { DIALGUARD: program, DIALGUARD_AT: now } = process.env;

/** Opens a page and marks it, so that a reload can be detected. */
async function listening(page, address) {
  await page.goto(address);
  await page.locator("html[data-listening]").waitFor({ state: "attached" });
  await page.evaluate(() => (globalThis.isSamePage = true));
}

export default async function (page, open) {
  await listening(page, "/accounts/acme/activity");
  const numbers = await open();
  await listening(numbers, "/accounts/acme");
  const atRisk = numbers.locator(".figures a.at-risk strong");
  if ((await atRisk.innerText()) !== "0") throw new Error("a number is at risk before the review");
  await numbers.getByLabel("Select (310) 555-0102").check();

  const turned = page.locator("details.entry").filter({ hasText: "1 turned at risk" });
  if ((await turned.count()) !== 0) throw new Error("a number became at risk before the review");
  await page.locator("summary").filter({ hasText: "3 numbers monitored" }).click();
  const link = page.getByRole("link", { name: "(310) 555-0102" }).last();
  await link.focus();
  await page.evaluate(() => scrollTo(0, 120));
  const place = await page.evaluate(() => scrollY);

  await promisify(execFile)(program, ["review", "acme", "--at", now]);
  await turned.first().waitFor();
  if (!(await turned.first().textContent()).includes("(310) 555-0101")) throw new Error("another number became at risk");
  const after = await page.evaluate(() => [globalThis.isSamePage, document.activeElement?.textContent, scrollY]);
  if (after[0] !== true) throw new Error("the page was reloaded");
  if (after[1] !== "(310) 555-0102") throw new Error(`the focus is at ${after[1]}`);
  if (after[2] !== place) throw new Error(`it was scrolled from ${place} to ${after[2]}`);

  // The figures change too, and the selection stays.
  await atRisk.filter({ hasText: "1" }).waitFor();
  await numbers.getByRole("button", { name: /^at risk/ }).waitFor();
  if (!(await numbers.evaluate(() => globalThis.isSamePage))) throw new Error("the numbers page was reloaded");
  if (!(await numbers.getByLabel("Select (310) 555-0102").isChecked())) throw new Error("the selection is lost");
  await numbers.getByText("1 selected:").waitFor();

  // The user's own check shows its result in place.
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByRole("status").getByText("No number was due for a check").waitFor();
  if (!(await page.evaluate(() => globalThis.isSamePage))) throw new Error("the page was reloaded");
}
