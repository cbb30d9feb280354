"""The contract's tables: a list per column, and `bytes` where a column's values are bytes.

wasmtime takes a list of integers as a `list` and one of bytes as `bytes`, and makes no object for a row. Tables are built
from rows and read as rows, so columns stay together. A time of 0 stands for none.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

from wasmtime.component import Record

NO_DATA, NO_ANSWER, SCORE_MAX = 254, 255, 100


class Status(IntEnum):
    PENDING, CLEAN, AT_RISK, FLAGGED = range(4)

    def __str__(self):
        return self.name.lower().replace("_", "-")


class Named(Record):
    """A record that also answers to the contract's names."""

    def __getattr__(self, name):
        if "-" not in name:
            raise AttributeError(name)
        return getattr(self, name.replace("-", "_"))


class Table(Named):
    """`ROW` has a field for each column. `CODES` says how many values exist, from 0, in columns where not all do."""

    CODES = {}

    @classmethod
    def of(cls, rows=()):
        """The table with these rows."""
        rows = list(rows)
        columns = zip(*rows) if rows else [()] * len(fields(cls))
        return cls(*(f.type(column) for f, column in zip(fields(cls), columns)))

    def rows(self):
        """Its rows. Fails if it is not a valid table."""
        self.check()
        return map(self.ROW, *vars(self).values())

    def __len__(self):
        return len(self.numbers)

    def check(self):
        """Fails if columns differ in length, or have a value that does not exist."""
        first, *_ = vars(self).values()
        for name, column in vars(self).items():
            if len(column) != len(first):
                raise BrokenTable(self.NAME, name, "another length than the first")
            unknown = max(column, default=0) >= self.CODES.get(name, 1 << 64)
            if unknown:
                raise BrokenTable(self.NAME, name, f"{max(column)}, which does not exist")

    def part(self, start, end):
        """The rows from one place to before another."""
        return type(self)(*(column[start:end] for column in vars(self).values()))


class BrokenTable(ValueError):
    def __init__(self, table, column, what):
        super().__init__(f"the column {column.replace('_', '-')} of the {table} has {what}")


class MonitoredNumber(NamedTuple):
    """A number that occupies a slot."""

    number: int
    slot: int
    status: Status
    status_since: int
    monitored_since: int
    flagging_checks: int = 0
    clearing_checks: int = 0
    last_rated_at: int = 0
    evidence_until: int = 0
    suspect_since: int = 0
    resting_since: int = 0
    replacement_pending: bool = False


@dataclass
class Monitored(Table):
    NAME, ROW, CODES = "monitored-table", MonitoredNumber, {"statuses": 4, "replacement_pending": 2}

    numbers: list
    slots: list
    statuses: bytes
    status_since: list
    monitored_since: list
    flagging_checks: bytes
    clearing_checks: bytes
    last_rated_at: list
    evidence_until: list
    suspect_since: list
    resting_since: list
    replacement_pending: bytes


class Review(NamedTuple):
    """What a review found about a number."""

    number: int
    status: Status
    flagging_checks: int
    clearing_checks: int
    flagging: int
    answering: int
    evidence_until: int


@dataclass
class Reviews(Table):
    NAME, ROW, CODES = "review-table", Review, {"statuses": 4}

    numbers: list
    statuses: bytes
    flagging_checks: bytes
    clearing_checks: bytes
    flagging: list
    answering: list
    evidence_until: list


class Calls(NamedTuple):
    """How calls went."""

    attempts: int = 0
    answered: int = 0
    short: int = 0
    blocked: int = 0


@dataclass
class CallTable(Table):
    NAME, ROW = "call-table", Calls

    attempts: list
    answered: list
    short: list
    blocked: list


class Hour(NamedTuple):
    """The calls of one number that began in an hour."""

    number: int
    at: int
    attempts: int
    answered: int
    short: int
    blocked: int


@dataclass
class Hours(Table):
    """The dialer's own: the contract has only their sums."""

    NAME, ROW = "calls", Hour

    numbers: list
    at: list
    attempts: list
    answered: list
    short: list
    blocked: list


class Suspect(NamedTuple):
    """A number whose calls fare badly."""

    number: int
    attempts: int
    answered: int
    blocked: int


@dataclass
class Suspects(Table):
    NAME, ROW = "suspect-table", Suspect

    numbers: list
    attempts: list
    answered: list
    blocked: list


class Candidate(NamedTuple):
    """A number that may take another's place."""

    number: int
    price_cents: int = 0
    rested: bool = False


@dataclass
class Candidates(Table):
    NAME, ROW, CODES = "candidate-table", Candidate, {"rested": 2}

    numbers: list
    price_cents: list
    rested: bytes


class RestedNumber(NamedTuple):
    """A number that was replaced and rests."""

    number: int
    resting_since: int
    rests: int = 0


@dataclass
class Rested(Table):
    NAME, ROW = "rested-table", RestedNumber

    numbers: list
    resting_since: list
    rests: bytes


class FlagEvent(NamedTuple):
    """A number that turned flagged."""

    number: int
    at: int


@dataclass
class FlagEvents(Table):
    NAME, ROW = "flag-table", FlagEvent

    numbers: list
    at: list


@dataclass
class VerdictTable(Named):
    """What carriers said: row after row, and in each a place for each carrier."""

    carriers: list
    scores: bytes
    observed_at: list


@dataclass
class Verdicts(VerdictTable):
    """With the numbers they are about. The contract's table has no such column: its rows are as asked."""

    numbers: list

    @classmethod
    def of(cls, carriers, rows, at):
        """`rows` has a score for each carrier and number: `None` for no answer, 254 for no data."""
        scores = [NO_ANSWER if score is None else score for row in rows.values() for score in row]
        return cls(carriers, bytes(scores), [at if score <= SCORE_MAX else 0 for score in scores], list(rows))

    def about(self, numbers, carriers):
        """What these carriers say about these numbers: a row for each, in the order given."""
        width, rows = len(self.carriers), {number: row for row, number in enumerate(self.numbers)}
        places = [self.carriers.index(carrier) if carrier in self.carriers else None for carrier in carriers]
        cells = [
            None if row is None or place is None else row * width + place
            for row in map(rows.get, numbers)
            for place in places
        ]
        scores = bytes(NO_ANSWER if cell is None else self.scores[cell] for cell in cells)
        return VerdictTable(carriers, scores, [0 if cell is None else self.observed_at[cell] for cell in cells])
