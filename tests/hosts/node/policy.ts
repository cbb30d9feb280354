// A callable policy component. It does not need Node: the page in ../browser uses it too.

import type * as Exports from "./generated/types/interfaces/dialguard-reputation-policy.js";
import type * as Types from "./generated/types/interfaces/dialguard-reputation-types.js";
import type { Dialer } from "./dialer.ts";
import { REVIEWS, SUSPECTS } from "./table.ts";

const VERSION = "0.3.0";
const CONTRACT = "dialguard:reputation/";
const POLICY = `${CONTRACT}policy@${VERSION}`;

// jco's output looks this up for every export, used or not. If it were missing, each instance would need 7 ms for that.
(WebAssembly as { promising?: unknown }).promising ??= (run: unknown) => run;

/** The contract's error, as an import throws it. jco reads it from `payload`. */
export class Refused extends Error {
  payload: Types.Error;

  constructor(code: Types.ErrorCode, message: string) {
    super(message);
    this.payload = { code, message };
  }
}

/** The error that a policy returned, from the exception that ended a call; nothing if that is a fault. */
export const refusal = (thrown: unknown) => (thrown as Partial<Refused>).payload;

/** The contents of `parts.json` in a folder that `component.ts` made. */
export interface Parts {
  imports: string[];
  exports: string[];
  modules: string[];
}

type Instantiate = (module: (name: string) => WebAssembly.Module, imports: object) => Record<string, typeof Exports>;

/** Every call has a fresh instance, because one that trapped can never be called again. */
export class Policy {
  instantiate: Instantiate;
  modules: Map<string, WebAssembly.Module>;
  declared?: Types.Setting[];

  /** From a folder that `component.ts` made. Fails if it is not a policy for this version of the contract. */
  static async load(folder: URL, read: (file: URL) => Promise<BufferSource>): Promise<Policy> {
    const parts: Parts = JSON.parse(new TextDecoder().decode(await read(new URL("parts.json", folder))));
    ensureSpoken(parts);
    const compiled = parts.modules.map(async (name) => {
      return [name, await WebAssembly.compile(await read(new URL(name, folder)))] as const;
    });
    const { instantiate } = await import(new URL("policy.js", folder).href);
    return new Policy(instantiate, new Map(await Promise.all(compiled)));
  }

  constructor(instantiate: Instantiate, modules: Map<string, WebAssembly.Module>) {
    this.instantiate = instantiate;
    this.modules = modules;
  }

  /** The contract's functions, of which one may be called. A policy's error is thrown, see `refusal`. */
  for(dialer: Dialer): typeof Exports {
    const functions = this.instance(dialer.imports(() => this.settings()));
    return {
      ...functions,
      reviewAccount: (id) => checked(functions.reviewAccount(id)),
      decide: (id, request) => {
        const decision = functions.decide(id, request);
        checked(decision.plan);
        return decision;
      },
    };
  }

  /** The settings that it declares. */
  settings(): Types.Setting[] {
    return (this.declared ??= this.instance(NO_IMPORTS).describe().settings);
  }

  instance(imports: object): typeof Exports {
    return this.instantiate((name) => this.modules.get(name)!, imports)[POLICY]!;
  }
}

/** `describe` calls none. */
const NO_IMPORTS = new Proxy({}, { get: () => new Proxy({}, { get: () => () => undefined }) });

/** Fails if a table of the plan is none. Nothing else of an answer can have a form that is not the contract's. */
function checked(plan: Types.Plan): Types.Plan {
  REVIEWS.check(plan.reviews);
  if (plan.suspects) SUSPECTS.check(plan.suspects);
  return plan;
}

/** Settings as people set them, by name: a boolean, a whole number, or the name of a choice. */
export type Settings = Record<string, boolean | number | string>;

/** The values of settings in the order in which the policy declares them: what a person set, if that is in range, else
 * the default. `refuse` is called with each name whose value is not. */
export function inOrder(settings: Settings, declared: Types.Setting[], refuse = (_: string) => {}): BigInt64Array {
  return BigInt64Array.from(declared, ({ name, kind }) => {
    const set = settings[name];
    const value = set === undefined ? undefined : valueOf(set, kind);
    if (set !== undefined && value === undefined) refuse(name);
    return value ?? BigInt(kind.val.default);
  });
}

/** The value of a setting as the contract has it; nothing if it is out of range. */
function valueOf(set: boolean | number | string, { tag, val }: Types.SettingKind): bigint | undefined {
  if (tag === "switch") return typeof set === "boolean" ? BigInt(set) : undefined;
  if (tag === "integer") {
    const inRange = Number.isInteger(set) && val.min <= Number(set) && Number(set) <= val.max;
    return inRange ? BigInt(set) : undefined;
  }
  const place = val.names.indexOf(String(set));
  return place < 0 ? undefined : BigInt(place);
}

/** The version is checked by the exports, because jco's imports have none. */
function ensureSpoken({ imports, exports }: Parts) {
  const offered = exports.filter((name) => name.includes("/"));
  const foreign = imports.filter((name) => !name.startsWith(CONTRACT));
  const wrong = !offered.includes(POLICY)
    ? `it has ${offered.join(", ") || "nothing"}, not ${POLICY}`
    : foreign.length > 0 && `it wants ${foreign.join(", ")}, which no policy needs`;
  if (wrong) throw new Error(`no policy for version ${VERSION} of the contract: ${wrong}`);
}

/** The same functions, with exceptions converted to the contract's errors, so that the policy can handle them. */
export function answering<Functions extends object>(functions: Functions): Functions {
  const answer = (ask: Function) => (...given: unknown[]) => {
    try {
      return ask(...given);
    } catch (error) {
      if (error instanceof Refused) throw error;
      const why = error instanceof Error ? error.message : error;
      throw new Refused("unavailable", `The dialer could not be asked: ${why}. Try again later.`);
    }
  };
  return Object.fromEntries(Object.entries(functions).map(([name, ask]) => [name, answer(ask)])) as Functions;
}
