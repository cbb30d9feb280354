// npm start POLICY.wasm   serves the page with this policy, to this machine only

import { serve } from "./site.ts";

const PORT = 8433;

try {
  const [component, port = PORT] = process.argv.slice(2);
  if (!component) throw new Error("say `npm start POLICY.wasm`, and a port after it where 8433 is taken");
  const { address } = await serve(component, Number(port));
  console.log(`Open ${address} in a browser. Ctrl-C ends it.`);
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
