// Imports numbers from a file and from pasted text, and exports the filtered table as a file.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

export default async function (page) {
  await page.goto("/accounts/acme");
  await page.getByRole("link", { name: "Import CSV" }).click();
  const file = { name: "numbers.csv", mimeType: "text/csv", buffer: Buffer.from("name,phone\nAnn,(310) 555-0150\nBen,12\n") };
  await page.getByLabel("CSV file").setInputFiles(file);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("heading", { name: "Preview of the import" }).waitFor();
  await page.getByText('numbers.csv: UTF-8, separated by commas; numbers in column "phone".').waitFor();
  await page.getByRole("row", { name: /^2 \(310\) 555-0150 Ann \(310\) 555-0150/ }).waitFor();
  await page.getByRole("row", { name: /^3 "12" is not a possible phone number/ }).waitFor();
  const [refused] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download the refused rows" }).click(),
  ]);
  assert.match(await readFile(await refused.path(), "utf8"), /^name,phone,reason\nBen,12,/);

  await page.getByLabel("Column with the numbers").selectOption("name");
  await page.getByRole("button", { name: "Preview again" }).click();
  await page.getByText("0 new numbers").waitFor();
  await page.getByLabel("Column with the numbers").selectOption("phone");
  await page.getByRole("button", { name: "Preview again" }).click();
  await page.getByRole("button", { name: "Import 1 number" }).click();
  await page.getByRole("heading", { name: "1 number imported" }).waitFor();

  await page.getByRole("link", { name: "Import more" }).click();
  await page.getByLabel("Or paste numbers").fill("+13105550151, 310-555-0152");
  await page.getByLabel(/^Candidates/).check();
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Import 2 candidates" }).click();
  await page.getByRole("heading", { name: "2 candidates imported" }).waitFor();

  await page.goto("/accounts/acme?show=not-monitored");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export CSV" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "acme-numbers.csv");
  const rows = (await readFile(await download.path(), "utf8")).trim().split("\n");
  assert.equal(rows.length, 2, rows.join("\n"));
  assert.match(rows[1], /^\+13105550150,,,,,false/);
}
