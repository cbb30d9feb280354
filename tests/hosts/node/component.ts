// A component file translated to JavaScript and core WebAssembly by jco, in a folder that `Policy.load` can read.

import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { Policy, type Parts } from "./policy.ts";

/** Fails if the file is not a component, or not a policy for this version of the contract. */
export const load = async (component: Uint8Array) => Policy.load(await transpiled(component), (file) => readFile(file));

/** The folder, created completely or not at all; each component and version of jco has its own. */
export async function transpiled(component: Uint8Array): Promise<URL> {
  const jco = await readFile(new URL("package-lock.json", import.meta.url));
  const digest = createHash("sha256").update(jco).update(component).digest("hex").slice(0, 16);
  const folder = new URL(`generated/${digest}/`, import.meta.url);
  if (existsSync(folder)) return folder;
  const files = await javascript(component);
  const unfinished = new URL(`generated/${digest}.${process.pid}/`, import.meta.url);
  await mkdir(unfinished, { recursive: true });
  for (const [name, content] of files) await writeFile(new URL(name, unfinished), content);
  // If another process was faster, its folder is just as good.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}

async function javascript(component: Uint8Array): Promise<Map<string, Uint8Array | string>> {
  const { files, imports, exports } = await transpileBytes(component, {
    name: "policy",
    instantiation: "sync",
    wasiShim: false,
    emitTypescriptDeclarations: false,
    noComponentErrorWrapping: false, // Makes a policy's errors distinguishable from other exceptions.
  });
  const modules = Object.keys(files).filter((name) => name.endsWith(".wasm"));
  const parts: Parts = { imports, exports: exports.map(([name]) => name), modules };
  return new Map<string, Uint8Array | string>(Object.entries(files)).set("parts.json", JSON.stringify(parts));
}
