// npm run pictures -- [FOLDER]   takes screenshots of each page of the demo: desktop and phone, light and dark
//
// The program is target/debug/dialguard unless DIALGUARD names another. FOLDER defaults to `pictures`.

import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { DESKTOP, PHONE, withBrowser } from "./browser.js";
import { PAGES } from "./pages.js";

const PROGRAM = process.env.DIALGUARD ?? new URL("../../target/debug/dialguard", import.meta.url).pathname;
const folder = process.argv[2] ?? "pictures";
/** The demo's account, and a number with a history. */
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

/** The link that the demo prints after it has played its two weeks. */
async function signInLink() {
  for await (const line of createInterface({ input: demo.stderr })) {
    const link = line.match(/http:\/\/\S*ticket=[\w-]+/);
    if (link) return new URL(link[0]);
  }
  throw new Error(`${PROGRAM} ended without printing a link`);
}
