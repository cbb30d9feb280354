/** @import * as Exports from "./generated/types/interfaces/dialguard-reputation-policy.js" */
/** @import { Dialer } from "./dialer.js" */

import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";

const INTERFACE = "dialguard:reputation/policy@0.2.0";

// What jco writes tries this on every export, used or not. Where Node has none, each instance would take 7 ms for that.
/** @type {any} */ (WebAssembly).promising ??= (/** @type {Function} */ run) => run;

/** A policy component. Every question has a fresh instance: one that trapped can never be called again. */
export class Policy {
  /** Fails where the file is no component, or no policy for this version of the contract. */
  static async load(/** @type {string} */ file) {
    const folder = await transpiled(await readFile(file));
    const { instantiate } = await import(new URL("policy.js", folder).href);
    const modules = new Map();
    for (const name of (await readdir(folder)).filter((name) => name.endsWith(".wasm"))) {
      modules.set(name, await WebAssembly.compile(await readFile(new URL(name, folder))));
    }
    return new Policy(instantiate, (name) => modules.get(name));
  }

  constructor(/** @type {Function} */ instantiate, /** @type {(name: string) => WebAssembly.Module} */ module) {
    this.instantiate = instantiate;
    this.module = module;
  }

  /** The contract's functions, to call one of. What a policy answers as an error is thrown, as `payload`. */
  for(/** @type {Dialer} */ dialer) {
    /** @type {typeof Exports} */
    const functions = this.instantiate(this.module, dialer.imports())[INTERFACE];
    return functions;
  }
}

/** A folder with the component as JavaScript, there whole or not at all; another component or jco has another. */
async function transpiled(/** @type {Uint8Array} */ component) {
  const jco = await readFile(new URL("package-lock.json", import.meta.url));
  const digest = createHash("sha256").update(jco).update(component).digest("hex").slice(0, 16);
  const folder = new URL(`generated/${digest}/`, import.meta.url);
  if (existsSync(folder)) return folder;
  const files = await javascript(component);
  const unfinished = new URL(`generated/${digest}.${process.pid}/`, import.meta.url);
  await mkdir(unfinished, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(new URL(name, unfinished), bytes);
  // Where another process was faster, its folder is as good.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}

/** Files by name. Fails where the component is no policy, or wants more than the contract gives. */
async function javascript(/** @type {Uint8Array} */ component) {
  const { files, imports, exports } = await transpileBytes(component, {
    name: "policy",
    instantiation: "sync",
    wasiShim: false,
    emitTypescriptDeclarations: false,
    noComponentErrorWrapping: false, // So that an error that a policy answers differs from whatever else is thrown.
  });
  const offered = exports.map(([name]) => name).filter((name) => name.includes("/"));
  if (!offered.includes(INTERFACE)) throw new Error(`it has ${offered.join(", ") || "nothing"}, not ${INTERFACE}`);
  const foreign = imports.filter((name) => !name.startsWith("dialguard:reputation/"));
  if (foreign.length > 0) throw new Error(`it wants ${foreign.join(", ")}, which no policy needs`);
  return files;
}
