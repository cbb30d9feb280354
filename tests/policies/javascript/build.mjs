// Makes policy.wasm, the policy with an interpreter around it, for the contract that package.json names.

import { componentize } from "@bytecodealliance/componentize-js";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const here = (name) => new URL(name, import.meta.url).pathname;
const wit = here(`${process.env.npm_package_config_wit}/`);
const [, version] = (await readFile(join(wit, "world.wit"), "utf8")).match(/^package dialguard:reputation@(.+);$/m);

// The policy imports interfaces by name; which version of them is the contract's to say.
const folder = await mkdtemp(here("build-"));
for (const name of ["policy.js", "table.js"]) {
  const source = await readFile(here(name), "utf8");
  await writeFile(join(folder, name), source.replace(/"(dialguard:reputation\/[a-z-]+)"/g, `"$1@${version}"`));
}

// Without these the interpreter needs nothing of WASI, and the policy imports the contract and nothing else.
const disableFeatures = ["stdio", "random", "clocks", "http", "fetch-event"];
const options = { witPath: wit, worldName: "reputation-policy", disableFeatures };
try {
  const { component } = await componentize({ sourcePath: join(folder, "policy.js"), ...options });
  // A program that reads it meanwhile sees the old one or the new one.
  await writeFile(here("policy.wasm.new"), component);
  await rename(here("policy.wasm.new"), here("policy.wasm"));
  console.log(`policy.wasm: ${component.length} bytes, contract ${version}`);
} finally {
  await rm(folder, { recursive: true });
}
