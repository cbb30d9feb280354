// The contract's tables: a typed array per column. They are built from rows and read as rows, so columns stay together.

import type * as Inventory from "./generated/types/interfaces/dialguard-reputation-number-inventory.js";
import type * as Types from "./generated/types/interfaces/dialguard-reputation-types.js";

type Column = BigUint64Array | Uint32Array | Uint16Array | Uint8Array;
type Columns = Record<string, Column>;

/** How a field of a row is stored in its column. `codes`: the values from 0 that exist, where not all do. */
interface Cell<Value> {
  array: { new (length: number): Column; from(values: Iterable<any>, read?: (value: any) => any): Column };
  load(stored: any): Value;
  store(value: Value): number | bigint;
  codes?: number;
}

const asItIs = <Value extends number | bigint>(array: Cell<Value>["array"]): Cell<Value> => ({
  array,
  load: (stored) => stored,
  store: (value) => value,
});
const u64 = asItIs<bigint>(BigUint64Array as never);
const u32 = asItIs<number>(Uint32Array);
const u16 = asItIs<number>(Uint16Array);
const u8 = asItIs<number>(Uint8Array);

/** A time; 0 stands for none. */
const time: Cell<bigint | undefined> = { ...u64, load: (stored) => stored || undefined, store: (at) => at ?? 0n };
const yesNo: Cell<boolean> = { ...u8, load: (stored) => stored === 1, store: Number, codes: 2 };
const STATUSES: Types.Status[] = ["pending", "clean", "at-risk", "flagged"];
const status: Cell<Types.Status> = {
  ...u8,
  load: (stored) => STATUSES[stored]!,
  store: (name) => STATUSES.indexOf(name),
  codes: STATUSES.length,
};

/** A kind of table. `fields`: the column and the cell of each field of a row. */
export class Kind<Table, Row extends object> {
  name: string;
  fields: [keyof Row & string, string, Cell<any>][];

  constructor(name: string, fields: { [Field in keyof Row]-?: [column: string, cell: Cell<Row[Field]>] }) {
    this.name = name;
    this.fields = Object.entries<any>(fields).map(([field, [column, cell]]) => [field as never, column, cell]);
  }

  /** The table with these rows. */
  of(rows: Iterable<Row>): Table {
    const all = [...rows];
    return this.columns(({ array, store }, _, field) => array.from(all, (row) => store(row[field])));
  }

  /** Its rows. Fails if it is not a valid table. */
  *rows(table: Table): Generator<Row> {
    const length = this.check(table);
    for (let place = 0; place < length; place++) yield this.row(table, place);
  }

  row(table: Table, place: number): Row {
    const columns = table as Columns;
    return Object.fromEntries(
      this.fields.map(([field, column, cell]) => [field, cell.load(columns[column]![place])]),
    ) as Row;
  }

  /** How many rows it has. Fails if its columns differ in length, or have a value that does not exist. */
  check(table: Table): number {
    const columns = table as Columns;
    const { length } = columns[this.fields[0]![1]]!;
    for (const [, name, { codes = Infinity }] of this.fields) {
      const column = columns[name]!;
      const fault = (what: string) => new Error(`the column ${name} of the ${this.name} has ${what}`);
      if (column.length !== length) throw fault("another length than the first");
      const unknown = codes < Infinity && (column as Uint8Array).find((value) => value >= codes);
      if (typeof unknown === "number") throw fault(`${unknown}, which does not exist`);
    }
    return length;
  }

  /** The rows from one place to before another, not copied. */
  part(table: Table, from: number, to: number): Table {
    return this.columns((_, column) => (table as Columns)[column]!.subarray(from, to));
  }

  columns(make: (cell: Cell<any>, column: string, field: keyof Row) => Column): Table {
    return Object.fromEntries(this.fields.map(([field, column, cell]) => [column, make(cell, column, field)])) as Table;
  }
}

/** A number that occupies a slot. */
export interface MonitoredNumber {
  number: bigint;
  slot: number;
  status: Types.Status;
  statusSince: bigint;
  monitoredSince: bigint;
  flaggingChecks: number;
  clearingChecks: number;
  lastRatedAt?: bigint;
  evidenceUntil?: bigint;
  suspectSince?: bigint;
  restingSince?: bigint;
  replacementPending: boolean;
}
export const MONITORED = new Kind<Types.MonitoredTable, MonitoredNumber>("monitored-table", {
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

/** What a review found about a number. */
export interface Review {
  number: bigint;
  status: Types.Status;
  flaggingChecks: number;
  clearingChecks: number;
  flagging: number;
  answering: number;
  evidenceUntil?: bigint;
}
export const REVIEWS = new Kind<Types.ReviewTable, Review>("review-table", {
  number: ["numbers", u64],
  status: ["statuses", status],
  flaggingChecks: ["flaggingChecks", u8],
  clearingChecks: ["clearingChecks", u8],
  flagging: ["flagging", u16],
  answering: ["answering", u16],
  evidenceUntil: ["evidenceUntil", time],
});

/** How calls went. */
export interface Calls {
  attempts: number;
  answered: number;
  short: number;
  blocked: number;
}
const CALL_FIELDS = {
  attempts: ["attempts", u32],
  answered: ["answered", u32],
  short: ["short", u32],
  blocked: ["blocked", u32],
} satisfies ConstructorParameters<typeof Kind<Types.CallTable, Calls>>[1];
export const CALLS = new Kind<Types.CallTable, Calls>("call-table", CALL_FIELDS);

/** The calls of one number that began in an hour. The dialer's own: the contract has only their sums. */
export type HourOfCalls = Calls & { number: bigint; at: bigint };
export type HourTable = Types.CallTable & { numbers: BigUint64Array; at: BigUint64Array };
export const HOURS = new Kind<HourTable, HourOfCalls>("calls", {
  number: ["numbers", u64],
  at: ["at", u64],
  ...CALL_FIELDS,
});

/** A number whose calls fare badly. */
export type Suspect = Omit<Calls, "short"> & { number: bigint };
export const SUSPECTS = new Kind<Types.SuspectTable, Suspect>("suspect-table", {
  number: ["numbers", u64],
  attempts: ["attempts", u32],
  answered: ["answered", u32],
  blocked: ["blocked", u32],
});

/** A number that may take another's place. */
export interface Candidate {
  number: bigint;
  priceCents: number;
  rested: boolean;
}
export const CANDIDATES = new Kind<Types.CandidateTable, Candidate>("candidate-table", {
  number: ["numbers", u64],
  priceCents: ["priceCents", u32],
  rested: ["rested", yesNo],
});

/** A number that was replaced and rests. */
export interface RestedNumber {
  number: bigint;
  restingSince: bigint;
  rests: number;
}
export const RESTED = new Kind<Types.RestedTable, RestedNumber>("rested-table", {
  number: ["numbers", u64],
  restingSince: ["restingSince", u64],
  rests: ["rests", u8],
});

/** A number that turned flagged. */
export interface FlagEvent {
  number: bigint;
  at: bigint;
}
export const FLAGS = new Kind<Inventory.FlagTable, FlagEvent>("flag-table", {
  number: ["numbers", u64],
  at: ["at", u64],
});

const [NO_DATA, NO_ANSWER, SCORE_MAX] = [254, 255, 100];

/** What carriers said, and about which numbers. The contract's table has no such column: its rows are as asked. */
export type Verdicts = Types.VerdictTable & { numbers: BigUint64Array };

/** A score from 0 to 100, null if the carrier has no data, and nothing if it did not answer. */
export type Score = number | null | undefined;

/** The verdicts about these numbers, as of one time. Each row of scores has a place for each carrier. */
export function verdicts(carriers: number[], rows: [number: bigint, scores: Score[]][], at: bigint): Verdicts {
  const scores = rows.flatMap(([, row]) => carriers.map((_, place) => row[place])).map((score) => {
    if (score === undefined) return NO_ANSWER;
    return score ?? NO_DATA;
  });
  return {
    numbers: BigUint64Array.from(rows, ([number]) => number),
    carriers: Uint16Array.from(carriers),
    scores: Uint8Array.from(scores),
    observedAt: BigUint64Array.from(scores, (score) => (score <= SCORE_MAX ? at : 0n)),
  };
}

/** Of all that is known, what these carriers say about these numbers: a row for each, in the order given. */
export function saidOf(known: Verdicts, numbers: BigUint64Array, carriers: number[]): Types.VerdictTable {
  const from = placeOf(known.numbers, numbers[0] ?? 0n);
  const to = from + numbers.length;
  if (isSame(known.carriers, carriers) && isSame(words(known.numbers.subarray(from, to)), words(numbers))) {
    // A review asks about consecutive numbers, and BigInts need not be made only to be compared and copied.
    const [first, last] = [from * carriers.length, to * carriers.length];
    const { scores, observedAt } = known;
    return { ...known, scores: scores.subarray(first, last), observedAt: observedAt.subarray(first, last) };
  }
  const places = carriers.map((carrier) => known.carriers.indexOf(carrier));
  const scores = new Uint8Array(numbers.length * carriers.length).fill(NO_ANSWER);
  const observedAt = new BigUint64Array(numbers.length * carriers.length);
  let row = -1;
  numbers.forEach((number, asked) => {
    // Policies mostly ask in ascending order.
    row = known.numbers[row + 1] === number ? row + 1 : placeOf(known.numbers, number);
    if (known.numbers[row] !== number) return;
    places.forEach((place, carrier) => {
      if (place < 0) return;
      scores[asked * carriers.length + carrier] = known.scores[row * known.carriers.length + place]!;
      observedAt[asked * carriers.length + carrier] = known.observedAt[row * known.carriers.length + place]!;
    });
  });
  return { carriers: Uint16Array.from(carriers), scores, observedAt };
}

function isSame(one: Uint32Array | Uint16Array, other: ArrayLike<number>): boolean {
  let place = 0;
  while (place < one.length && one[place] === other[place]) place++;
  return place === one.length && place === other.length;
}

/** The numbers as pairs of 32 bits. */
const words = ({ buffer, byteOffset, length }: BigUint64Array) => new Uint32Array(buffer, byteOffset, 2 * length);

/** How many of ascending numbers are lower. */
export function placeOf(numbers: BigUint64Array, number: bigint): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (numbers[middle]! < number) from = middle + 1;
    else to = middle;
  }
  return from;
}
