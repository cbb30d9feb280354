// Imports how calls went from a report: the preview first, then the import.

import { join } from "node:path";

export default async function (page) {
  await page.goto("/accounts/acme");
  await page.getByRole("link", { name: "Import calls" }).click();
  await page.getByLabel("CSV or JSON file").setInputFiles(join(process.env.DIALGUARD_DATA, "../calls.csv"));
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("26 new hours").waitFor();
  await page.getByRole("button", { name: /^Import 26/ }).click();
  await page.getByRole("heading", { name: /26 hours imported/ }).waitFor();
}
