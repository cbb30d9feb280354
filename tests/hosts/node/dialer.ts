// A small dialer with a Dialguard policy embedded: one account, its numbers, its carriers and its clock, in memory.
// It does not need Node: the page in ../browser uses it too.

import type * as CarrierLookup from "./generated/types/interfaces/dialguard-reputation-carrier-lookup.js";
import type * as NumberInventory from "./generated/types/interfaces/dialguard-reputation-number-inventory.js";
import type * as Types from "./generated/types/interfaces/dialguard-reputation-types.js";
import { answering, inOrder, Refused, type Policy, type Settings } from "./policy.ts";
import * as table from "./table.ts";
import { CALLS, CANDIDATES, FLAGS, HOURS, MONITORED, RESTED, REVIEWS, SUSPECTS } from "./table.ts";

const NUMBERS_PER_CALL_MAX = 10_000;
const NUMBER_MAX = 999_999_999_999_999n;

/** The account, with its settings by name: those that a person set. */
export type Account = Omit<Types.Account, "settings"> & { settings: Settings };

/** Everything a dialer knows. Numbers are ascending; `failures` has the errors of failing imports, by name. */
export interface Known {
  now: bigint;
  account: Account;
  monitored: Types.MonitoredTable;
  owned: BigUint64Array;
  candidates: Types.CandidateTable;
  rested: Types.RestedTable;
  flagEvents: NumberInventory.FlagTable;
  carriers: CarrierLookup.Carrier[];
  sources: CarrierLookup.Source[];
  verdicts: table.Verdicts;
  calls: table.HourTable;
  failures: Record<string, Error>;
}

export class Dialer {
  known: Known;
  lookUps: { numbers: BigUint64Array; sources: Uint16Array }[] = [];

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
  after({ basedOn, reviews, suspects, actions }: Types.Plan): Known {
    const { now, account } = this.known;
    if (basedOn !== account.revision)
      throw new Refused("unavailable", "The account changed while it was reviewed; review it again.");
    const monitored = new Map([...MONITORED.rows(this.known.monitored)].map((number) => [number.number, number]));
    const find = (number: bigint): table.MonitoredNumber => {
      const found = monitored.get(number);
      if (!found) throw new Error(`the plan is about +${number}, which is not monitored`);
      return found;
    };
    const flagged = [...FLAGS.rows(this.known.flagEvents)];
    let rated = 0;
    for (const review of REVIEWS.rows(reviews)) {
      const { number, status, flaggingChecks, clearingChecks, answering, evidenceUntil } = review;
      const found = find(number);
      if (status === "flagged" && status !== found.status) flagged.push({ number, at: now });
      if (status !== found.status) Object.assign(found, { status, statusSince: now });
      Object.assign(found, { flaggingChecks, clearingChecks, evidenceUntil });
      if (answering > 0) found.lastRatedAt = now;
      rated += Number(answering > 0);
    }
    if (suspects) {
      const numbers = new Set([...SUSPECTS.rows(suspects)].map(({ number }) => number));
      for (const found of monitored.values())
        found.suspectSince = numbers.has(found.number) ? (found.suspectSince ?? now) : undefined;
    }
    return {
      ...this.act(actions, monitored),
      account: {
        ...account,
        revision: account.revision + 1n,
        ratedToday: account.ratedToday + rated,
        lookUpsToday: account.lookUpsToday + this.lookUps.reduce((sum, { numbers }) => sum + numbers.length, 0),
        replacementsToday: account.replacementsToday + actions.filter(({ tag }) => tag === "replace-number").length,
      },
      flagEvents: FLAGS.of(flagged),
    };
  }

  /** The state after a review's actions. */
  act(actions: Types.Action[], monitored: Map<bigint, table.MonitoredNumber>): Known {
    const { now } = this.known;
    const owned = new Set(this.known.owned);
    const candidates = new Map([...CANDIDATES.rows(this.known.candidates)].map((row) => [row.number, row]));
    const rested = new Map([...RESTED.rows(this.known.rested)].map((row) => [row.number, row]));
    const take = <Row>(rows: Map<bigint, Row>, number: bigint): Row => {
      const row = rows.get(number);
      if (!row || !rows.delete(number)) throw new Error(`the plan cannot do that to +${number}`);
      return row;
    };
    for (const { tag, val } of actions) {
      if (tag === "replace-number") {
        take(candidates, val.replacement);
        monitored.set(val.replacement, pending(val.replacement, take(monitored, val.number).slot, now));
        owned.add(val.replacement);
        rested.set(val.number, { number: val.number, restingSince: now, rests: 0 });
      } else if (tag === "stop-using" || tag === "use-again") {
        const number = take(monitored, val);
        monitored.set(val, { ...number, restingSince: tag === "stop-using" ? now : undefined });
      } else if (tag === "rest-on") {
        rested.set(val, { number: val, restingSince: now, rests: take(rested, val).rests + 1 });
      } else if (tag === "offer-again") {
        take(rested, val);
        candidates.set(val, { number: val, priceCents: 0, rested: true });
      } else if (tag === "give-back") {
        take(rested, val);
        owned.delete(val);
      } else throw new Error(`a review may not ${tag}`);
    }
    return {
      ...this.known,
      monitored: MONITORED.of(sorted(monitored)),
      owned: BigUint64Array.from(owned).sort(),
      candidates: CANDIDATES.of(sorted(candidates)),
      rested: RESTED.of(sorted(rested).sort((a, b) => Number(a.restingSince - b.restingSince))),
    };
  }

  /** The functions the policy may call. jco looks up interfaces without their version. */
  imports(declared: () => Types.Setting[]) {
    const inventory: typeof NumberInventory = {
      getAccount: (id) => {
        const { account } = this.asked("getAccount", id);
        return { ...account, settings: inOrder(account.settings, declared()) };
      },
      monitored: (id, after, limit) => {
        const { monitored } = this.asked("monitored", id);
        const from = table.placeOf(monitored.numbers, after + 1n);
        return MONITORED.part(monitored, from, from + Math.min(limit, NUMBERS_PER_CALL_MAX));
      },
      owned: (id, numbers) => this.asked("owned", id, numbers).owned.filter(Set.prototype.has, new Set(numbers)),
      candidates: (id, like, limit) => {
        const offered = [...CANDIDATES.rows(this.asked("candidates", id).candidates)].sort(closestTo(like));
        return CANDIDATES.of(offered.slice(0, Math.min(limit, NUMBERS_PER_CALL_MAX)));
      },
      flagEvents: (id, since) =>
        FLAGS.of([...FLAGS.rows(this.asked("flagEvents", id).flagEvents)].filter(({ at }) => at >= since)),
      calls: (id, numbers, since) => {
        const { calls } = this.asked("calls", id, numbers);
        const known = calls.numbers.length > 0; // Else it does not know how calls went.
        const sums = sumsSince(calls, since);
        return CALLS.of(known ? Array.from(numbers, (number) => sums.get(number) ?? NO_CALLS) : []);
      },
      callsInAll: (id, since) => {
        const sums = sumsSince(this.asked("callsInAll", id).calls, since);
        const { attempts, answered, short, blocked } = [...sums.values()].reduce(added, NO_CALLS);
        const [all, picked] = [BigInt(attempts), BigInt(answered)];
        return { attempts: all, answered: picked, short: BigInt(short), blocked: BigInt(blocked) };
      },
      rested: (id) => this.asked("rested", id).rested,
    };
    const carriers: typeof CarrierLookup = {
      carriers: () => this.known.carriers,
      sources: () => this.known.sources,
      lookUp: (numbers, sources) => this.lookUp(numbers, sources),
    };
    return {
      "dialguard:reputation/clock": { now: () => this.known.now },
      "dialguard:reputation/carrier-lookup": answering(carriers),
      "dialguard:reputation/number-inventory": answering(inventory),
    };
  }

  lookUp(numbers: BigUint64Array, sources: Uint16Array): Types.VerdictTable {
    const { verdicts, sources: all } = this.asked("lookUp", undefined, numbers);
    if (sources.some((id) => !all.some((source) => source.id === id)))
      throw new Refused("invalid-request", "There is no such source; `sources` lists them.");
    this.lookUps.push({ numbers, sources });
    const asked = all.filter(({ id }) => sources.length === 0 || sources.includes(id));
    const carriers = new Set(asked.flatMap((source) => [...source.carriers]));
    return table.saidOf(verdicts, numbers, [...carriers].sort((a, b) => a - b));
  }

  /** The facts to answer from; throws the error to return instead. */
  asked(name: string, id?: string, numbers?: BigUint64Array): Known {
    const { failures, account } = this.known;
    if (failures[name]) throw failures[name];
    if (id !== undefined && id !== account.id) throw new Refused("no-such-account", `There is no account '${id}'.`);
    const tooMany = numbers && numbers.length > NUMBERS_PER_CALL_MAX;
    const [lowest = 1n, highest = 1n] = numbers?.length ? extremes(numbers) : [];
    if (tooMany || lowest < 1n || highest > NUMBER_MAX)
      throw new Refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.");
    return this.known;
  }
}

/** The lowest number and the highest. Sorting makes no BigInts, so it is quicker than looking at each. */
function extremes(numbers: BigUint64Array): [bigint?, bigint?] {
  const sorted = numbers.slice().sort();
  return [sorted[0], sorted.at(-1)];
}

/** A number in its slot since that time, not rated yet. */
export const pending = (number: bigint, slot: number, since: bigint): table.MonitoredNumber => ({
  number,
  slot,
  status: "pending",
  statusSince: since,
  monitoredSince: since,
  flaggingChecks: 0,
  clearingChecks: 0,
  replacementPending: false,
});

const NO_CALLS: table.Calls = { attempts: 0, answered: 0, short: 0, blocked: 0 };

const added = (one: table.Calls, other: table.Calls): table.Calls => ({
  attempts: one.attempts + other.attempts,
  answered: one.answered + other.answered,
  short: one.short + other.short,
  blocked: one.blocked + other.blocked,
});

/** How the calls of each number went since then. */
function sumsSince(calls: table.HourTable, since: bigint): Map<bigint, table.Calls> {
  const sums = new Map<bigint, table.Calls>();
  for (const hour of HOURS.rows(calls))
    if (hour.at >= since) sums.set(hour.number, added(sums.get(hour.number) ?? NO_CALLS, hour));
  return sums;
}

const sorted = <Row extends { number: bigint }>(rows: Map<bigint, Row>): Row[] =>
  [...rows.values()].sort((a, b) => Number(a.number - b.number));

/** Most leading digits shared first, then the account's own, then the cheaper, then the lower number. */
function closestTo(like: bigint) {
  const digits = [...String(like), "end"];
  const shared = ({ number }: table.Candidate) => digits.findIndex((digit, place) => digit !== String(number)[place]);
  return (a: table.Candidate, b: table.Candidate) =>
    shared(b) - shared(a) ||
    Number(b.rested) - Number(a.rested) ||
    a.priceCents - b.priceCents ||
    Number(a.number - b.number);
}
