// Writes the contract's types to generated/types/, for tsc and for editors. The dialer runs without them.

import { generateHostTypes, writeFiles } from "@bytecodealliance/jco-transpile";
import { fileURLToPath } from "node:url";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const wit = here(process.env.npm_package_config_wit!);
await writeFiles(await generateHostTypes(wit, { worldName: "reputation-policy", outDir: here("generated/types") }));
