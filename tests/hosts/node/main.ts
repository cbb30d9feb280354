// node --import tsx main.ts days POLICY.wasm          three days of the dialer, and what happens when something fails
// node --import tsx main.ts conformance POLICY.wasm   answers `dialguard conformance`

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { load } from "./component.ts";
import { answer } from "./conformance.ts";
import { tell } from "./days.ts";
import type { Policy } from "./policy.ts";

async function conformance(policy: Policy) {
  for await (const line of createInterface({ input: process.stdin })) console.log(answer(policy, line));
}

try {
  const [command, file] = process.argv.slice(2);
  const run = { days: tell, conformance }[command ?? ""];
  if (!run || !file) throw new Error("say `days POLICY.wasm` or `conformance POLICY.wasm`");
  await run(await load(await readFile(file)));
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
