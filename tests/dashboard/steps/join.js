// An administrator invites by link; the invited person joins, changes the password, and sees and ends sessions.

import assert from "node:assert/strict";
import { PHONE } from "../browser.js";

const [FIRST, SECOND] = ["a password of some words", "another password of words"];

export default async function (page, open) {
  const link = await invited(page);
  const lee = await open({ viewport: PHONE });
  await lee.context().clearCookies();
  await lee.goto(link);
  await lee.getByText("operate: acme").waitFor();
  await lee.getByLabel("Name").fill("lee");
  await lee.getByLabel("Password", { exact: true }).fill(FIRST);
  await lee.getByLabel("Password again").fill(FIRST);
  await lee.getByRole("button", { name: "Join" }).click();
  await lee.getByRole("row", { name: /\(310\) 555-0100/ }).waitFor();
  assert.equal(await lee.getByRole("link", { name: "Users" }).count(), 0);

  const elsewhere = await open();
  await signsIn(elsewhere, FIRST);
  await elsewhere.goto("/you");
  await elsewhere.getByRole("heading", { name: "2 sessions" }).waitFor();
  await elsewhere.getByText("Chrome on Linux (this one)").waitFor();
  await elsewhere.getByLabel("Present password").fill(FIRST);
  await elsewhere.getByLabel("Password", { exact: true }).fill(SECOND);
  await elsewhere.getByLabel("Password again").fill(SECOND);
  await elsewhere.getByRole("button", { name: "Change the password" }).click();
  await elsewhere.getByText("Your password is changed. All your other sessions have ended.").waitFor();
  await elsewhere.getByRole("heading", { name: "1 session" }).waitFor();
  await lee.goto("/accounts/acme");
  await lee.getByRole("heading", { name: "Sign in" }).waitFor();

  // The administrator ends the session that is left.
  await page.goto("/users/lee");
  await page.getByRole("button", { name: /^End the session/ }).click();
  await page.getByRole("heading", { name: "0 sessions" }).waitFor();
  await elsewhere.goto("/you");
  await elsewhere.getByRole("heading", { name: "Sign in" }).waitFor();
}

/** The link of an invite for the account acme. */
async function invited(page) {
  await page.goto("/");
  await page.getByRole("link", { name: "Users" }).click();
  const form = page.locator('form[action="/invites"]');
  await form.getByLabel("only these:").check();
  await form.getByLabel("acme", { exact: true }).check();
  await form.getByRole("button", { name: "Make a link" }).click();
  const link = await page.locator("#invite-link").innerText();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join\?invite=[0-9a-f]{64}$/);
  await page.getByRole("heading", { name: "1 invite not accepted yet" }).waitFor();
  return link;
}

async function signsIn(page, password) {
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await page.getByLabel("Name").fill("lee");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("row", { name: /\(310\) 555-0100/ }).waitFor();
}
