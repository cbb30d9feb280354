// The price is shown before the click; the switch asks first and shows the charge.

import assert from "node:assert/strict";

export default async function (page) {
  await page.goto("/accounts/acme");
  const addOn = page.getByRole("region", { name: /Reputation monitoring is/ });
  await assertShows(addOn, "Reputation monitoring is off");
  await assertShows(addOn, "2 blocks of 15 slots: $98.00 a month, $49.00 per block.");
  await assertShows(addOn, "The billing cycle ends on 1 May.");

  await addOn.getByRole("button", { name: "Switch on" }).click();
  const question = page.getByRole("dialog", { name: "Switch reputation monitoring on?" });
  await assertShows(question, "$98.00 will be charged now for 2 blocks, until 1 May.");
  await question.getByRole("link", { name: "Cancel" }).click();
  await assertShows(addOn, "Reputation monitoring is off");

  await addOn.getByRole("button", { name: "Switch on" }).click();
  await question.getByRole("button", { name: "Switch on" }).click();
  await assertShows(addOn, "Reputation monitoring is on");

  await addOn.getByLabel("Blocks").fill("3");
  await addOn.getByRole("button", { name: "Change…" }).click();
  const blocks = page.getByRole("dialog", { name: "Change to 3 blocks?" });
  await assertShows(blocks, "$49.00 will be charged now for 1 more block, until 1 May.");
  await blocks.getByRole("button", { name: "Change to 3 blocks" }).click();
  await assertShows(addOn, "3 blocks of 15 slots: $147.00 a month");
}

/** Waits until the text appears, and ignores how it wraps. */
async function assertShows(place, text) {
  await place.filter({ hasText: text }).waitFor();
  const shown = (await place.innerText()).replace(/\s+/g, " ");
  assert.ok(shown.includes(text), `${text}\nis not in\n${shown}`);
}
