// Three days of a dialer, and what happens when something fails: a clear error, and nothing half-done.

import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { deepStrictEqual } from "node:assert";
import { readFile } from "node:fs/promises";
import { load } from "./component.ts";
import { Dialer, pending, type Known } from "./dialer.ts";
import { refusal, type Policy } from "./policy.ts";
import { CANDIDATES, FLAGS, HOURS, MONITORED, RESTED, verdicts, type Score } from "./table.ts";

const HOUR = 3_600n;
const DAY = 24n * HOUR;
const MIDNIGHT = 1_772_323_200n; // 2026-03-01T00:00:00Z
const [GOOD, BAD, SPARE] = [13_105_550_100n, 13_105_550_101n, 13_105_550_141n];

export async function tell(policy: Policy) {
  const dialer = acme();
  for (let day = 0n; day < 3n; day++) {
    beginDay(dialer, day);
    const { actions } = dialer.review(policy);
    const numbers = [...MONITORED.rows(dialer.known.monitored)].map(({ number, status }) => `+${number} ${status}`);
    console.log(`Day ${day + 1n}: ${numbers.join(", ")}`);
    for (const { tag, val } of actions)
      if (tag === "replace-number") console.log(`       +${val.number} replaced: ${val.because}`);
  }
  beginDay(dialer, 3n);
  console.log("\nWhere something fails:");
  const { known } = dialer;
  tellFailure("the inventory", policy, { ...known, failures: { monitored: new Error("the database is down") } });
  tellFailure("every carrier", policy, { ...known, failures: { lookUp: new Error("no carrier answered in time") } });
  tellFailure("one carrier of three", policy, { ...known, verdicts: said(known.now, 2) });
  tellFailure("the account is unknown", policy, known, "nobody");
  tellBrokenTable(dialer, policy);
  const refused = await load(await anotherVersion()).catch((error) => error);
  console.log(`  the component is of another version: ${refused.message}`);
}

/** A component that claims to be a policy for a version that does not exist. */
export const anotherVersion = async () =>
  parse(await readFile(new URL("another-version.wat", import.meta.url), "utf8"));

function tellFailure(what: string, policy: Policy, known: Known, account?: string) {
  const dialer = new Dialer(known);
  const before = structuredClone(known);
  try {
    const { reviews } = dialer.review(policy, account);
    console.log(`  ${what}: ${reviews.numbers.length} numbers rated all the same`);
  } catch (thrown) {
    const error = refusal(thrown);
    if (!error) throw thrown;
    deepStrictEqual(dialer.known, before);
    console.log(`  ${what}: ${error.code}: ${error.message} Nothing was changed.`);
  }
}

/** As if a policy had left out the last value of a column. */
function tellBrokenTable(dialer: Dialer, policy: Policy) {
  const before = structuredClone(dialer.known);
  const plan = policy.for(dialer).reviewAccount("acme");
  const reviews = { ...plan.reviews, flagging: plan.reviews.flagging.slice(1) };
  try {
    dialer.after({ ...plan, reviews });
  } catch (error) {
    deepStrictEqual(dialer.known, before);
    console.log(`  a table has a short column: ${(error as Error).message}. Nothing was changed.`);
  }
}

/** Nine in the morning. */
function beginDay(dialer: Dialer, day: bigint) {
  const midnight = MIDNIGHT + day * DAY;
  const now = midnight + 9n * HOUR;
  const today = { dayStartsAt: midnight, ratedToday: 0, lookUpsToday: 0, replacementsToday: 0 };
  const account = { ...dialer.known.account, ...today };
  dialer.known = { ...dialer.known, now, account, verdicts: said(now, 3) };
  dialer.lookUps = [];
}

/** What the first so many of three carriers say: two flag the bad number. */
function said(at: bigint, carriers: number) {
  const scores = (number: bigint): Score[] => (number === BAD ? [95, 95, 5] : [5, 5, 5]).slice(0, carriers);
  return verdicts([1, 2, 3], [GOOD, BAD, SPARE].map((number) => [number, scores(number)]), at);
}

function acme(): Dialer {
  return new Dialer({
    now: MIDNIGHT,
    account: {
      id: "acme",
      revision: 1n,
      enabled: true,
      slotCount: 15,
      slotCountNext: 15,
      slotsPerBlock: 15,
      blockPriceCents: 4_900,
      cycleStartsAt: MIDNIGHT,
      cycleEndsAt: MIDNIGHT + 31n * DAY,
      dayStartsAt: MIDNIGHT,
      lockedSlots: [],
      monitoredCount: 2,
      ratedToday: 0,
      lookUpsToday: 0,
      replacementsToday: 0,
      guardRails: { autoReplace: true, replacementsPerDayMax: 3 },
      settings: { "checks-to-replace": 2 }, // All others as the policy declares them.
    },
    monitored: MONITORED.of([pending(GOOD, 1, MIDNIGHT - DAY), pending(BAD, 2, MIDNIGHT - DAY)]),
    owned: BigUint64Array.of(GOOD, BAD),
    candidates: CANDIDATES.of([{ number: SPARE, priceCents: 115, rested: false }]),
    rested: RESTED.of([]),
    flagEvents: FLAGS.of([]),
    carriers: [
      { id: 1, name: "AT&T (Hiya)" },
      { id: 2, name: "T-Mobile (First Orion)" },
      { id: 3, name: "Verizon (TNS)" },
    ],
    sources: [{ id: 1, name: "a reputation service", price: 150, carriers: Uint16Array.of(1, 2, 3) }],
    verdicts: said(MIDNIGHT, 0),
    calls: HOURS.of([]),
    failures: {},
  });
}
