// A large act takes a typed count, and a check asks before it replaces: on a desktop and on a phone, by keyboard.

import assert from "node:assert/strict";
import { PHONE } from "../browser.js";

export default async function (page, open) {
  await checkNow(page);
  const phone = await open({ viewport: PHONE });
  await checkNow(phone);
  await typeTheCount(phone);
  await typeTheCount(page, true);
}

/** Whether the element has the focus. */
const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);

/** The dialog lies within the window, and nothing of it is cut off at a side. */
async function fits(page, dialog) {
  const box = await dialog.boundingBox();
  const width = page.viewportSize().width;
  assert.ok(box.x >= 0 && box.x + box.width <= width, `the dialog is from ${box.x} to ${box.x + box.width} of ${width}`);
  assert.ok(await dialog.evaluate((it) => it.scrollWidth <= it.clientWidth), "the dialog scrolls sideways");
}

/** What automatic replacement would do is a question; Enter on the button that has the focus says no. */
async function checkNow(page) {
  await page.goto("/accounts/acme");
  await page.getByRole("button", { name: "Check now" }).click();
  const question = page.getByRole("dialog", { name: "Replace (310) 555-0100?" });
  await question.getByText("$4.00 will be charged.").waitFor();
  await question.getByText("another area code", { exact: true }).waitFor();
  await fits(page, question);
  assert.ok(await isFocused(question.getByRole("link", { name: "Cancel" })), "Cancel does not have the focus");
  await page.keyboard.press("Enter");
  await question.waitFor({ state: "hidden" });
  await page.getByRole("status").getByText(/numbers rated|No number was due/).waitFor();
}

async function typeTheCount(page, doesIt = false) {
  await page.goto("/accounts/acme?show=monitored");
  await page.getByLabel("All 52 matching numbers").check();
  await page.getByRole("button", { name: "Stop monitoring" }).first().click();
  const question = page.getByRole("dialog", { name: "Stop monitoring 52 numbers?" });
  await question.getByText("Stopping locks 52 slots").waitFor();
  await fits(page, question);
  assert.ok(await isFocused(question.getByRole("link", { name: "Cancel" })), "Cancel does not have the focus");
  const field = question.getByLabel("Type 52 to go on");
  const stop = question.getByRole("button", { name: "Stop monitoring and lock 52 slots" });
  // A wrong count stops the button; Enter in the field presses none.
  await field.fill("51");
  await stop.click();
  assert.ok(await field.evaluate((it) => it.validity.patternMismatch), "51 is taken for 52");
  await field.fill("52");
  await field.press("Enter");
  assert.ok(await question.isVisible(), "Enter in the field has stopped them");
  if (doesIt) {
    await stop.click();
    await page.getByRole("dialog", { name: "52 done" }).waitFor();
    return;
  }
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "hidden" });
}
