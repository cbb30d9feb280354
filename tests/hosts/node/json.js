// The lines of `dialguard conformance`: the contract's names in kebab-case, 64 bits as text, none as null. A variant is
// an object with one field, its case.

const NUMBERS = /^(owned|candidates|numbers|(start|stop)-monitoring|replace-numbers)$/;
const BIG = /^(now|number|revision|until|(.+-)?(at|since))$/;

/** What jco takes. `name` says which texts are integers, since others may look like some. @returns {any} */
export function fromJson(/** @type {any} */ value, name = "") {
  if (value === null) return undefined;
  if (Array.isArray(value))
    return NUMBERS.test(name) ? BigUint64Array.from(value, BigInt) : value.map((element) => fromJson(element));
  if (BIG.test(name)) return BigInt(value);
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [camelCase(name), fromJson(field, name)]));
}

/** @returns {any} */
export function toJson(/** @type {any} */ value) {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object") return value ?? null;
  if ("tag" in value) return { [value.tag]: toJson(value.val) };
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [kebabCase(name), toJson(field)]));
}

/** A function's arguments; only here is there a variant to read. */
export function argumentsFromJson(/** @type {{ function: string, arguments: any[] }} */ call) {
  const [first, second] = call.arguments;
  if (call.function === "screen") return [first, fromJson(second, "numbers")];
  if (call.function !== "decide") return call.arguments.map((argument) => fromJson(argument));
  const [[tag, val]] = Object.entries(second);
  return [first, { tag, val: fromJson(val, tag) }];
}

export const camelCase = (/** @type {string} */ name) => name.replace(/-./g, ([, letter]) => letter.toUpperCase());
const kebabCase = (/** @type {string} */ name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
