// npm run pictures -- [FOLDER]   takes a picture of each page of the demo, wide and narrow, by day and by night
//
// The demo's program is target/debug/dialguard, or what DIALGUARD names. FOLDER is `pictures` unless given.

import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { DESKTOP, PHONE, withBrowser } from "./browser.js";
import { PAGES } from "./pages.js";

const PROGRAM = process.env.DIALGUARD ?? new URL("../../target/debug/dialguard", import.meta.url).pathname;
const folder = process.argv[2] ?? "pictures";
/** The account of the demo, and a number that has seen something. */
const [account, number] = ["demo", "+13105550107"];

const demo = spawn(PROGRAM, ["demo", "--serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
try {
  const link = await signInLink();
  await mkdir(folder, { recursive: true });
  await withBrowser(link.origin, async (open) => {
    const first = await open();
    await first.goto(link.href);
    const cookies = await first.context().cookies();
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await open({ viewport, colorScheme });
        await page.context().addCookies(cookies);
        for (const { name, path, prepare } of PAGES) {
          await page.goto(path(account, number));
          await prepare?.(page);
          await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png`, fullPage: !prepare });
        }
      }
    }
  });
  console.log(`${folder}/`);
} finally {
  demo.kill();
}

/** What the demo prints once it has played its two weeks. */
async function signInLink() {
  for await (const line of createInterface({ input: demo.stderr })) {
    const link = line.match(/http:\/\/\S*ticket=[\w-]+/);
    if (link) return new URL(link[0]);
  }
  throw new Error(`${PROGRAM} ended without a page`);
}
