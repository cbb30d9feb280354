// What needs a person: the strip with its remedies and the badges, on a desktop and on a phone; it goes away by itself.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DESKTOP, PHONE } from "../browser.js";

const { DIALGUARD: program, DIALGUARD_AT: now } = process.env;

/** Without sideways scrolling. */
async function fits(page, name) {
  const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if (content > width) throw new Error(`${name} is ${content} px wide in ${width} px`);
}

export default async function (_, open) {
  for (const viewport of [DESKTOP, PHONE]) {
    const page = await open({ viewport });
    await page.goto("/");
    const row = page.getByRole("row").filter({ hasText: "acme" });
    await row.getByText("1 without candidate").waitFor();
    await fits(page, "the list of accounts");
    await row.getByRole("link", { name: "acme", exact: true }).click();

    // One item, with what to do about it. The tabs say where it is.
    const strip = page.getByRole("region", { name: "Needs you" });
    await strip.getByText("1 flagged number waits for a candidate").waitFor();
    const tabs = page.getByRole("navigation", { name: "Account" });
    await tabs.getByRole("link", { name: "Numbers 1 flagged" }).waitFor();
    for (const tab of ["Replacements", "Candidates", "Activity", "Billing"]) {
      await tabs.getByRole("link", { name: new RegExp(`^${tab}`) }).click();
      await page.getByRole("heading", { level: 1, name: tab }).waitFor();
      await strip.waitFor();
      await fits(page, tab);
    }
    await page.getByRole("row", { name: /^Total/ }).getByText("$49.00").waitFor();
    await strip.getByRole("link", { name: "Add candidates" }).click();
    await page.getByRole("heading", { level: 1, name: /Import/ }).waitFor();
  }

  // Another process puts it right: the strip and the badge are gone without a reload.
  const page = await open();
  await page.goto("/accounts/acme/policy");
  await page.locator("html[data-listening]").waitFor({ state: "attached" });
  await page.evaluate(() => (globalThis.isSamePage = true));
  const strip = page.getByRole("region", { name: "Needs you" });
  await strip.waitFor();
  await promisify(execFile)(program, ["unmonitor", "acme", "+13105550100", "--at", now]);
  await strip.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Numbers", exact: true }).waitFor();
  if (!(await page.evaluate(() => globalThis.isSamePage))) throw new Error("the page was reloaded");
}
