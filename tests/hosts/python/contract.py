"""The contract's records as dataclasses: `slot_count` here is `slot-count` in `wit/`, whose comments are their manual.

wasmtime passes a record as an object whose attributes have the contract's names, and accepts any `Record` with them.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from types import UnionType
from typing import get_args, get_origin

from wasmtime.component import Record, Variant

VERSION = "0.2.0"


class Named(Record):
    """A record that also answers to the contract's names."""

    def __getattr__(self, name):
        if "-" not in name:
            raise AttributeError(name)
        return getattr(self, name.replace("-", "_"))


@dataclass
class Error(Named):
    code: str
    message: str


@dataclass
class Carrier(Named):
    id: int
    name: str


@dataclass
class Observation(Named):
    number: int
    carrier: int
    spam_score: int | None
    observed_at: int


@dataclass
class FlagEvent(Named):
    number: int
    at: int


@dataclass
class SlotLock(Named):
    slot: int
    until: int


@dataclass
class Settings(Named):
    spam_score_min: int = 80
    rating_carriers_min: int = 2
    checks_to_flag: int = 2
    checks_to_clear: int = 2
    observation_age_max_hours: int = 48
    auto_replace: bool = False
    replacements_per_day_max: int = 3
    new_number_grace_days: int = 0
    mass_flag_percent: int = 30
    other: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Account(Named):
    id: str
    revision: int
    enabled: bool
    slot_count: int
    slot_count_next: int
    slots_per_block: int
    block_price_cents: int
    cycle_starts_at: int
    cycle_ends_at: int
    day_starts_at: int
    locked_slots: list[SlotLock]
    monitored_count: int
    rated_today: int
    replacements_today: int
    settings: Settings


@dataclass
class MonitoredNumber(Named):
    number: int
    slot: int
    status: str
    status_since: int
    monitored_since: int
    flagging_checks: int
    clearing_checks: int
    last_rated_at: int | None
    replacement_pending: bool


@dataclass
class Review(Named):
    number: int
    status: str
    flagging_checks: int
    clearing_checks: int
    flagging: int
    answering: int


@dataclass
class Occupancy(Named):
    number: int
    slot: int


@dataclass
class SlotClosing(Named):
    number: int
    slot: int
    until: int
    why: str


@dataclass
class Replacement(Named):
    number: int
    replacement: int
    slot: int
    why: str
    because: str


@dataclass
class BlockChange(Named):
    blocks: int
    starting: int


class Action(Variant):
    """`tag` is the action's name in the contract, `payload` one of these."""

    PAYLOADS = {
        "occupy-slot": Occupancy,
        "lock-slot": SlotClosing,
        "release-number": int,
        "replace-number": Replacement,
        "set-blocks": BlockChange,
    }


@dataclass
class Notice(Named):
    severity: str
    kind: str
    number: int | None
    text: str


@dataclass
class Plan(Named):
    account: str
    based_on: int
    decided_at: int
    reviews: list[Review]
    actions: list[Action]
    notices: list[Notice]


@dataclass
class Outcome(Named):
    answer: str
    until: int | None


@dataclass
class Decision(Named):
    plan: Plan
    outcomes: list[Outcome]


@dataclass
class Deletion(Named):
    numbers: list[int]
    accept_slot_loss: bool


class Request(Variant):
    """`tag` is the request's name in the contract, `payload` the numbers or blocks."""

    PAYLOADS = {
        "start-monitoring": list[int],
        "stop-monitoring": list[int],
        "delete-numbers": Deletion,
        "replace-numbers": list[int],
        "set-blocks": int,
    }


@dataclass
class Screening(Named):
    number: int
    status: str
    flagging: int
    answering: int


@dataclass
class Usage(Named):
    slots: int
    occupied: int
    locked: int
    pending: int
    clean: int
    at_risk: int
    flagged: int
    flagged_past_day: int
    flagged_past_week: int


@dataclass
class Description(Named):
    name: str
    version: str
    summary: str


def read(kind, value):
    """One of the types above from wasmtime's value, or from JSON with the contract's names."""
    arguments = get_args(kind)
    if get_origin(kind) is list:
        return [read(arguments[0], element) for element in value]
    if get_origin(kind) is tuple:
        return tuple(value)
    if get_origin(kind) is UnionType:
        return None if value is None else read(arguments[0], value)
    if issubclass(kind, Variant):
        tag, payload = next(iter(value.items())) if isinstance(value, dict) else (value.tag, value.payload)
        return kind(tag, read(kind.PAYLOADS[tag], payload))
    if is_dataclass(kind):
        known = value if isinstance(value, dict) else vars(value)
        return kind(**{f.name: read(f.type, known[f.name.replace("_", "-")]) for f in fields(kind)})
    return kind(value)


def to_json(value):
    """The same with the contract's names, ready for `json.dumps`."""
    if isinstance(value, list):
        return [to_json(element) for element in value]
    if isinstance(value, Variant):
        return {value.tag: to_json(value.payload)}
    if isinstance(value, Record):
        return {name.replace("_", "-"): to_json(field) for name, field in vars(value).items()}
    return value
