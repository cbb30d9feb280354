// Makes policy.wasm, the policy with an interpreter around it, for the contract that package.json names.

import { componentize } from "@bytecodealliance/componentize-js";
import { readFile, rename, writeFile } from "node:fs/promises";

const wit = new URL(`${process.env.npm_package_config_wit}/`, import.meta.url);
const [, version] = (await readFile(new URL("world.wit", wit), "utf8")).match(/^package dialguard:reputation@(.+);$/m);

// The policy imports interfaces by name; which version of them is the contract's to say.
const source = await readFile(new URL("policy.js", import.meta.url), "utf8");
const versioned = source.replace(/"(dialguard:reputation\/[a-z-]+)"/g, `"$1@${version}"`);

// Without these the interpreter needs nothing of WASI, and the policy imports the contract and nothing else.
const disableFeatures = ["stdio", "random", "clocks", "http", "fetch-event"];
const witPath = wit.pathname;
const { component } = await componentize(versioned, { witPath, worldName: "reputation-policy", disableFeatures });

// Whoever reads it meanwhile sees the old one or the new one.
await writeFile(new URL("policy.wasm.new", import.meta.url), component);
await rename(new URL("policy.wasm.new", import.meta.url), new URL("policy.wasm", import.meta.url));
console.log(`policy.wasm: ${component.length} bytes, contract ${version}`);
