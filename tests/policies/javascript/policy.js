// A reputation policy in JavaScript. It flags a number that most carriers rate as spam, and replaces it with a clean
// one after consecutive such days if the account has automatic replacement on. It does not look at calls.
//
// The contract's WIT is the manual. Numbers, times and revisions are BigInts, errors are thrown, and an import's errors
// pass through unchanged.

import { now } from "dialguard:reputation/clock";
import { lookUp } from "dialguard:reputation/carrier-lookup";
import { getAccount, monitored, owned, candidates, flagEvents, rested } from "dialguard:reputation/number-inventory";
import { CANDIDATES, FLAGS, MONITORED, opinions, RESTED, REVIEWS, rows, tableOf } from "./table.js";

const SECONDS_PER_HOUR = 3_600n;
const SECONDS_PER_DAY = 86_400n;
const NUMBERS_PER_CALL_MAX = 10_000;
const NUMBER_MAX = 999_999_999_999_999n;
const BLOCKS_MAX = 100_000;
const CHECKS_MAX = 255;
// With fewer numbers rated on a date, their share does not indicate a carrier's error.
const MASS_FLAG_NUMBERS_MIN = 10;
// Candidates screened first, because a dialer may pay for each. If none of them is clean, four times as many follow.
const SCREENED_AT_FIRST = 4;
// No source named: every source.
const EVERY_SOURCE = new Uint16Array();

export const policy = { describe, checkSettings, reviewAccount, decide, screen, getUsage };

const integer = (name, min, max, otherwise, unit, meaning) => ({
  name,
  meaning,
  kind: { tag: "integer", val: { min: BigInt(min), max: BigInt(max), default: BigInt(otherwise), unit } },
});

const ORDERS = ["closest", "cheapest"];

// To add a setting, add it here, and read it from `account.settings`, where its name is in camel case.
const SETTINGS = [
  integer("spam-score-min", 1, 100, 80, "points", "A carrier flags a number from this spam score up."),
  integer("rating-carriers-min", 1, 255, 2, "carriers", "A number is rated only if so many carriers have an opinion."),
  integer("checks-to-flag", 1, 30, 1, "checks", "A number is flagged after this many spam votes in a row."),
  integer("checks-to-clear", 1, 30, 1, "checks", "A flagged number is cleared after this many other votes in a row."),
  integer("checks-to-replace", 1, 30, 2, "checks", "It is replaced after this many spam votes on newer opinions."),
  integer("observation-age-max-hours", 1, 8_760, 48, "hours", "An older opinion does not count."),
  integer("new-number-grace-days", 0, 365, 0, "days", "How long a new number is never replaced automatically."),
  integer("mass-flag-percent", 1, 100, 30, "percent", "If so many turn flagged on one date, none is replaced then."),
  integer("rest-days", 0, 365, 30, "days", "How long a replaced number rests before it goes back to its provider."),
  {
    name: "candidate-order",
    meaning: "Which clean candidate replaces a number: the closest one, or the cheapest, however far away.",
    kind: { tag: "choice", val: { names: ORDERS, default: 0 } },
  },
];

function describe() {
  const summary = "Flags numbers that most carriers rate as spam, and replaces the confirmed ones; in JavaScript.";
  return { name: "javascript-example", version: "0.2.0", summary, settings: SETTINGS };
}

function checkSettings(values) {
  if (values.length !== SETTINGS.length) {
    const text = `There are ${values.length} settings instead of ${SETTINGS.length}; pass one for each.`;
    throw error("invalid-settings", text);
  }
  SETTINGS.forEach(({ name, kind: { tag, val } }, place) => {
    const [min, max] = tag === "integer" ? [val.min, val.max] : [0n, BigInt(val.names.length - 1)];
    if (values[place] < min || values[place] > max) {
      throw error("invalid-settings", `${name} is ${values[place]}; set it to a whole number from ${min} to ${max}.`);
    }
  });
}

/** The settings by name. None is too large for a number. */
function settingsOf(values) {
  checkSettings(values);
  const camelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(SETTINGS.map(({ name }, place) => [camelCase(name), Number(values[place])]));
}

// The daily review: rates every number not rated today, and replaces flagged ones if the account has that on.

function reviewAccount(id) {
  const account = readAccount(id);
  const plan = emptyPlan(account);
  if (!account.enabled) return plan;
  const { settings } = account;
  const check = { reviews: [], turnedFlagged: [], turnedClean: [], unrated: [], flagged: [] };
  for (const page of pages(id)) {
    const due = page.filter(({ lastRatedAt }) => lastRatedAt === undefined || lastRatedAt < account.dayStartsAt);
    const ratings = rate(due.map(({ number }) => number), settings, plan.decidedAt);
    for (const number of page) {
      const rating = ratings.get(number.number);
      const review = rating && isRated(rating, settings) ? reviewed(number, rating, settings) : undefined;
      if (review) check.reviews.push(review);
      else if (rating) check.unrated.push(number.number);
      note(check, number, review, settings, plan.decidedAt);
    }
  }
  plan.notices.push(...checkNotices(check));
  if (account.guardRails.autoReplace && check.flagged.length > 0) replaceFlagged(account, check, plan);
  giveBack(account, plan);
  return { ...plan, reviews: tableOf(REVIEWS, check.reviews) };
}

/** Numbers go back to their provider after their rest. */
function giveBack({ id, settings }, plan) {
  const rest = BigInt(settings.restDays) * SECONDS_PER_DAY;
  const over = rows(RESTED, rested(id)).filter(({ restingSince }) => restingSince + rest <= plan.decidedAt);
  for (const val of new Set(over.map(({ number }) => number))) plan.actions.push({ tag: "give-back", val });
}

/** A number's review after a check that rated it. */
function reviewed(number, rating, settings) {
  const spam = votesSpam(rating);
  // The same opinions on another date are no further evidence.
  const isNewer = rating.evidenceUntil > (number.evidenceUntil ?? 0n);
  const spamVotes = isNewer ? Math.min(number.flaggingChecks + 1, CHECKS_MAX) : Math.max(number.flaggingChecks, 1);
  const flaggingChecks = spam ? spamVotes : 0;
  const clearingChecks = spam ? 0 : Math.min(number.clearingChecks + 1, CHECKS_MAX);
  const isFlagged =
    number.status === "flagged" ? clearingChecks < settings.checksToClear : flaggingChecks >= settings.checksToFlag;
  const status = isFlagged ? "flagged" : rating.flagging > 0 ? "at-risk" : "clean";
  const evidenceUntil = isNewer ? rating.evidenceUntil : number.evidenceUntil;
  return { number: number.number, status, flaggingChecks, clearingChecks, ...rating, evidenceUntil };
}

function note(check, number, review, settings, decidedAt) {
  const wasFlagged = number.status === "flagged";
  const isFlagged = (review ?? number).status === "flagged";
  if (isFlagged && !wasFlagged) check.turnedFlagged.push(number.number);
  if (wasFlagged && !isFlagged) check.turnedClean.push(number.number);
  if (isFlagged && !number.replacementPending) {
    const votes = review && votesSpam(review) && `Flagged by ${review.flagging} of ${review.answering} carriers`;
    const why = votes || "Flagged since an earlier review";
    const isConfirmed = (review ?? number).flaggingChecks >= settings.checksToReplace;
    check.flagged.push({ ...number, since: wasFlagged ? number.statusSince : decidedAt, why, isConfirmed });
  }
}

function checkNotices({ turnedFlagged, turnedClean, unrated }) {
  const about = (numbers, severity, kind, what) => {
    if (numbers.length === 0) return [];
    if (numbers.length === 1) return [notice(severity, kind, `+${numbers[0]} ${what}.`, numbers[0])];
    return [notice(severity, kind, `${numbers.length} numbers ${what}.`)];
  };
  return [
    ...about(turnedFlagged, "warning", "newly-flagged", "became flagged: most carriers report spam"),
    ...about(turnedClean, "info", "newly-clean", "lost the flag: most carriers no longer report spam"),
    ...about(unrated, "warning", "unrated", "could not be rated because too few carriers have a recent opinion"),
  ];
}

/** Replaces the numbers flagged longest, within the day's cap and after a new number's grace days. */
function replaceFlagged(account, check, plan) {
  const { settings, guardRails } = account;
  const rated = account.ratedToday + check.reviews.length;
  if (rated >= MASS_FLAG_NUMBERS_MIN) {
    const turned = rows(FLAGS, flagEvents(account.id, account.dayStartsAt)).length + check.turnedFlagged.length;
    if (turned * 100 >= rated * settings.massFlagPercent) {
      const text = `${turned} of ${rated} numbers rated today became flagged, likely by error; none is replaced.`;
      plan.notices.push(notice("alert", "mass-flag-held", text));
      return;
    }
  }
  check.flagged.sort((a, b) => ascending(a.since, b.since) || ascending(a.number, b.number));
  const grace = BigInt(settings.newNumberGraceDays) * SECONDS_PER_DAY;
  const isDue = ({ isConfirmed, monitoredSince }) => isConfirmed && plan.decidedAt - monitoredSince >= grace;
  const allowed = Math.max(guardRails.replacementsPerDayMax - account.replacementsToday, 0);
  const chosen = check.flagged.filter(isDue).slice(0, allowed);
  const closestClean = candidateSearch(account, plan.decidedAt);
  let withoutCandidate = 0;
  for (const { number, slot, why } of chosen) {
    const successor = closestClean(number);
    if (successor) {
      plan.actions.push(replaceNumber(number, slot, successor, "flagged", why));
    } else {
      withoutCandidate += 1;
    }
  }
  if (withoutCandidate > 0) {
    const text = `Flagged numbers that no clean candidate could replace: ${withoutCandidate}; import more candidates.`;
    plan.notices.push(notice("warning", "no-clean-candidate", text));
  }
  const deferred = check.flagged.length - chosen.length;
  if (deferred > 0) {
    const text = `${deferred} of the flagged numbers are too new, too many or not confirmed yet, and stay.`;
    plan.notices.push(notice("info", "replacement-deferred", text));
  }
}

// A user's request: each number is answered in turn, as if the answers before it had been carried out.

function decide(id, { tag, val }) {
  if (tag === "set-blocks") return setBlocks(readAccount(id), val);
  const numbers = [...(tag === "delete-numbers" ? val.numbers : val)];
  checkNumbers(numbers);
  const account = readAccount(id);
  const plan = emptyPlan(account);
  const holdings = gather(account, numbers, plan.decidedAt);
  const closestClean = candidateSearch(account, plan.decidedAt);
  const accepted = (number, standing, ...actions) => {
    plan.actions.push(...actions);
    holdings.standings.set(number, standing);
    return { answer: "accepted" };
  };
  const lockSlot = (number, slot, why) => ({
    tag: "lock-slot",
    val: { number, slot, until: account.cycleEndsAt, why },
  });
  const answers = {
    "start-monitoring"(number, { slot }) {
      if (slot) return { answer: "already-monitored" };
      const free = holdings.freeSlots.shift();
      if (!free) return { answer: "no-free-slot", until: holdings.nextLockEnds };
      return accepted(number, { slot: free }, { tag: "occupy-slot", val: { number, slot: free } });
    },
    "stop-monitoring"(number, { slot, pending }) {
      if (!slot) return { answer: "not-monitored" };
      if (pending) return { answer: "replacement-pending" };
      return accepted(number, {}, lockSlot(number, slot, "monitoring-stopped"));
    },
    "delete-numbers"(number, { slot, pending }) {
      const release = { tag: "release-number", val: number };
      if (!slot) return accepted(number, undefined, release);
      if (pending) return { answer: "replacement-pending" };
      if (!val.acceptSlotLoss) return { answer: "slot-would-lock", until: account.cycleEndsAt };
      return accepted(number, undefined, lockSlot(number, slot, "number-deleted"), release);
    },
    "replace-numbers"(number, { slot, pending }) {
      if (!slot) return { answer: "not-monitored" };
      if (pending) return { answer: "replacement-pending" };
      const successor = closestClean(number);
      if (!successor) return { answer: "no-clean-candidate" };
      const action = replaceNumber(number, slot, successor, "requested", "Requested by a user");
      return accepted(number, { slot, pending: true }, action);
    },
  };
  const needsAddOn = tag === "start-monitoring" || tag === "replace-numbers";
  const outcomes = numbers.map((number) => {
    if (needsAddOn && !account.enabled) return { answer: "add-on-off" };
    const standing = holdings.standings.get(number);
    return standing ? answers[tag](number, standing) : { answer: "not-owned" };
  });
  return { plan, outcomes };
}

/** More blocks take effect at once, fewer at the next cycle, but never fewer than the monitored numbers need. */
function setBlocks(account, blocks) {
  if (blocks > BLOCKS_MAX) {
    throw error("invalid-request", `${blocks} blocks are too many; ask for 0 to ${BLOCKS_MAX}.`);
  }
  const plan = emptyPlan(account);
  const slots = blocks * account.slotsPerBlock;
  const more = slots > account.slotCount;
  let answer = "accepted";
  if (!account.enabled) answer = "add-on-off";
  else if (slots < account.monitoredCount) answer = "slots-in-use";
  else if (more || slots !== account.slotCountNext) {
    plan.actions.push({ tag: "set-blocks", val: { blocks, starting: more ? plan.decidedAt : account.cycleEndsAt } });
  }
  return { plan, outcomes: [{ answer }] };
}

/** The state of those of these numbers that the account owns, and the slots that they may take. */
function gather(account, numbers, decidedAt) {
  const standings = new Map();
  for (const number of owned(account.id, numbers)) standings.set(number, {});
  const locks = locksInForce(account, decidedAt);
  const taken = new Set(locks.map(({ slot }) => slot));
  let occupied = 0;
  const asked = new Set(numbers);
  for (const page of pages(account.id)) {
    occupied += page.length;
    for (const { number, slot, replacementPending } of page) {
      taken.add(slot);
      if (asked.has(number)) standings.set(number, { slot, pending: replacementPending });
    }
  }
  // Limited to the slots that are free both now and in the next cycle.
  const free = Math.min(account.slotCount - taken.size, account.slotCountNext - occupied, numbers.length);
  const freeSlots = [];
  for (let slot = 1; freeSlots.length < free; slot += 1) if (!taken.has(slot)) freeSlots.push(slot);
  return { standings, freeSlots, nextLockEnds: locks.map(({ until }) => until).sort(ascending)[0] };
}

// What carriers say.

function screen(id, asked) {
  const numbers = [...asked];
  checkNumbers(numbers);
  const { settings } = readAccount(id);
  const ratings = rate(numbers, settings, now());
  return numbers.map((number) => {
    const { flagging, answering } = ratings.get(number);
    return { number, status: status(ratings.get(number), settings), flagging, answering };
  });
}

/** For each number, once: how many carriers have a recent opinion and flag it, and when the newest was formed. */
function rate(numbers, settings, decidedAt) {
  const asked = [...new Set(numbers)];
  const ratings = new Map();
  if (asked.length === 0) return ratings;
  const oldest = decidedAt - BigInt(settings.observationAgeMaxHours) * SECONDS_PER_HOUR;
  for (const row of opinions(lookUp(BigUint64Array.from(asked), EVERY_SOURCE))) {
    const rating = { flagging: 0, answering: 0, evidenceUntil: 0n };
    for (const { score, observedAt } of row) {
      if (observedAt < oldest) continue;
      const formed = observedAt < decidedAt ? observedAt : decidedAt;
      rating.answering += 1;
      if (score >= settings.spamScoreMin) rating.flagging += 1;
      if (formed > rating.evidenceUntil) rating.evidenceUntil = formed;
    }
    ratings.set(asked[ratings.size], rating);
  }
  for (const number of asked.slice(ratings.size)) ratings.set(number, { flagging: 0, answering: 0, evidenceUntil: 0n });
  return ratings;
}

const isRated = ({ answering }, settings) => answering >= settings.ratingCarriersMin;
// A tie is not spam.
const votesSpam = ({ flagging, answering }) => flagging * 2 > answering;

function status(rating, settings) {
  if (!isRated(rating, settings)) return "pending";
  if (votesSpam(rating)) return "flagged";
  return rating.flagging > 0 ? "at-risk" : "clean";
}

/** Finds the first candidate that is rated clean, for one number after another; none is returned twice. */
function candidateSearch(account, decidedAt) {
  const { settings } = account;
  const screened = new Map();
  const taken = new Set();
  return (like) => {
    for (let limit = SCREENED_AT_FIRST + taken.size; ; limit *= 4) {
      limit = Math.min(limit, NUMBERS_PER_CALL_MAX);
      const offered = offers(account, like, limit);
      const unknown = offered.map(({ number }) => number).filter((number) => !screened.has(number));
      for (const [number, rating] of rate(unknown, settings, decidedAt)) screened.set(number, rating);
      const isClean = ({ number }) => status(screened.get(number), settings) === "clean" && !taken.has(number);
      const found = offered.find(isClean);
      if (found) {
        taken.add(found.number);
        return { ...found, ...screened.get(found.number), order: ORDERS[settings.candidateOrder] };
      }
      if (offered.length < limit || limit === NUMBERS_PER_CALL_MAX) return undefined;
    }
  };
}

/** The first candidates: the host's closest ones, or the cheapest of all. */
function offers({ id, settings }, like, limit) {
  if (ORDERS[settings.candidateOrder] === "closest") return rows(CANDIDATES, candidates(id, like, limit));
  const all = rows(CANDIDATES, candidates(id, like, NUMBERS_PER_CALL_MAX));
  return all.sort((a, b) => a.priceCents - b.priceCents).slice(0, limit);
}

function replaceNumber(number, slot, successor, why, reason) {
  const { number: replacement, answering, priceCents, rested, order } = successor;
  const price = priceCents > 0 ? `, for $${(priceCents / 100).toFixed(2)}` : "";
  const what = `+${replacement} is the ${order} candidate that none of ${answering} carriers flags`;
  const because = `${reason}; ${what}${rested ? ", and the account's own" : price}.`;
  return { tag: "replace-number", val: { number, replacement, slot, why, because } };
}

function getUsage(id) {
  const account = readAccount(id);
  const at = now();
  const statuses = { pending: 0, clean: 0, "at-risk": 0, flagged: 0 };
  let [suspect, resting] = [0, 0];
  for (const number of [...pages(id)].flat()) {
    statuses[number.status] += 1;
    if (number.suspectSince) suspect += 1;
    if (number.restingSince) resting += 1;
  }
  const { pending, clean, "at-risk": atRisk, flagged } = statuses;
  const events = rows(FLAGS, flagEvents(id, at > 7n * SECONDS_PER_DAY ? at - 7n * SECONDS_PER_DAY : 0n));
  const numbersSince = (since) => new Set(events.filter((event) => event.at >= since).map(({ number }) => number)).size;
  return {
    slots: account.slotCount,
    occupied: pending + clean + atRisk + flagged,
    locked: locksInForce(account, at).length,
    pending,
    clean,
    atRisk,
    flagged,
    suspect,
    resting,
    flaggedPastDay: numbersSince(at - SECONDS_PER_DAY),
    flaggedPastWeek: numbersSince(at - 7n * SECONDS_PER_DAY),
  };
}

// Shared by all functions.

function readAccount(id) {
  const account = getAccount(id);
  return { ...account, settings: settingsOf(account.settings) };
}

/** The monitored numbers, a page at a time. */
function* pages(id) {
  for (let after = 0n; ; ) {
    const page = rows(MONITORED, monitored(id, after, NUMBERS_PER_CALL_MAX));
    if (page.length === 0) return;
    if (page.at(-1).number <= after) throw error("unavailable", "monitored returned numbers out of order; fix it.");
    after = page.at(-1).number;
    yield page;
    if (page.length < NUMBERS_PER_CALL_MAX) return;
  }
}

function locksInForce({ lockedSlots }, at) {
  return lockedSlots.filter(({ until }) => until > at);
}

function checkNumbers(numbers) {
  if (numbers.length > NUMBERS_PER_CALL_MAX) {
    throw error("invalid-request", `${numbers.length} numbers are too many; ask for at most ${NUMBERS_PER_CALL_MAX}.`);
  }
  const impossible = numbers.find((number) => number < 1n || number > NUMBER_MAX);
  if (impossible !== undefined) {
    throw error("invalid-request", `${impossible} is not an E.164 number; give 1 to 15 digits, country code first.`);
  }
}

function emptyPlan({ id, revision }) {
  const reviews = tableOf(REVIEWS, []);
  return { account: id, basedOn: revision, decidedAt: now(), reviews, suspects: undefined, actions: [], notices: [] };
}

const notice = (severity, kind, text, number) => ({ severity, kind, number, text });
const error = (code, message) => ({ code, message });
const ascending = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
