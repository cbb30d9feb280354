"""A small dialer with a Dialguard policy embedded.

    python3 dialer.py days POLICY.wasm          three days of one account, and what happens when something fails
    python3 dialer.py conformance POLICY.wasm   answers `dialguard conformance`, a line for a line
"""

import json
import sys
from dataclasses import dataclass, field, replace
from os.path import commonprefix

from wasmtime import Config, Engine, Store, Trap, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant

from contract import *

DAY = 24 * 60 * 60
NUMBERS_PER_CALL_MAX = 10_000
FUEL_PER_CALL = 20_000_000_000  # A policy that loops is ended after half a minute or so.
MEMORY_BYTES_MAX = 256 << 20
ANSWERS = {
    "describe": Description, "review-account": Plan, "decide": Decision, "screen": list[Screening], "get-usage": Usage,
}


class Refused(Exception):
    """The contract's error: what an import answers instead of a value, and what a policy answers then."""

    def __init__(self, code, message):
        super().__init__(message)
        self.error = Error(code, message)


class Policy:
    """A policy component. Every call has a fresh instance: one that saw an exception can never be called again."""

    def __init__(self, file):
        config = Config()
        config.consume_fuel = True
        self.engine = Engine(config)
        with open(file, "rb") as component:
            self.component = Component(self.engine, component.read())

    def call(self, dialer, function, *arguments):
        """Raises `Refused` where the policy answers an error, `WasmtimeError` where it cannot be run or traps."""
        store = Store(self.engine)
        store.set_fuel(FUEL_PER_CALL)
        store.set_limits(memory_size=MEMORY_BYTES_MAX)
        instance = self.instantiate(store, dialer)
        interface = instance.get_export_index(store, f"dialguard:reputation/policy@{VERSION}")
        answer = instance.get_func(store, instance.get_export_index(store, function, interface))(store, *arguments)
        # Where both sides of a result are records it comes as a variant; else the value itself comes, or the error.
        answer, failed = (answer.payload, answer.tag == "err") if isinstance(answer, Variant) else (answer, False)
        if failed or isinstance(answer, Record) and hasattr(answer, "code"):
            raise Refused(answer.code, answer.message)
        return read(ANSWERS[function], answer) if function in ANSWERS else None

    def instantiate(self, store, dialer):
        linker = Linker(self.engine)
        with linker.root() as root:
            for interface, functions in dialer.imports().items():
                with root.add_instance(f"dialguard:reputation/{interface}@{VERSION}") as instance:
                    for name, function in functions.items():
                        instance.add_func(name, function)
        try:
            return linker.instantiate(store, self.component)
        except WasmtimeError as error:
            raise WasmtimeError(f"no policy for version {VERSION} of the contract: {error}") from None


def answering(function, tagged=False):
    """An import: what it raises becomes the contract's error, so that the policy can say what it means."""

    def answer(_store, *arguments):
        try:
            tag, value = "ok", function(*arguments)
        except Refused as refused:
            tag, value = "err", refused.error
        except Exception as error:
            tag, value = "err", Error("unavailable", f"The dialer could not be asked: {error}. Try again later.")
        return Variant(tag, value) if tagged else value

    return answer


@dataclass
class Dialer:
    """One account in memory, its carriers and its clock. Numbers ascend wherever there are several."""

    now: int
    carriers: list[Carrier]
    account: Account
    monitored: list[MonitoredNumber]
    owned: list[int]
    candidates: list[int]
    observations: list[Observation]
    flag_events: list[FlagEvent]
    failures: dict[str, Exception] = field(default_factory=dict)
    numbers_looked_up: int = 0

    def imports(self):
        inventory = {name: getattr(self, name.replace("-", "_") + "_of") for name in ("monitored", "owned", "candidates", "flag-events")}
        return {
            "clock": {"now": lambda _store: self.now},
            "carrier-lookup": {"carriers": lambda _store: self.carriers, "look-up": answering(self.look_up)},
            "number-inventory": {"get-account": answering(self.get_account, tagged=True)}
            | {name: answering(function) for name, function in inventory.items()},
        }

    def look_up(self, numbers):
        self.ensure("look-up", numbers=numbers)
        self.numbers_looked_up += len(numbers)
        said = {}
        for observation in self.observations:
            said.setdefault(observation.number, []).append(observation)
        return [observation for number in numbers for observation in said.get(number, [])]

    def get_account(self, id):
        self.ensure("get-account", id)
        return self.account

    def monitored_of(self, id, after, limit):
        self.ensure("monitored", id)
        return [number for number in self.monitored if number.number > after][: min(limit, NUMBERS_PER_CALL_MAX)]

    def owned_of(self, id, numbers):
        self.ensure("owned", id, numbers)
        return sorted(set(self.owned).intersection(numbers))

    def candidates_of(self, id, like, limit):
        self.ensure("candidates", id)
        shared = lambda number: len(commonprefix([str(number), str(like)]))
        return sorted(self.candidates, key=lambda number: (-shared(number), number))[: min(limit, NUMBERS_PER_CALL_MAX)]

    def flag_events_of(self, id, since):
        self.ensure("flag-events", id)
        return [event for event in self.flag_events if event.at >= since]

    def ensure(self, name, id=None, numbers=()):
        if name in self.failures:
            raise self.failures[name]
        if id not in (None, self.account.id):
            raise Refused("no-such-account", f"There is no account {id!r}.")
        if len(numbers) > NUMBERS_PER_CALL_MAX or not all(0 < number < 10**15 for number in numbers):
            raise Refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.")


def conformance(file):
    policy = Policy(file)
    for line in sys.stdin:
        case = json.loads(line)
        kinds = {known: kind for known, kind in Dialer.__annotations__.items() if known.replace("_", "-") in case}
        known = {name: read(kind, case[name.replace("_", "-")]) for name, kind in kinds.items() if name != "failures"}
        failures = {name: Refused(**error) for name, error in case["failures"].items()}
        dialer = Dialer(**known, failures=failures)
        try:
            reply = {"ok": to_json(policy.call(dialer, case["call"]["function"], *arguments(case["call"])))}
        except Refused as refused:
            reply = {"err": to_json(refused.error)}
        except (Trap, WasmtimeError) as fault:
            reply = {"fault": str(fault)}
        print(json.dumps(reply | {"numbers-looked-up": dialer.numbers_looked_up}), flush=True)


def arguments(call):
    kinds = {"check-settings": [Settings], "decide": [str, Request], "screen": [str, list[int]]}
    return [read(kind, value) for kind, value in zip(kinds.get(call["function"], [str]), call["arguments"])]


if __name__ == "__main__":
    conformance(sys.argv[2])
