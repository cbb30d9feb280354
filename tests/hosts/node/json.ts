// The lines of `dialguard conformance`: the contract's names in kebab-case, 64 bits as text, an option without a value
// as null. A variant is an object with one field, its case; a table is an object with a list for each column.

const TABLES = ["monitored", "candidates", "rested", "flag-events", "verdicts", "calls"];
const NUMBERS = /^(owned|numbers|(start|stop)-monitoring|replace-numbers)$/;
const BIG = /^(now|number|revision|until|(.+-)?(at|since))$/;

/** The columns whose elements do not have 64 bits. */
const NARROW: Record<string, { from(list: number[]): unknown }> = {
  slots: Uint32Array,
  statuses: Uint8Array,
  "flagging-checks": Uint8Array,
  "clearing-checks": Uint8Array,
  "replacement-pending": Uint8Array,
  "price-cents": Uint32Array,
  rested: Uint8Array,
  rests: Uint8Array,
  carriers: Uint16Array,
  scores: Uint8Array,
  attempts: Uint32Array,
  answered: Uint32Array,
  short: Uint32Array,
  blocked: Uint32Array,
};

/** The value as jco takes it. `name` says which texts are integers, because others may look like them. */
export function fromJson(value: any, name = ""): any {
  if (value === null) return undefined;
  if (Array.isArray(value))
    return NUMBERS.test(name) ? BigUint64Array.from(value, BigInt) : value.map((element) => fromJson(element));
  if (BIG.test(name)) return BigInt(value);
  if (typeof value !== "object" || name === "settings") return value; // Settings keep their names.
  const read = TABLES.includes(name) ? column : fromJson;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [camelCase(name), read(field, name)]));
}

const column = (list: any, name: string) => NARROW[name]?.from(list) ?? BigUint64Array.from(list, BigInt);

export function toJson(value: any): any {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array, toJson);
  if (typeof value !== "object") return value ?? null;
  if ("tag" in value) return { [value.tag]: toJson(value.val) };
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [kebabCase(name), toJson(field)]));
}

/** A call of the contract, with arguments as jco takes them. Only a call contains a variant. */
export function callFromJson(call: { function: string; arguments: any[] }): { name: string; given: any[] } {
  const name = camelCase(call.function);
  const [id, second] = call.arguments;
  if (name === "screen") return { name, given: [id, fromJson(second, "numbers")] };
  if (name !== "decide") return { name, given: call.arguments };
  const [[tag, val]] = Object.entries(second) as [[string, unknown]];
  return { name, given: [id, { tag, val: fromJson(val, tag) }] };
}

export const camelCase = (name: string) => name.replace(/-./g, ([, letter]) => letter!.toUpperCase());
const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
