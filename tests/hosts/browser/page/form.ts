// Reads the form into a dialer's facts.

import { pending, type Account, type Known } from "../../node/dialer.ts";
import type * as Types from "../../node/generated/types/interfaces/dialguard-reputation-types.js";
import {
  CANDIDATES,
  FLAGS,
  HOURS,
  MONITORED,
  RESTED,
  verdicts,
  type Calls,
  type MonitoredNumber,
  type Score,
} from "../../node/table.ts";
import { CARRIERS, entered, rows } from "./rows.ts";
import type { Question } from "./worker.ts";

const SLOTS_PER_BLOCK = 15;
const DAY = 24 * 60 * 60;
const seconds = (time: Date) => BigInt(Math.floor(time.getTime() / 1_000));

/** The account, and what is to fail; nothing if an entry is wrong, which the page then marks. */
export function accountOf(form: HTMLFormElement): Question | undefined {
  if (!isRight(form)) return undefined;
  const [numbers, candidates] = [rows("#numbers"), rows("#candidates")];
  const now = new Date();
  const monitored = numbers.map((row) => monitoredNumber(row, seconds(now)));
  monitored.sort((a, b) => Number(a.number - b.number));
  const known: Known = {
    now: seconds(now),
    account: account(form, now, monitored.length),
    monitored: MONITORED.of(monitored),
    owned: BigUint64Array.from(monitored, ({ number }) => number),
    candidates: CANDIDATES.of(
      Array.from(BigUint64Array.from(candidates, numberIn).sort(), (number) => ({
        number,
        priceCents: 0,
        rested: false,
      })),
    ),
    rested: RESTED.of([]),
    flagEvents: FLAGS.of([]),
    carriers: CARRIERS,
    sources: [{ id: 1, name: "this form", price: 0, carriers: Uint16Array.from(CARRIERS, ({ id }) => id) }],
    verdicts: said([...numbers, ...candidates], seconds(now)),
    calls: HOURS.of(numbers.flatMap((row) => calls(row, seconds(now)))),
    failures: {},
  };
  return failing(entered(form, "fails").value, { folder: "policy/", id: known.account.id, known });
}

function failing(what: string, question: Question): Question {
  const { known } = question;
  const failures: Record<string, Partial<Question>> = {
    inventory: { known: { ...known, failures: { monitored: new Error("the database is down") } } },
    carriers: { known: { ...known, failures: { lookUp: new Error("no carrier answered in time") } } },
    carrier: { known: { ...known, verdicts: without(known.verdicts, 3) } },
    account: { id: "nobody" },
    version: { folder: "another-version/" },
  };
  return { ...question, ...failures[what] };
}

function account(form: HTMLFormElement, now: Date, monitoredCount: number): Account {
  const slotCount = Number(entered(form, "blocks").value) * SLOTS_PER_BLOCK;
  const [year, month, date] = [now.getFullYear(), now.getMonth(), now.getDate()];
  return {
    id: "acme",
    revision: 1n,
    enabled: true,
    slotCount,
    slotCountNext: slotCount,
    slotsPerBlock: SLOTS_PER_BLOCK,
    blockPriceCents: 4_900,
    cycleStartsAt: seconds(new Date(year, month)),
    cycleEndsAt: seconds(new Date(year, month + 1)),
    dayStartsAt: seconds(new Date(year, month, date)),
    lockedSlots: [],
    monitoredCount,
    ratedToday: 0,
    lookUpsToday: 0,
    replacementsToday: 0,
    guardRails: { autoReplace: entered(form, "autoReplace").checked, replacementsPerDayMax: 3 },
    // All others as the policy declares them.
    settings: {
      "spam-score-min": Number(entered(form, "spamScoreMin").value),
      "checks-to-replace": Number(entered(form, "checksToReplace").value),
    },
  };
}

/** Monitored for ten days, and rated a day ago unless it is pending. */
function monitoredNumber(row: HTMLElement, now: bigint): MonitoredNumber {
  const taken = pending(numberIn(row), Number(entered(row, "slot").value), now - BigInt(10 * DAY));
  const status = entered(row, "status").value as Types.Status;
  if (status === "pending") return taken;
  const yesterday = now - BigInt(DAY);
  const rated = { ...taken, status, lastRatedAt: yesterday, evidenceUntil: yesterday };
  if (status === "flagged") return { ...rated, flaggingChecks: 1 };
  return { ...rated, clearingChecks: 9 };
}

/** What carriers say about the numbers of these rows. */
function said(rows: HTMLElement[], now: bigint) {
  const score = (row: HTMLElement, id: number): Score => {
    const { value } = entered(row, `carrier-${id}`);
    return value === "" ? undefined : Number(value);
  };
  const scores = (row: HTMLElement) => CARRIERS.map(({ id }) => score(row, id));
  rows.sort((a, b) => Number(numberIn(a) - numberIn(b)));
  return verdicts(CARRIERS.map(({ id }) => id), rows.map((row) => [numberIn(row), scores(row)]), now);
}

/** The verdicts of all other carriers. */
function without(known: Known["verdicts"], carrier: number): Known["verdicts"] {
  const place = known.carriers.indexOf(carrier);
  const others = (_: unknown, cell: number) => cell % known.carriers.length !== place;
  return {
    ...known,
    carriers: known.carriers.filter((id) => id !== carrier),
    scores: known.scores.filter(others),
    observedAt: known.observedAt.filter(others),
  };
}

/** Yesterday's calls, if there were any. */
function calls(row: HTMLElement, now: bigint): (Calls & { number: bigint; at: bigint })[] {
  const [attempts, answered] = ["calls", "answered"].map((name) => Number(entered(row, name).value));
  if (!attempts) return [];
  return [{ number: numberIn(row), at: now - BigInt(DAY), attempts, answered: answered!, short: 0, blocked: 0 }];
}

/** Whether every entry is valid. The first invalid one gets the focus and a message. */
function isRight(form: HTMLFormElement): boolean {
  const slotCount = Number(entered(form, "blocks").value) * SLOTS_PER_BLOCK;
  for (const entry of form.querySelectorAll("input")) entry.setCustomValidity("");
  const taken = new Set<string>();
  for (const row of [...rows("#numbers"), ...rows("#candidates")]) {
    complain(row, "number", !/^[1-9]\d{0,14}$/.test(digits(row)) && "Enter an E.164 number, such as +13105550100.");
    complain(row, "number", taken.has(digits(row)) && "This number is entered already.");
    taken.add(digits(row));
  }
  for (const row of rows("#numbers")) {
    const { value } = entered(row, "slot");
    complain(row, "slot", Number(value) > slotCount && `The account has ${slotCount} slots; enter more blocks.`);
    complain(row, "slot", taken.has(`slot ${value}`) && "Another number has this slot.");
    const answered = Number(entered(row, "answered").value) > Number(entered(row, "calls").value);
    complain(row, "answered", answered && "More calls were answered than made.");
    taken.add(`slot ${value}`);
  }
  return form.reportValidity();
}

function complain(row: HTMLElement, name: string, problem: string | false) {
  if (problem) entered(row, name).setCustomValidity(problem);
}

const digits = (row: HTMLElement) => entered(row, "number").value.replace(/[\s().+-]/g, "");
const numberIn = (row: HTMLElement) => BigInt(digits(row));
