// The demo says what it is and what happened, shows a number that is not monitored, and its link works again. Its pictures
// are drawn at every width.

import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "../browser.js";
import { isDrawn } from "../drawn.js";

const { DIALGUARD_LINK: link } = process.env;

export default async function (_, open) {
  const page = await open({ viewport: PHONE });
  await page.goto(link);
  const band = page.getByRole("complementary", { name: "Demo" });
  await band.waitFor();
  await page.getByText("What happened in these two weeks").waitFor();
  await page.getByRole("link", { name: "Show it" }).click();
  await page.getByRole("row", { name: /\(310\) 555-0112 .*–/ }).waitFor();
  await page.getByLabel("Actions for (310) 555-0112").click();
  await page.getByRole("button", { name: "Monitor" }).last().waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Sign out" }).click();
  await band.waitFor();
  await page.getByText("open the link that the program has printed").waitFor();
  await page.goto(link);
  await page.getByText("What happened in these two weeks").waitFor();
  for (const size of [DESKTOP, PHONE, { width: 320, height: 640 }]) {
    await page.setViewportSize(size);
    await showsPictures(page);
  }
}

async function showsPictures(page) {
  await page.goto("/accounts/demo");
  await isDrawn(page.locator(".rated-days svg.picture"), /past 30 days, 14 of them with ratings/);
  const days = page.locator(".rated-days tbody tr");
  assert.equal(await days.count(), 30);
  assert.equal((await days.last().innerText()).replace(/\s+/g, " "), "2026-03-15 9 1 1 0");
  const rows = page.locator("table.numbers > tbody > tr");
  assert.equal(await page.locator("svg.past-days").count(), await rows.count());
  const flagged = rows.filter({ hasText: "0107" }).locator("svg.past-days");
  await isDrawn(flagged, /^Past 14 days: 11 days clean, then 3 days flagged$/);
  await page.getByRole("region", { name: "Checks" }).getByText(/\d % in 14 days/).first().waitFor();

  await page.goto("/accounts/demo/numbers/+13105550107");
  await isDrawn(page.locator("svg.history"), /From .* spam scores .* the status below/);
  await page.goto("/accounts/demo/orders");
  const steps = page.getByRole("list", { name: "Steps" }).first();
  assert.deepEqual((await steps.getByRole("listitem").allTextContents()).map((step) => step.trim()), [
    "planned: done",
    "owned: done",
    "swapped: done",
    "resting: under way",
  ]);
  await page.goto("/accounts/demo/settings");
  await page.getByLabel("Checks to flag").fill("2");
  await page.locator("#effect svg.pair").first().waitFor();
  assert.equal(await page.locator("#effect svg.pair").count(), 3);
}
