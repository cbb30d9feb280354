"""The contract's records as dataclasses: `slot_count` here is `slot-count` in `wit/`, whose comments are their manual.

wasmtime passes a record as an object whose attributes have the contract's names, and accepts any `Record` with them.
What moves by the thousand is in `table.py`.
"""

from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import get_args, get_origin

from wasmtime.component import Record, Variant

from table import Named, Reviews, Suspects

VERSION = "0.3.0"


@dataclass
class Error(Named):
    code: str
    message: str


@dataclass
class Carrier(Named):
    id: int
    name: str


@dataclass
class Source(Named):
    id: int
    name: str
    price: int
    look_ups_left: int | None
    carriers: list[int]


@dataclass
class CallTotals(Named):
    attempts: int
    answered: int
    short: int
    blocked: int


@dataclass
class SlotLock(Named):
    slot: int
    until: int


@dataclass
class GuardRails(Named):
    auto_replace: bool
    replacements_per_day_max: int


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
    look_ups_today: int
    replacements_today: int
    guard_rails: GuardRails
    settings: dict  # Those that a person set, by name. A policy reads a list, in its own order.


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
        "stop-using": int,
        "use-again": int,
        "offer-again": int,
        "rest-on": int,
        "give-back": int,
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
    reviews: Reviews
    suspects: Suspects | None
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
    suspect: int
    resting: int
    flagged_past_day: int
    flagged_past_week: int


@dataclass
class SwitchSetting(Named):
    default: bool


@dataclass
class IntegerSetting(Named):
    min: int
    max: int
    default: int
    unit: str


@dataclass
class ChoiceSetting(Named):
    names: list[str]
    default: int


class SettingKind(Variant):
    PAYLOADS = {"switch": SwitchSetting, "integer": IntegerSetting, "choice": ChoiceSetting}


@dataclass
class Setting(Named):
    name: str
    meaning: str
    kind: SettingKind


@dataclass
class Description(Named):
    name: str
    version: str
    summary: str
    settings: list[Setting]


def in_order(settings, declared, refuse=lambda name: None):
    """The values of settings in the order in which the policy declares them: what a person set by name, if that is in
    range, else the default. `refuse` is called with each name whose value is not."""
    values = []
    for setting in declared:
        value = value_of(settings[setting.name], setting.kind) if setting.name in settings else None
        if value is None and setting.name in settings:
            refuse(setting.name)
        values.append(int(setting.kind.payload.default) if value is None else value)
    return values


def value_of(value, kind):
    """A boolean, a whole number or the name of a choice, as the contract has it; none if it is out of range."""
    if kind.tag == "switch":
        return int(value) if isinstance(value, bool) else None
    if kind.tag == "integer":
        return value if kind.payload.min <= value <= kind.payload.max else None
    return kind.payload.names.index(value) if value in kind.payload.names else None


def read(kind, value):
    """One of the types above from wasmtime's value, or from JSON with the contract's names."""
    arguments = get_args(kind)
    if kind is list or arguments == (int,):
        return list(map(int, value))
    if get_origin(kind) is list:
        return [read(arguments[0], element) for element in value]
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
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, Variant):
        return {value.tag: to_json(value.payload)}
    if isinstance(value, dict):
        return {name: to_json(field) for name, field in value.items()}
    if isinstance(value, Record):
        return {name.replace("_", "-"): to_json(field) for name, field in vars(value).items()}
    return value
