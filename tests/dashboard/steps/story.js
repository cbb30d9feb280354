// A replacement and a review are one line each. A line opens into its steps, on a desktop and on a phone, without a script too.

import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "../browser.js";

export default async function (_, open) {
  for (const options of [{ viewport: DESKTOP }, { viewport: PHONE }, { javaScriptEnabled: false }]) {
    const page = await open(options);
    await page.goto("/accounts/acme/activity");
    await page.getByRole("heading", { name: "Tuesday, 3 March 2026" }).waitFor();
    const check = page.locator("summary").filter({ hasText: "Daily check: 3 of 3 rated, 1 turned flagged" });
    assert.match(await check.innerText(), /by the schedule/);
    const replacement = page.locator("details.entry").filter({ hasText: "flagged → ordered → swapped" });
    assert.equal(await replacement.count(), 1, "a replacement is one line");
    const steps = replacement.getByRole("row");
    assert.equal(await steps.count(), 0, "its steps show before it is opened");
    await replacement.locator("summary").click();
    await replacement.getByText("Replaced", { exact: true }).waitFor();
    assert.match(await replacement.innerText(), /\$4\.00[^]*by policy revision 1/);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(sideways <= 0, `it scrolls ${sideways} px sideways`);
  }
}
