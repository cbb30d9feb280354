// The contract's tables: a typed array for each column. They are read as rows and built from rows, so no column can
// have another length than the others.

const STATUSES = ["pending", "clean", "at-risk", "flagged"];

const asItIs = (array) => ({ array, load: (value) => value, store: (value) => value });
const u64 = asItIs(BigUint64Array);
const u32 = asItIs(Uint32Array);
const u16 = asItIs(Uint16Array);
const u8 = asItIs(Uint8Array);
// 0 stands for no time.
const time = { array: BigUint64Array, load: (at) => at || undefined, store: (at) => at ?? 0n };
const yesNo = { array: Uint8Array, load: (code) => code === 1, store: Number };
const status = { array: Uint8Array, load: (code) => STATUSES[code], store: (name) => STATUSES.indexOf(name) };

/** A kind of table: each field of a row, with the column that has it and how it is stored there. */
const kind = (fields) => Object.entries(fields).map(([field, [column, cell]]) => ({ field, column, ...cell }));

export const MONITORED = kind({
  number: ["numbers", u64],
  slot: ["slots", u32],
  status: ["statuses", status],
  statusSince: ["statusSince", u64],
  monitoredSince: ["monitoredSince", u64],
  flaggingChecks: ["flaggingChecks", u8],
  clearingChecks: ["clearingChecks", u8],
  lastRatedAt: ["lastRatedAt", time],
  evidenceUntil: ["evidenceUntil", time],
  suspectSince: ["suspectSince", time],
  restingSince: ["restingSince", time],
  replacementPending: ["replacementPending", yesNo],
});

export const REVIEWS = kind({
  number: ["numbers", u64],
  status: ["statuses", status],
  flaggingChecks: ["flaggingChecks", u8],
  clearingChecks: ["clearingChecks", u8],
  flagging: ["flagging", u16],
  answering: ["answering", u16],
  evidenceUntil: ["evidenceUntil", time],
});

export const CANDIDATES = kind({
  number: ["numbers", u64],
  priceCents: ["priceCents", u32],
  rested: ["rested", yesNo],
});
export const RESTED = kind({ number: ["numbers", u64], restingSince: ["restingSince", u64], rests: ["rests", u8] });
export const FLAGS = kind({ number: ["numbers", u64], at: ["at", u64] });

/** The rows of a table. */
export function rows(kind, table) {
  const { length } = table[kind[0].column];
  return Array.from({ length }, (_, place) => {
    const row = {};
    for (const { field, column, load } of kind) row[field] = load(table[column][place]);
    return row;
  });
}

/** The table with these rows. */
export function tableOf(kind, rows) {
  const columns = kind.map(({ field, column, array, store }) => [column, array.from(rows, (row) => store(row[field]))]);
  return Object.fromEntries(columns);
}

const SCORE_MAX = 100;

/** For each row of a table of verdicts, its opinions: `{ score, observedAt }`. No data and no answer are none. */
export function* opinions({ carriers, scores, observedAt }) {
  for (let from = 0; from < scores.length; from += carriers.length) {
    const row = [];
    for (let cell = from; cell < from + carriers.length; cell += 1) {
      if (scores[cell] <= SCORE_MAX) row.push({ score: scores[cell], observedAt: observedAt[cell] });
    }
    yield row;
  }
}
