// Headless Chromium, signed in to the dashboard. All scripts here use this file.

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
 * Starts Chromium for `use` and closes it afterwards. Fails on any error in a page, including blocked scripts and styles.
 *
 * @param {(open: (options?: object) => Promise<import("playwright-core").Page>) => Promise<void>} use
 *   receives a function that opens a page in its own context; the options are Playwright's.
 */
export async function withBrowser(address, use) {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  const errors = [];
  try {
    await use(async (options = {}) => {
      const context = await browser.newContext({ baseURL: address, viewport: DESKTOP, ...options });
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      // A form that comes again, because something in it is wrong, is no error of the page.
      const isError = (message) => message.type() === "error" && !message.text().includes("status of 422");
      page.on("console", (message) => isError(message) && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      return page;
    });
  } finally {
    await browser.close();
  }
  if (errors.length > 0) throw new Error(`errors in the page:\n${errors.join("\n")}`);
}

/** Signs in with the value of a session cookie. */
export async function signIn(page, address, session) {
  await page.context().addCookies([{ name: "dialguard_session", value: session, url: address }]);
}
