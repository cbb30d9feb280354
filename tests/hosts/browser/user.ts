// node --import tsx user.ts POLICY.wasm   enters an account like a user, and prints what the page shows

import type { Page } from "playwright-core";
import { withPage } from "./chromium.ts";

const FAILURES = [
  "The inventory",
  "Every carrier",
  "One carrier of three",
  "The account is unknown",
  "The policy is of another version",
];

await withPage(process.argv[2]!, async (page) => {
  await enterAccount(page);
  tell("WRONG ENTRY", await evaluate(page));
  await page.getByLabel("Slot", { exact: true }).nth(1).fill("2");
  tell("NOTHING FAILS", await evaluate(page));
  for (const failure of FAILURES) {
    await page.getByLabel(failure).check();
    tell(failure.toUpperCase(), await evaluate(page));
  }
  tell("A POLICY THAT LOOPS", await evaluateOneThatLoops(page));
});

function tell(title: string, text: string) {
  console.log(`${title}\n${text}\n=`);
}

/** With the keyboard only, and with a slot entered twice. */
async function enterAccount(page: Page) {
  await page.getByRole("button", { name: "Clear all" }).press("Enter");
  await type(page, ["+1 (310) 555-0150", "1", "clean", "0", "10", "5", "900", "180"]);
  await page.getByRole("button", { name: "Add a number" }).press("Enter");
  await type(page, ["13105550151", "1", "flagged yesterday", "95", "90", "20", "100", "20"]);
  await page.getByRole("button", { name: "Add a number" }).press("Enter");
  await type(page, ["13105550152", "3", "clean", "0", "0", "0", "100", "1"]);
  await page.getByRole("button", { name: "Add a candidate" }).press("Enter");
  await type(page, ["+13105550191", "0", "0", "0"]);
}

/** Types into the focused field and those after it. */
async function type(page: Page, entries: string[]) {
  for (const entry of entries) {
    await page.keyboard.type(entry);
    await page.keyboard.press("Tab");
  }
}

/** The page stops it after ten seconds, shortened here. */
async function evaluateOneThatLoops(page: Page): Promise<string> {
  const body = "export function instantiate() { for (;;); }";
  await page.route("**/policy/policy.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
  await page.getByLabel("Nothing").check();
  await page.clock.install();
  const answer = evaluate(page);
  await page.locator("#account[aria-busy]").waitFor();
  await page.clock.fastForward(10_000);
  return answer;
}

/** Throws the reason if an entry is wrong. */
async function evaluate(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Evaluate" }).press("Enter");
  const wrong = page.locator("input:invalid");
  if ((await wrong.count()) > 0) return wrong.first().evaluate((entry: HTMLInputElement) => entry.validationMessage);
  await page.locator("#account:not([aria-busy]) ~ #result:focus").waitFor();
  return page.locator("#answer").innerText();
}
