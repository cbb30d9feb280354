// The demo says what it is and what happened, shows a number that is not monitored, and its link works again.

import { PHONE } from "../browser.js";

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
}
