// Somebody lowers a threshold, sees what it would have done while he types, and saves it.

export default async function (page) {
  await page.goto("/accounts/acme/settings");
  const checks = page.getByLabel("Checks to flag");

  await checks.fill("31");
  await page.locator("#effect").getByText("set it to a whole number from 1 to 30").waitFor();
  if ((await checks.getAttribute("aria-invalid")) !== "true") throw new Error("the field is not marked");

  await checks.fill("1");
  await page.locator("#effect").getByText("1 number would have fared otherwise").waitFor();
  if (await checks.getAttribute("aria-invalid")) throw new Error("the field is marked still");
  const flagged = page.locator("#effect tr", { hasText: "flagged" });
  const cells = (await flagged.locator("td").allInnerTexts()).join(" ");
  if (cells !== "1 1\n1 sooner") throw new Error(`it tells of flagged numbers: ${cells}`);
  await page.getByText("Number by number").click();
  await page.getByRole("link", { name: "+13105550101" }).waitFor();

  // What automatic replacement may cost a day follows its cap.
  await page.getByLabel("Cap", { exact: true }).fill("5");
  await page.locator("#cost-a-day", { hasText: "$20.00" }).waitFor();
  await page.getByLabel("Cap", { exact: true }).fill("3");

  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  if ((await checks.inputValue()) !== "1") throw new Error("it was not saved");
}
