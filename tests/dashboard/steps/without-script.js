// Everything works without scripts, one page at a time.

import assert from "node:assert/strict";

export default async function (_, open) {
  const page = await open({ javaScriptEnabled: false });
  await page.goto("/accounts/acme?show=monitored");
  assert.equal(await page.locator("data.number").first().getAttribute("value"), "+13105550100");
  assert.ok(await page.getByRole("button", { name: "Commands" }).isHidden(), "a button does nothing");
  await page.getByRole("link", { name: "Clear filters" }).click();
  await page.waitForURL("**/accounts/acme");
  await page.goBack();
  for (const last of ["01", "02", "00"]) await page.getByLabel(`Select (310) 555-01${last}`).check();
  await page.getByRole("button", { name: "Clear selection" }).click();
  for (const last of ["01", "02"]) await page.getByLabel(`Select (310) 555-01${last}`).check();
  await page.getByRole("button", { name: "Stop monitoring" }).click();
  await page.getByRole("heading", { name: "Stop monitoring 2 numbers?" }).waitFor();
  await page.getByText("Stopping locks slots 2 and 3 until 1 April").waitFor();
  await page.getByRole("button", { name: "Stop monitoring and lock slots 2 and 3" }).click();
  await page.getByRole("heading", { name: "2 done" }).waitFor();
  await page.getByRole("row", { name: /\(310\) 555-0101 no longer monitored; slot 2 is locked/ }).waitFor();
  await page.getByRole("link", { name: "Back to numbers" }).click();
  await page.getByText("Slots 2 and 3 are locked until 1 April.").waitFor();
  await page.getByRole("button", { name: /^(checking|pending): carrier answers for \(310\) 555-0103/ }).click();
  assert.ok(await page.locator("#carriers-13105550103").isVisible());
  await askAboutOne(page);
}

/** From the menu of a row, and from the number's own page. */
async function askAboutOne(page) {
  const question = page.getByRole("heading", { name: "Delete (310) 555-0103?" });
  await page.getByLabel("Actions for (310) 555-0103").click();
  await page.getByRole("row").filter({ hasText: "(310) 555-0103" }).getByRole("button", { name: "Delete" }).click();
  await question.waitFor();
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByRole("link", { name: "(310) 555-0103" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await question.waitFor();
}
