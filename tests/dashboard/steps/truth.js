// No source has answered for three days: the page says so. Then numbers get their first verdicts while it is open.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { DESKTOP, PHONE } from "../browser.js";

const { DIALGUARD: program, DIALGUARD_AT: now, DIALGUARD_DATA: ledger } = process.env;
const NUMBER = (last) => `(310) 555-${last}`;
const E164 = (last) => `+1310555${last}`;
const run = (...command) => promisify(execFile)(program, [...command, "--at", now]);

export default async function (page, open) {
  const phone = await open({ viewport: PHONE });
  for (const each of [page, phone]) {
    await saysThatNothingAnswers(each);
    await explainsTheMarks(each);
    await readsTheGuide(each);
  }
  await page.setViewportSize(DESKTOP);
  await theSourceAnswersAgain();
  await showsFirstVerdicts(page, "0104");
  await showsFirstVerdicts(phone, "0105");
  await showsTheVerdictOfAReplacement(page, "0104", "0190");
  await showsTheVerdictOfAReplacement(phone, "0105", "0191");
}

async function saysThatNothingAnswers(page) {
  await page.goto("/accounts/acme");
  const banner = page.getByRole("status").filter({ hasText: "Not checked since 1 March: no source answers." });
  const remedy = await banner.getByRole("link", { name: "What went wrong" }).getAttribute("href");
  assert.equal(remedy, "/accounts/acme/activity?kind=carrier-problem");
  const checks = (await page.getByRole("region", { name: "Checks" }).innerText()).replace(/\s+/g, " ");
  assert.match(checks, /Last check: 1 Mar 2026, 09:00\. Next check: 4 Mar 2026, 09:05\./);
  assert.match(checks, /carriers failed since 2 March: /);
  await page.getByRole("heading", { name: "Reputation monitoring is on, but nothing is checked" }).waitFor();
  await page.getByRole("link", { name: /^3 clean 3 of them stale$/ }).waitFor();
  await fits(page);

  // Green is for marks that are true today.
  const stale = page.getByRole("button", { name: `clean, 3 days old: carrier answers for ${NUMBER("0101")}` });
  await stale.waitFor();
  const [color, grey] = await stale.evaluate((mark) => {
    const sample = document.body.appendChild(Object.assign(document.createElement("span"), { className: "pending" }));
    const colors = [mark, sample].map((element) => getComputedStyle(element).color);
    sample.remove();
    return colors;
  });
  assert.equal(color, grey, "a stale mark is not grey");
  await page.getByRole("link", { name: NUMBER("0101") }).click();
  await page.locator(".one-number").getByText("3 days old").waitFor();
  await page.goBack();
}

/** Nothing is cut off or scrolls sideways. */
async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= page.viewportSize().width, `${page.url()} is ${wide} px wide`);
}

/** With the keyboard alone. */
async function explainsTheMarks(page) {
  const mark = page.getByRole("button", { name: "What the marks mean" });
  const panel = page.getByRole("dialog", { name: "What the marks mean" });
  assert.ok(await panel.isHidden());
  await mark.hover();
  await panel.waitFor({ state: "visible" });
  await page.mouse.move(0, 0);
  await panel.waitFor({ state: "hidden" });
  await mark.focus();
  await page.keyboard.press("Enter");
  await panel.waitFor({ state: "visible" });
  const said = (await panel.innerText()).replace(/\s+/g, " ");
  for (const words of ["not monitored", "checking", "pending", "at risk", "suspect", "out of use", "3 days old",
    "Fewer than 2 carriers have a recent opinion", "More than half of the carriers", "from a score of 80"]) {
    assert.ok(said.includes(words), `the panel does not say ${words}: ${said}`);
  }
  const { x, width } = await panel.boundingBox();
  assert.ok(x >= 0 && x + width <= page.viewportSize().width, "the panel is cut off");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "hidden" });
  assert.ok(await mark.evaluate((button) => button === document.activeElement), "the focus is not where it was");
}

async function readsTheGuide(page) {
  await page.getByRole("link", { name: "How numbers are checked" }).click();
  await page.getByRole("heading", { name: "How numbers are checked" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/guide/numbers-and-money");
  const place = await page.locator("#how-numbers-are-checked").boundingBox();
  assert.ok(place.y >= 0 && place.y < page.viewportSize().height, `the section is at ${place.y}`);
  await fits(page);
  await page.getByRole("link", { name: "All guides" }).click();
  await page.getByRole("link", { name: "Operating Dialguard" }).click();
  await page.getByRole("heading", { name: "Sources", exact: true }).waitFor();
}

/** The numbers added below are spam, and the candidates clean. */
async function theSourceAnswersAgain() {
  const row = (score) => (last) => ["A", "B", "C"].map((carrier) => `${E164(last)},${carrier},${score},,${now}`);
  const rows = [...["0104", "0105"].flatMap(row(95)), ...["0190", "0191"].flatMap(row(5))];
  const file = ["number,carrier,score,label,observed_at", ...rows].join("\n");
  await writeFile(join(dirname(ledger), "verdicts.csv"), `${file}\n`);
}

/** Another process adds the number, and then checks it. */
async function showsFirstVerdicts(page, last) {
  await page.goto(`/accounts/acme?q=${last}`);
  await page.locator("html[data-listening]").waitFor({ state: "attached" });
  await page.evaluate(() => (globalThis.isSamePage = true));
  await run("monitor", "acme", E164(last), "--no-check");
  await page.getByRole("button", { name: `checking: carrier answers for ${NUMBER(last)}` }).waitFor();
  await run("review", "acme");
  await page.getByRole("button", { name: `flagged: carrier answers for ${NUMBER(last)}` }).waitFor();
  assert.ok(await page.evaluate(() => globalThis.isSamePage), "the page was reloaded");
}

async function showsTheVerdictOfAReplacement(page, last, replacement) {
  await page.goto(`/accounts/acme?q=${last}`);
  await page.getByLabel(`Actions for ${NUMBER(last)}`).click();
  await page.getByRole("row").filter({ hasText: NUMBER(last) }).getByRole("button", { name: "Replace" }).click();
  const question = page.getByRole("dialog", { name: `Replace ${NUMBER(last)}?` });
  await question.getByRole("button", { name: "Replace for $4.00" }).click();
  const done = page.getByRole("dialog", { name: "1 done" });
  await done.getByText(`replaced by ${NUMBER(replacement)}`).waitFor();
  await page.goto(`/accounts/acme?q=${replacement}`);
  await page.getByRole("button", { name: `clean: carrier answers for ${NUMBER(replacement)}` }).waitFor();
}
