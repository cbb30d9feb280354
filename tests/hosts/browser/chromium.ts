// Headless Chromium with the page open, for the tests and `conformance.ts`.

import { chromium, type Page } from "playwright-core";
import { serve } from "./site.ts";

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

/** Closes Chromium and the server after `use`. */
export async function withPage(component: string, use: (page: Page) => Promise<void>) {
  const { server, address } = await serve(component, 0);
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => console.error(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => console.error(`error in the page: ${error.message}`));
    await page.goto(address);
    await use(page);
  } finally {
    await browser.close();
    server.close();
  }
}
