// node --import tsx conformance.ts POLICY.wasm   answers `dialguard conformance` from within the page, in Chromium

import { createInterface } from "node:readline";
import { withPage } from "./chromium.ts";

const [component] = process.argv.slice(2);
if (!component) throw new Error("say `conformance.ts POLICY.wasm`");
await withPage(component, async (page) => {
  const worker = await page.evaluateHandle(() => new Worker("worker.js", { type: "module" }));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(await worker.evaluate(answer, line));
  }
});

/** Runs in the page. */
function answer(worker: Worker, line: string): Promise<string> {
  return new Promise((answered, failed) => {
    worker.onmessage = ({ data }) => answered(data);
    worker.onerror = ({ message }) => failed(new Error(message));
    worker.postMessage(line);
  });
}
