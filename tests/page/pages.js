// Every page there is, for the check of accessibility and for pictures.

/** @type {{ name: string, path: (account: string, number: string) => string, prepare?: (page: any) => Promise<void> }[]} */
export const PAGES = [
  { name: "accounts", path: () => "/" },
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
    prepare: (page) => page.locator("summary.actions").first().click(),
  },
  { name: "delete", path: (account, number) => `/accounts/${account}/ask?action=delete&number=${number}` },
  { name: "number", path: (account, number) => `/accounts/${account}/numbers/${number}` },
  { name: "import", path: (account) => `/accounts/${account}/import` },
];
