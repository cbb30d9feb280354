// The number that was replaced has rested, and is ready to replace others.

export default async function (page) {
  await page.goto("/accounts/acme/pool");
  await page.getByText(/^1 ready to replace others$/).waitFor();
  await page.getByRole("listitem").filter({ hasText: "(310) 555-0105" }).getByText(/Ready since/).waitFor();
}
