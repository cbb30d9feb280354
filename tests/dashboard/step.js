// node step.js NAME…   runs each steps/NAME.js, all in one browser: one thing a user does, and the expected result
//
// DIALGUARD_PAGE is the dashboard's URL, DIALGUARD_SESSION the value of a session cookie, if the step is a user's. A step is a module whose default
// export receives a signed-in page, and `open` for further ones. It fails by throwing.

import { signIn, withBrowser } from "./browser.js";

const { DIALGUARD_PAGE: address, DIALGUARD_SESSION: session } = process.env;

await withBrowser(address, async (openPage) => {
  const open = async (options) => {
    const page = await openPage(options);
    if (session) await signIn(page, address, session);
    return page;
  };
  for (const name of process.argv.slice(2)) {
    const { default: step } = await import(`./steps/${name}.js`);
    const page = await open();
    try {
      await step(page, open);
    } catch (error) {
      console.error(`${name} failed; its first page:\n${await page.locator("dialog[open], body").last().innerText()}\n`);
      throw error;
    }
  }
});
