// Three days of a dialer, and what happens when something fails: a clear error, and nothing half-done.

import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { deepStrictEqual } from "node:assert";
import { readFile } from "node:fs/promises";
import { load } from "./component.ts";
import { Dialer, pending, type Known } from "./dialer.ts";
import { refusal, type Policy } from "./policy.ts";

const HOUR = 3_600n;
const DAY = 24n * HOUR;
const MIDNIGHT = 1_772_323_200n; // 2026-03-01T00:00:00Z
const [GOOD, BAD, SPARE] = [13_105_550_100n, 13_105_550_101n, 13_105_550_141n];

export async function tell(policy: Policy) {
  const dialer = acme();
  for (let day = 0n; day < 3n; day++) {
    beginDay(dialer, day);
    const { actions } = dialer.review(policy);
    console.log(`Day ${day + 1n}: ${dialer.known.monitored.map((n) => `+${n.number} ${n.status}`).join(", ")}`);
    for (const { tag, val } of actions)
      if (tag === "replace-number") console.log(`       +${val.number} replaced: ${val.because}`);
  }
  beginDay(dialer, 3n);
  console.log("\nWhere something fails:");
  const { known } = dialer;
  tellFailure("the inventory", policy, { ...known, failures: { monitored: new Error("the database is down") } });
  tellFailure("every carrier", policy, { ...known, failures: { lookUp: new Error("no carrier answered in time") } });
  const observations = known.observations.filter(({ carrier }) => carrier !== 3);
  tellFailure("one carrier of three", policy, { ...known, observations });
  tellFailure("the account is unknown", policy, known, "nobody");
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
    console.log(`  ${what}: ${reviews.length} numbers rated all the same`);
  } catch (thrown) {
    const error = refusal(thrown);
    if (!error) throw thrown;
    deepStrictEqual(dialer.known, before);
    console.log(`  ${what}: ${error.code}: ${error.message} Nothing was changed.`);
  }
}

/** Nine in the morning; two of three carriers flag the bad number. */
function beginDay(dialer: Dialer, day: bigint) {
  const midnight = MIDNIGHT + day * DAY;
  const now = midnight + 9n * HOUR;
  const account = { ...dialer.known.account, dayStartsAt: midnight, ratedToday: 0, replacementsToday: 0 };
  const observations = [GOOD, BAD, SPARE].flatMap((number) =>
    dialer.known.carriers.map(({ id }) => {
      return { number, carrier: id, spamScore: number === BAD && id < 3 ? 95 : 5, observedAt: now };
    }),
  );
  dialer.known = { ...dialer.known, now, account, observations };
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
      replacementsToday: 0,
      settings: {
        spamScoreMin: 80,
        ratingCarriersMin: 2,
        checksToFlag: 2,
        checksToClear: 2,
        observationAgeMaxHours: 48,
        autoReplace: true,
        replacementsPerDayMax: 3,
        newNumberGraceDays: 0,
        massFlagPercent: 30,
        other: [],
      },
    },
    monitored: [pending(GOOD, 1, MIDNIGHT - DAY), pending(BAD, 2, MIDNIGHT - DAY)],
    owned: BigUint64Array.of(GOOD, BAD),
    candidates: BigUint64Array.of(SPARE),
    flagEvents: [],
    carriers: [
      { id: 1, name: "AT&T (Hiya)" },
      { id: 2, name: "T-Mobile (First Orion)" },
      { id: 3, name: "Verizon (TNS)" },
    ],
    observations: [],
    failures: {},
  });
}
