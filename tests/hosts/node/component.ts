// A component file made into JavaScript and core WebAssembly by jco, in a folder that `Policy.load` can read.

import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { Policy, type Parts } from "./policy.ts";

/** Fails where the file is no component, or no policy for this version of the contract. */
export const load = async (component: Uint8Array) => Policy.load(await transpiled(component), (file) => readFile(file));

/** The folder, there whole or not at all; another component or jco has another. */
export async function transpiled(component: Uint8Array): Promise<URL> {
  const jco = await readFile(new URL("package-lock.json", import.meta.url));
  const digest = createHash("sha256").update(jco).update(component).sha256("hex").slice(0, 16);
  const folder = new URL(`generated/${digest}/`, import.meta.url);
  if (existsSync(folder)) return folder;
  const files = await javascript(component);
  const unfinished = new URL(`generated/${digest}.${process.pid}/`, import.meta.url);
  await mkdir(unfinished, { recursive: true });
  for (const [name, content] of files) await writeFile(new URL(name, unfinished), content);
  // Where another process was faster, its folder is as good.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}

async function javascript(component: Uint8Array): Promise<Map<string, Uint8Array | string>> {
  const { files, imports, exports } = await transpileBytes(component, {
    name: "policy",
    instantiation: "sync",
    wasiShim: false,
    emitTypescriptDeclarations: false,
    noComponentErrorWrapping: false, // So that an error that a policy answers differs from whatever else is thrown.
  });
  const modules = Object.keys(files).filter((name) => name.endsWith(".wasm"));
  const parts: Parts = { imports, exports: exports.map(([name]) => name), modules };
  return new Map<string, Uint8Array | string>(Object.entries(files)).set("parts.json", JSON.stringify(parts));
}
