// A user raises a threshold, sees its effect while typing, and saves it.

export default async function (page) {
  await page.goto("/accounts/acme/settings");
  const checks = page.getByLabel("Checks to flag");

  await checks.fill("31");
  await page.locator("#effect").getByText("give a whole number from 1 to 30").waitFor();
  if ((await checks.getAttribute("aria-invalid")) !== "true") throw new Error("the field is not marked");

  await checks.fill("2");
  await page.locator("#effect").getByText("1 number would have had a different outcome").waitFor();
  if (await checks.getAttribute("aria-invalid")) throw new Error("the field is still marked");
  const flagged = page.locator("#effect tr", { hasText: "flagged" });
  const cells = (await flagged.locator("td").allInnerTexts()).join(" ");
  if (cells !== "1 1\n1 later") throw new Error(`flagged numbers: ${cells}`);
  await page.getByText("Show numbers").click();
  await page.getByRole("link", { name: "(310) 555-0101" }).waitFor();

  // The maximum cost per day follows the cap.
  await page.getByLabel("Replacements per day max").fill("5");
  await page.locator("#cost-a-day", { hasText: "$20.00" }).waitFor();
  await page.getByLabel("Replacements per day max").fill("3");

  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  if ((await checks.inputValue()) !== "2") throw new Error("it was not saved");
}
