// The price stands there before the click; the switch asks first, and tells what is charged now.

import assert from "node:assert/strict";

export default async function (page) {
  await page.goto("/accounts/acme");
  const addOn = page.getByRole("region", { name: /Reputation monitoring is/ });
  await assertSays(addOn, "Reputation monitoring is off");
  await assertSays(addOn, "$49.00 a month for each 15 numbers. 2 blocks make $98.00 a month here.");
  await assertSays(addOn, "The billing cycle ends on 1 May.");

  await addOn.getByRole("button", { name: "Switch on" }).click();
  const question = page.getByRole("dialog", { name: "Switch reputation monitoring on?" });
  await assertSays(question, "$98.00 is charged now, for 2 blocks until 1 May.");
  await question.getByRole("link", { name: "Cancel" }).click();
  await assertSays(addOn, "Reputation monitoring is off");

  await addOn.getByRole("button", { name: "Switch on" }).click();
  await question.getByRole("button", { name: "Switch on" }).click();
  await assertSays(addOn, "Reputation monitoring is on");

  await addOn.getByLabel("Blocks of 15").fill("3");
  await addOn.getByRole("button", { name: "Change…" }).click();
  const blocks = page.getByRole("dialog", { name: "Have 3 blocks?" });
  await assertSays(blocks, "$49.00 is charged now, for 1 block more until 1 May.");
  await blocks.getByRole("button", { name: "Have 3 blocks" }).click();
  await assertSays(addOn, "3 blocks make $147.00 a month here.");
}

/** Sooner or later, whatever lines it is broken into. */
async function assertSays(place, words) {
  await place.filter({ hasText: words }).waitFor();
  const said = (await place.innerText()).replace(/\s+/g, " ");
  assert.ok(said.includes(words), `${words}\nis not in\n${said}`);
}
