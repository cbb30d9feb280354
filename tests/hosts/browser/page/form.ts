// Reads the form into a dialer's facts.

import { pending } from "../../node/dialer.ts";
import type * as Types from "../../node/generated/types/interfaces/dialguard-reputation-types.js";
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
  const known = {
    now: seconds(now),
    account: account(form, now, monitored.length),
    monitored,
    owned: BigUint64Array.from(monitored, ({ number }) => number),
    candidates: BigUint64Array.from(candidates, numberIn).sort(),
    flagEvents: [],
    carriers: CARRIERS,
    observations: [...numbers, ...candidates].flatMap((row) => observations(row, seconds(now))),
    failures: {},
  };
  return failing(entered(form, "fails").value, { folder: "policy/", id: known.account.id, known });
}

function failing(what: string, question: Question): Question {
  const { known } = question;
  const failures: Record<string, Partial<Question>> = {
    inventory: { known: { ...known, failures: { monitored: new Error("the database is down") } } },
    carriers: { known: { ...known, failures: { lookUp: new Error("no carrier answered in time") } } },
    carrier: { known: { ...known, observations: known.observations.filter(({ carrier }) => carrier !== 3) } },
    account: { id: "nobody" },
    version: { folder: "another-version/" },
  };
  return { ...question, ...failures[what] };
}

function account(form: HTMLFormElement, now: Date, monitoredCount: number): Types.Account {
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
    replacementsToday: 0,
    settings: {
      spamScoreMin: Number(entered(form, "spamScoreMin").value),
      ratingCarriersMin: 2,
      checksToFlag: Number(entered(form, "checksToFlag").value),
      checksToClear: 2,
      observationAgeMaxHours: 48,
      autoReplace: entered(form, "autoReplace").checked,
      replacementsPerDayMax: 3,
      newNumberGraceDays: 0,
      massFlagPercent: 30,
      other: [],
    },
  };
}

/** Monitored for ten days, and rated a day ago unless it is pending. */
function monitoredNumber(row: HTMLElement, now: bigint): Types.MonitoredNumber {
  const taken = pending(numberIn(row), Number(entered(row, "slot").value), now - BigInt(10 * DAY));
  const status = entered(row, "status").value as Types.Status;
  if (status === "pending") return taken;
  const flaggingChecks = { clean: 0, "at-risk": 1, flagged: 9 }[status];
  const clearingChecks = status === "clean" ? 9 : 0;
  return { ...taken, status, flaggingChecks, clearingChecks, lastRatedAt: now - BigInt(DAY) };
}

function observations(row: HTMLElement, observedAt: bigint): Types.Observation[] {
  return CARRIERS.map(({ id }) => ({ carrier: id, score: entered(row, `carrier-${id}`).value }))
    .filter(({ score }) => score !== "")
    .map(({ carrier, score }) => ({ number: numberIn(row), carrier, spamScore: Number(score), observedAt }));
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
    taken.add(`slot ${value}`);
  }
  return form.reportValidity();
}

function complain(row: HTMLElement, name: string, problem: string | false) {
  if (problem) entered(row, name).setCustomValidity(problem);
}

const digits = (row: HTMLElement) => entered(row, "number").value.replace(/[\s().+-]/g, "");
const numberIn = (row: HTMLElement) => BigInt(digits(row));
