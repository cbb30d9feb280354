// A small dialer with a Dialguard policy embedded.
//
//     node dialer.js evaluate POLICY.wasm      what the policy makes of an example account
//     node dialer.js conformance POLICY.wasm   answers `dialguard conformance`, a line for a line

/** @import * as CarrierLookup from "./generated/types/interfaces/dialguard-reputation-carrier-lookup.js" */
/** @import * as NumberInventory from "./generated/types/interfaces/dialguard-reputation-number-inventory.js" */
/** @import * as Types from "./generated/types/interfaces/dialguard-reputation-types.js" */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { argumentsFromJson, camelCase, fromJson, toJson } from "./json.js";
import { Policy } from "./policy.js";

const NUMBERS_PER_CALL_MAX = 10_000;
const NUMBER_MAX = 999_999_999_999_999n;

/**
 * All that a dialer knows. Numbers ascend wherever there are several; `failures` are imports that fail, by name.
 * @typedef {{ now: bigint, account: Types.Account, monitored: Types.MonitoredNumber[], owned: BigUint64Array,
 *   candidates: BigUint64Array, flagEvents: NumberInventory.FlagEvent[], carriers: CarrierLookup.Carrier[],
 *   observations: Types.Observation[], failures: Record<string, Types.Error> }} Known
 */

/** The contract's error: what an import answers instead of a value. `payload` is where jco looks for it. */
class Refused extends Error {
  constructor(/** @type {Types.ErrorCode} */ code, /** @type {string} */ message) {
    super(message);
    this.payload = { code, message };
  }
}

/** One account in memory, its carriers and its clock. */
export class Dialer {
  numbersLookedUp = 0;

  constructor(/** @type {Known} */ known) {
    this.known = known;
  }

  /** What the policy may ask. jco looks for interfaces without their version. */
  imports() {
    /** @type {typeof NumberInventory} */
    const inventory = {
      getAccount: (id) => this.asked("getAccount", id).account,
      monitored: (id, after, limit) =>
        first(limit, this.asked("monitored", id).monitored.filter(({ number }) => number > after)),
      owned: (id, numbers) => this.asked("owned", id, numbers).owned.filter(Set.prototype.has, new Set(numbers)),
      candidates: (id, like, limit) => first(limit, this.asked("candidates", id).candidates.toSorted(closestTo(like))),
      flagEvents: (id, since) => this.asked("flagEvents", id).flagEvents.filter(({ at }) => at >= since),
    };
    /** @type {typeof CarrierLookup} */
    const carriers = { carriers: () => this.known.carriers, lookUp: (numbers) => this.lookUp(numbers) };
    return {
      "dialguard:reputation/clock": { now: () => this.known.now },
      "dialguard:reputation/carrier-lookup": answering(carriers),
      "dialguard:reputation/number-inventory": answering(inventory),
    };
  }

  lookUp(/** @type {BigUint64Array} */ numbers) {
    const { observations } = this.asked("lookUp", undefined, numbers);
    this.numbersLookedUp += numbers.length;
    /** @type {Map<bigint, Types.Observation[]>} */
    const said = new Map([...numbers].map((number) => [number, []]));
    for (const observation of observations) said.get(observation.number)?.push(observation);
    return [...said.values()].flat();
  }

  /**
   * What there is to answer from; throws what is to be answered instead.
   * @param {string} name @param {string} [id] @param {BigUint64Array} [numbers]
   */
  asked(name, id, numbers) {
    const { failures, account } = this.known;
    if (failures[name]) throw new Refused(failures[name].code, failures[name].message);
    if (id !== undefined && id !== account.id) throw new Refused("no-such-account", `There is no account '${id}'.`);
    const tooMany = numbers && numbers.length > NUMBERS_PER_CALL_MAX;
    if (tooMany || numbers?.some((number) => number < 1n || number > NUMBER_MAX))
      throw new Refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.");
    return this.known;
  }
}

/**
 * The same functions, but whatever they throw is an error of the contract, so that the policy can say what it means.
 * @template {object} Functions @param {Functions} functions @returns {Functions}
 */
function answering(functions) {
  const answer = (/** @type {Function} */ ask) => (/** @type {any[]} */ ...given) => {
    try {
      return ask(...given);
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new Refused("unavailable", `The dialer could not be asked: ${error}. Try again later.`);
    }
  };
  return /** @type {any} */ (Object.fromEntries(Object.entries(functions).map(([name, ask]) => [name, answer(ask)])));
}

/** @template {{ slice(start: number, end: number): any }} List @returns {List} */
const first = (/** @type {number} */ limit, /** @type {List} */ list) =>
  list.slice(0, Math.min(limit, NUMBERS_PER_CALL_MAX));

/** Most leading digits shared first, then the lower number. */
function closestTo(/** @type {bigint} */ like) {
  const digits = [...String(like), "end"];
  const shared = (/** @type {bigint} */ number) => digits.findIndex((digit, place) => digit !== String(number)[place]);
  return (/** @type {bigint} */ a, /** @type {bigint} */ b) => shared(b) - shared(a) || Number(a - b);
}

function evaluate(/** @type {Policy} */ policy) {
  const example = JSON.parse(readFileSync(new URL("example.json", import.meta.url), "utf8"));
  const dialer = new Dialer(fromJson(example));
  const { name, version, summary } = policy.for(dialer).describe();
  console.log(`${name} ${version}: ${summary}\n`);
  const { reviews, actions, notices } = policy.for(dialer).reviewAccount(example.account.id);
  for (const review of reviews)
    console.log(`+${review.number} is ${review.status}: ${review.flagging} of ${review.answering} carriers flag it`);
  for (const action of actions) console.log(JSON.stringify(toJson(action)));
  for (const { severity, text } of notices) console.log(`${severity}: ${text}`);
}

async function conformance(/** @type {Policy} */ policy) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, ...known } = JSON.parse(line);
    const dialer = new Dialer(fromJson(known));
    console.log(JSON.stringify({ ...answer(policy, dialer, call), "numbers-looked-up": dialer.numbersLookedUp }));
  }
}

function answer(/** @type {any} */ policy, /** @type {Dialer} */ dialer, /** @type {any} */ call) {
  try {
    return { ok: toJson(policy.for(dialer)[camelCase(call.function)](...argumentsFromJson(call))) };
  } catch (/** @type {any} */ error) {
    return error.payload ? { err: toJson(error.payload) } : { fault: String(error) };
  }
}

try {
  const [command, file] = process.argv.slice(2);
  const run = new Map(Object.entries({ evaluate, conformance })).get(command);
  if (!run || !file) throw new Error("say `evaluate POLICY.wasm` or `conformance POLICY.wasm`");
  await run(await Policy.load(file));
} catch (/** @type {any} */ error) {
  console.error(`error: ${error.payload?.message ?? error.message}`);
  process.exitCode = 1;
}
