// Chromium without a window, signed in at Dialguard's page. Everything here goes through this file.

import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/**
 * Opens Chromium for `use` and ends it after. What goes wrong in a page, a refused script or style included, fails
 * whatever uses it.
 *
 * @param {(open: (options?: object) => Promise<import("playwright-core").Page>) => Promise<void>} use
 *   is given what opens a page of its own; options are Playwright's for a context.
 */
export async function withBrowser(address, use) {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  const wrong = [];
  try {
    await use(async (options = {}) => {
      const context = await browser.newContext({ baseURL: address, viewport: DESKTOP, ...options });
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
      page.on("pageerror", (error) => wrong.push(error.message));
      return page;
    });
  } finally {
    await browser.close();
  }
  if (wrong.length > 0) throw new Error(`errors in the page:\n${wrong.join("\n")}`);
}

/** Signs in with what a session's cookie has. */
export async function signIn(page, address, session) {
  await page.context().addCookies([{ name: "dialguard_session", value: session, url: address }]);
}
