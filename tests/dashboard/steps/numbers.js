// Monitors numbers in bulk, opens a carrier card, replaces a number instead of deleting it, follows a figure, searches.

import assert from "node:assert/strict";

const NUMBER = (last) => `(310) 555-${last}`;

export default async function (page) {
  await page.goto("/accounts/acme");
  await monitorInBulk(page);
  await openACarrierCard(page);
  await replaceInsteadOfDeleting(page);
  await followAFlaggedFigure(page);
  await find(page);
  await copy(page);
}

/** Three numbers are selected, but only two slots are free. */
async function monitorInBulk(page) {
  const monitor = page.getByRole("button", { name: "Monitor", exact: true });
  assert.ok(await monitor.isDisabled(), "nothing is selected, but Monitor is enabled");
  for (const last of ["0113", "0114", "0115"]) await page.getByLabel(`Select ${NUMBER(last)}`).check();
  await page.getByText("3 selected:").waitFor();
  await monitor.click();
  const question = page.getByRole("dialog", { name: "Monitor 3 numbers?" });
  const asked = (await question.innerText()).replace(/\s+/g, " ");
  assert.match(asked, /2 numbers will use slots 14 and 15\. 15 of 15 slots will then be in use\./);
  assert.match(asked, /\(310\) 555-0115: no free slot/);
  await question.getByRole("button", { name: "Monitor" }).click();
  const done = page.getByRole("dialog", { name: "2 done, 1 not done" });
  await done.getByRole("listitem").filter({ hasText: "(310) 555-0113 monitored in slot 14" }).waitFor();
  const refused = done.getByRole("group").filter({ hasText: "1 number not done: no free slot" });
  await refused.getByRole("link", { name: "(310) 555-0115" }).waitFor();
  await done.getByRole("link", { name: "Back to numbers" }).click();
  await page.getByRole("link", { name: "15 of 15 slots" }).waitFor();
}

async function openACarrierCard(page) {
  const row = page.getByRole("row").filter({ hasText: NUMBER("0100") });
  const mark = row.getByRole("button", { name: /^flagged: carrier answers/ });
  const card = page.locator("#carriers-13105550100");
  assert.ok(await card.isHidden());
  await mark.hover();
  await card.waitFor({ state: "visible" });
  await card.getByRole("row", { name: /^A Scam Likely ✖ 95 / }).waitFor();
  await card.getByRole("row", { name: /^B none 5 / }).waitFor();
  await card.getByRole("row", { name: /^C no answer/ }).waitFor();
  await page.mouse.move(1, 1);
  await card.waitFor({ state: "hidden" });
  await mark.focus();
  await card.waitFor({ state: "visible" });
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "hidden" });
}

async function replaceInsteadOfDeleting(page) {
  const row = page.getByRole("row").filter({ hasText: NUMBER("0100") });
  await row.getByLabel(`Actions for ${NUMBER("0100")}`).click();
  await row.getByRole("button", { name: "Delete" }).click();
  const question = page.getByRole("dialog", { name: `Delete ${NUMBER("0100")}?` });
  await question.getByText("Deleting locks slot 1 until 1 April: 30 days of a slot that costs $3.27 per billing cycle.").waitFor();
  await question.getByText(`${NUMBER("0100")} leaves the account for good`).waitFor();
  await question.getByText("Replacing instead keeps the slot and costs $4.00.").waitFor();
  const first = question.getByRole("button").first();
  assert.equal(await first.innerText(), "Replace instead for $4.00");
  const cancel = question.getByRole("link", { name: "Cancel" });
  assert.ok(await cancel.evaluate((link) => link === document.activeElement), "Cancel does not have the focus");
  await question.getByRole("button", { name: "Delete and lock slot 1" }).waitFor();
  await first.click();
  const done = page.getByRole("dialog", { name: "1 done" });
  await done.getByText(`replaced by ${NUMBER("0190")} in slot 1`).waitFor();
  await done.getByRole("link", { name: "Back to numbers" }).click();
  await page.getByRole("row", { name: /555-0190.* clean\b.* 1 / }).waitFor();
}

/** Numbers that became flagged recently are listed even if they have left the account. */
async function followAFlaggedFigure(page) {
  await page.getByRole("link", { name: "1 flagged in the past 7 days" }).click();
  const row = page.getByRole("row").filter({ hasText: NUMBER("0100") });
  await row.getByText("no longer in this account").waitFor();
  assert.equal(await page.locator("table.numbers > tbody > tr").count(), 1);
  await row.getByRole("link", { name: NUMBER("0100") }).click();
  await page.getByRole("heading", { name: NUMBER("0100") }).waitFor();
  await page.locator(".one-number").getByText(`Replaced by ${NUMBER("0190")} in slot 1`).waitFor();
  await page.getByRole("img", { name: /^From .*: spam scores \(0 to 100\) of A, B, C, the status below\./ }).waitFor();
  await page.getByRole("link", { name: NUMBER("0190") }).click();
  await page.locator(".one-number").getByText(`Replaced ${NUMBER("0100")} in slot 1`).waitFor();
}

/** The table and the URL follow the search. */
async function find(page) {
  await page.goto("/accounts/acme");
  await page.getByLabel("Search").fill("0107");
  await page.waitForURL((url) => url.search === "?q=0107");
  await page.getByText("1–1 of 1", { exact: true }).waitFor();
  await page.getByLabel("Search").fill("");
  await page.getByLabel("Show").selectOption("not monitored");
  await page.waitForURL((url) => url.search === "?show=not-monitored");
  await page.getByText("1–1 of 1", { exact: true }).waitFor();
}

/** What is read as (310) 555-0107 is copied as +13105550107: alone, and in a row. */
async function copy(page) {
  await page.goto("/accounts/acme?q=0107");
  const number = page.getByRole("link", { name: NUMBER("0107") });
  for (const [what, copied] of [[number, /^\+13105550107$/], [page.getByRole("row").filter({ has: number }), /^\+13105550107 clean 8 /]]) {
    await what.evaluate((element) => getSelection().selectAllChildren(element));
    await page.keyboard.press("ControlOrMeta+C");
    const search = page.getByLabel("Search");
    await search.fill("");
    await search.press("ControlOrMeta+V");
    assert.match((await search.inputValue()).replace(/\s+/g, " ").trim(), copied);
  }
}
