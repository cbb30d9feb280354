// A small dialer with a Dialguard policy embedded: one account, its numbers, its carriers and its clock, in memory.
// It does not need Node: the page in ../browser uses it too.

import type * as CarrierLookup from "./generated/types/interfaces/dialguard-reputation-carrier-lookup.js";
import type * as NumberInventory from "./generated/types/interfaces/dialguard-reputation-number-inventory.js";
import type * as Types from "./generated/types/interfaces/dialguard-reputation-types.js";
import { answering, Refused, type Policy } from "./policy.ts";

const NUMBERS_PER_CALL_MAX = 10_000;
const NUMBER_MAX = 999_999_999_999_999n;

/** Everything a dialer knows. Lists of numbers are ascending; `failures` has the errors of failing imports, by name. */
export interface Known {
  now: bigint;
  account: Types.Account;
  monitored: Types.MonitoredNumber[];
  owned: BigUint64Array;
  candidates: BigUint64Array;
  flagEvents: NumberInventory.FlagEvent[];
  carriers: CarrierLookup.Carrier[];
  observations: Types.Observation[];
  failures: Record<string, Error>;
}

export class Dialer {
  known: Known;
  numbersLookedUp = 0;

  constructor(known: Known) {
    this.known = known;
  }

  /** The daily review: the policy plans it, and the dialer applies all of the plan or nothing. */
  review(policy: Policy, id = this.known.account.id): Types.Plan {
    const plan = policy.for(this).reviewAccount(id);
    this.known = this.after(plan);
    return plan;
  }

  /** The state after a review's plan. */
  after({ basedOn, reviews, actions }: Types.Plan): Known {
    const { now, account, flagEvents } = this.known;
    if (basedOn !== account.revision)
      throw new Refused("unavailable", "The account changed while it was reviewed; review it again.");
    const monitored = new Map(this.known.monitored.map((number) => [number.number, number]));
    const [owned, candidates] = [new Set(this.known.owned), new Set(this.known.candidates)];
    const flagged: NumberInventory.FlagEvent[] = [];
    for (const { number, status, flaggingChecks, clearingChecks } of reviews) {
      const before = monitored.get(number);
      if (!before) throw new Error(`the plan rates +${number}, which is not monitored`);
      const statusSince = status === before.status ? before.statusSince : now;
      if (status === "flagged" && status !== before.status) flagged.push({ number, at: now });
      monitored.set(number, { ...before, status, statusSince, flaggingChecks, clearingChecks, lastRatedAt: now });
    }
    for (const action of actions) {
      if (action.tag !== "replace-number") throw new Error(`a review may only replace numbers, not ${action.tag}`);
      const { number, replacement, slot } = action.val;
      if (!monitored.delete(number) || !candidates.delete(replacement))
        throw new Error(`+${number} cannot be replaced by +${replacement}`);
      monitored.set(replacement, pending(replacement, slot, now));
      owned.delete(number);
      owned.add(replacement);
    }
    return {
      ...this.known,
      account: {
        ...account,
        revision: account.revision + 1n,
        ratedToday: account.ratedToday + reviews.length,
        replacementsToday: account.replacementsToday + actions.length,
      },
      monitored: [...monitored.values()].sort((a, b) => Number(a.number - b.number)),
      owned: BigUint64Array.from(owned).sort(),
      candidates: BigUint64Array.from(candidates),
      flagEvents: [...flagEvents, ...flagged],
    };
  }

  /** The functions the policy may call. jco looks up interfaces without their version. */
  imports() {
    const inventory: typeof NumberInventory = {
      getAccount: (id) => this.asked("getAccount", id).account,
      monitored: (id, after, limit) =>
        first(limit, this.asked("monitored", id).monitored.filter(({ number }) => number > after)),
      owned: (id, numbers) => this.asked("owned", id, numbers).owned.filter(Set.prototype.has, new Set(numbers)),
      candidates: (id, like, limit) => first(limit, this.asked("candidates", id).candidates.toSorted(closestTo(like))),
      flagEvents: (id, since) => this.asked("flagEvents", id).flagEvents.filter(({ at }) => at >= since),
    };
    const carriers: typeof CarrierLookup = {
      carriers: () => this.known.carriers,
      lookUp: (numbers) => this.lookUp(numbers),
    };
    return {
      "dialguard:reputation/clock": { now: () => this.known.now },
      "dialguard:reputation/carrier-lookup": answering(carriers),
      "dialguard:reputation/number-inventory": answering(inventory),
    };
  }

  lookUp(numbers: BigUint64Array): Types.Observation[] {
    const { observations } = this.asked("lookUp", undefined, numbers);
    this.numbersLookedUp += numbers.length;
    const found = new Map([...numbers].map((number) => [number, [] as Types.Observation[]]));
    for (const observation of observations) found.get(observation.number)?.push(observation);
    return [...found.values()].flat();
  }

  /** The facts to answer from; throws the error to return instead. */
  asked(name: string, id?: string, numbers?: BigUint64Array): Known {
    const { failures, account } = this.known;
    if (failures[name]) throw failures[name];
    if (id !== undefined && id !== account.id) throw new Refused("no-such-account", `There is no account '${id}'.`);
    const tooMany = numbers && numbers.length > NUMBERS_PER_CALL_MAX;
    if (tooMany || numbers?.some((number) => number < 1n || number > NUMBER_MAX))
      throw new Refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.");
    return this.known;
  }
}

/** A number in its slot since that time, not rated yet. */
export const pending = (number: bigint, slot: number, since: bigint): Types.MonitoredNumber => ({
  number,
  slot,
  status: "pending",
  statusSince: since,
  monitoredSince: since,
  flaggingChecks: 0,
  clearingChecks: 0,
  replacementPending: false,
});

const first = <List extends { slice(start: number, end: number): List }>(limit: number, list: List): List =>
  list.slice(0, Math.min(limit, NUMBERS_PER_CALL_MAX));

/** Most leading digits shared first, then the lower number. */
function closestTo(like: bigint) {
  const digits = [...String(like), "end"];
  const shared = (number: bigint) => digits.findIndex((digit, place) => digit !== String(number)[place]);
  return (a: bigint, b: bigint) => shared(b) - shared(a) || Number(a - b);
}
