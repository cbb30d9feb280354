// Every page, for the accessibility check and for screenshots.

/** Pastes numbers, and looks at what screening them costs. */
async function screenCost(page) {
  await page.getByLabel("Paste numbers").fill("+13105550100\n+13105550101\n+13105550500\n310-555-O501");
  await page.getByRole("button", { name: "Show what it costs" }).click();
  await page.getByRole("heading", { name: "Screen 3 numbers?" }).waitFor();
}

/** @type {{ name: string, path: (account: string, number: string) => string, prepare?: (page: any) => Promise<void> }[]} */
export const PAGES = [
  { name: "accounts", path: () => "/" },
  { name: "add-account", path: () => "/add-account" },
  { name: "sources", path: () => "/sources" },
  { name: "add-source", path: () => "/add-source" },
  { name: "add-telnyx", path: () => "/add-source?kind=telnyx" },
  { name: "providers", path: () => "/providers" },
  { name: "add-twilio", path: () => "/add-provider?kind=twilio" },
  { name: "users", path: () => "/users" },
  { name: "tokens", path: () => "/tokens" },
  { name: "program-activity", path: () => "/activity" },
  { name: "you", path: () => "/you" },
  { name: "numbers", path: (account) => `/accounts/${account}` },
  { name: "flagged", path: (account) => `/accounts/${account}?show=flagged` },
  {
    name: "carriers",
    path: (account) => `/accounts/${account}`,
    prepare: (page) => page.locator("button.mark").first().focus(),
  },
  {
    name: "actions",
    path: (account) => `/accounts/${account}`,
    prepare: (page) => page.locator("details.actions summary").first().click(),
  },
  {
    name: "selected",
    path: (account) => `/accounts/${account}?show=monitored`,
    prepare: async (page) => {
      for (const box of (await page.locator('td.select input').all()).slice(0, 3)) await box.check();
    },
  },
  {
    name: "commands",
    path: (account) => `/accounts/${account}`,
    prepare: async (page) => {
      await page.keyboard.press("j");
      await page.getByRole("button", { name: "Commands" }).click();
      await page.getByRole("option", { name: /Accounts/ }).first().waitFor();
    },
  },
  {
    name: "keys",
    path: (account) => `/accounts/${account}`,
    prepare: (page) => page.keyboard.press("?"),
  },
  {
    name: "dialog",
    path: (account) => `/accounts/${account}`,
    prepare: async (page) => {
      await page.locator("details.actions summary").first().click();
      await page.locator("details.actions[open]").getByRole("button", { name: "Delete" }).click();
      await page.locator("dialog[open] h1").waitFor();
    },
  },
  {
    name: "delete",
    path: (account, number) => `/accounts/${account}/numbers/${number}`,
    // As without a script, which would show the question in a dialog.
    prepare: async (page) => {
      await page.locator("form[data-ask]").evaluate((form) => {
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "action", value: "delete" }));
        form.submit();
      });
      await page.locator("main .question").waitFor();
    },
  },
  { name: "number", path: (account, number) => `/accounts/${account}/numbers/${number}` },
  { name: "import", path: (account) => `/accounts/${account}/import` },
  {
    name: "import-preview",
    path: (account) => `/accounts/${account}/import`,
    prepare: async (page) => {
      await page.getByLabel("Or paste numbers").fill("name;phone;fax\nAnn;(310) 555-0150;310-555-0180\nBen;310-555-O151;310-555-0181");
      await page.getByRole("button", { name: "Preview" }).click();
      await page.getByRole("heading", { name: "Preview of the import" }).waitFor();
    },
  },
  { name: "screen", path: (account) => `/accounts/${account}/screen` },
  {
    name: "screen-wrong",
    path: (account) => `/accounts/${account}/screen`,
    prepare: async (page) => {
      await page.getByRole("button", { name: "Show what it costs" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "screen-cost", path: (account) => `/accounts/${account}/screen`, prepare: screenCost },
  {
    name: "screened",
    path: (account) => `/accounts/${account}/screen`,
    prepare: async (page) => {
      await screenCost(page);
      await page.getByRole("button", { name: "Screen", exact: true }).click();
      await page.getByRole("link", { name: "Download as CSV" }).waitFor();
    },
  },
  { name: "orders", path: (account) => `/accounts/${account}/orders` },
  { name: "orders-all", path: (account) => `/accounts/${account}/orders?show=all` },
  { name: "candidates", path: (account) => `/accounts/${account}/candidates` },
  { name: "pool", path: (account) => `/accounts/${account}/pool` },
  { name: "billing", path: (account) => `/accounts/${account}/billing` },
  { name: "sign-in", path: () => "/sign-in" },
  { name: "guides", path: () => "/guide" },
  { name: "guide", path: () => "/guide/numbers-and-money" },
  {
    name: "marks",
    path: (account) => `/accounts/${account}`,
    prepare: (page) => page.getByRole("button", { name: "What the marks mean" }).click(),
  },
  { name: "alerts", path: (account) => `/accounts/${account}/alerts` },
  { name: "buying", path: (account) => `/accounts/${account}/buying` },
  { name: "activity", path: (account) => `/accounts/${account}/activity` },
  {
    name: "activity-steps",
    path: (account) => `/accounts/${account}/activity`,
    prepare: (page) => page.locator("details.entry summary").first().click(),
  },
  { name: "policy", path: (account) => `/accounts/${account}/policy` },
  { name: "policy-question", path: (account) => `/accounts/${account}/policy/stop` },
  { name: "settings", path: (account) => `/accounts/${account}/settings` },
  { name: "close", path: (account) => `/accounts/${account}/close` },
  {
    name: "effect",
    path: (account) => `/accounts/${account}/settings`,
    prepare: async (page) => {
      await page.getByLabel("Checks to flag").fill("1");
      await page.locator("#effect strong, #effect p").filter({ hasText: /different outcome|No difference|No reviews recorded/ }).first().waitFor();
    },
  },
];
