// Serves the page and its files to this machine only. jco runs here, in Node; the page gets its JavaScript.

import { build } from "esbuild";
import { readFile, readdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { transpiled } from "../node/component.ts";
import { anotherVersion } from "../node/days.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  wasm: "application/wasm",
};

const HEADERS = {
  // Only this server's files and no inline scripts; compiling WebAssembly is allowed, `eval` is not.
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // Both for a finer clock: `performance.now()` then has a resolution of 5 µs instead of 100 µs.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** Serves the page with this policy component. Port 0 picks a free one. */
export async function serve(component: string, port: number): Promise<{ server: Server; address: string }> {
  const files = await site(component);
  const server = createServer(({ url = "/", method }, response) => {
    const name = url.slice(1).replace(/\?.*/, "") || "index.html";
    const content = method === "GET" ? files.get(name) : undefined;
    const type = content ? TYPES[extension(name)] : TYPES.html;
    response.writeHead(content ? 200 : 404, { ...HEADERS, "Content-Type": type });
    response.end(content ?? "There is no such page.");
  });
  await new Promise<void>((listening, failed) => server.once("error", failed).listen(port, "127.0.0.1", listening));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** Files by path. */
async function site(component: string): Promise<Map<string, Uint8Array>> {
  return new Map([
    ...(await folder("", new URL("page/", import.meta.url))),
    ...(await scripts()),
    ...(await folder("policy/", await transpiled(await readFile(component)))),
    ...(await folder("another-version/", await transpiled(await anotherVersion()))),
  ]);
}

async function folder(prefix: string, folder: URL): Promise<[string, Uint8Array][]> {
  const names = (await readdir(folder)).filter((name) => TYPES[extension(name)]);
  return Promise.all(names.map(async (name) => [prefix + name, await readFile(new URL(name, folder))]));
}

async function scripts(): Promise<[string, Uint8Array][]> {
  const entryPoints = ["page", "worker"].map((name) => fileURLToPath(new URL(`page/${name}.ts`, import.meta.url)));
  const options = { bundle: true, format: "esm", target: "es2023", write: false, outdir: "." } as const;
  const { outputFiles } = await build({ entryPoints, ...options });
  return outputFiles.map(({ path, contents }) => [path.split(/[\\/]/).at(-1)!, contents]);
}

const extension = (name: string) => name.split(".").at(-1)!;
