// One number is suspect for how its calls went. It was looked up first, and most carriers flag it.

import assert from "node:assert/strict";
import { isDrawn } from "../drawn.js";

export default async function (page) {
  await page.goto("/accounts/acme");
  await page.getByRole("link", { name: /^1\s*suspect$/ }).click();
  const rows = page.getByRole("row", { name: /\(310\) 555-0/ });
  assert.equal(await rows.count(), 1, "only the suspect number is listed");
  await page.getByRole("link", { name: "(310) 555-0105" }).click();
  await page.getByText(/Suspect since .*100 calls/).waitFor();
  await page.getByText("flagged", { exact: true }).first().waitFor();
  await page.getByText(/3 of 3 carriers flag it, as of /).waitFor();
  await page.getByRole("heading", { name: "Calls" }).waitFor();
  await isDrawn(page.locator("svg.history"), /the calls of each day, at most \d+, and how many were answered/);
}
