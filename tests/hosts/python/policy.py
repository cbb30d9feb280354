"""A policy component: loaded once, and a fresh instance for every call."""

from functools import cached_property

from wasmtime import Config, Engine, Store, WasmtimeError
from wasmtime.component import Component, Linker, Record, Variant

from contract import VERSION, Decision, Description, Error, Plan, Screening, Usage, read

POLICY = f"dialguard:reputation/policy@{VERSION}"
FUEL_PER_CALL = 20_000_000_000  # Stops a policy that loops.
MEMORY_BYTES_MAX = 256 << 20
IMPORTS = {
    "clock": "now",
    "carrier-lookup": "carriers sources look-up",
    "number-inventory": "get-account monitored owned candidates flag-events calls calls-in-all rested",
}
ANSWERS = {
    "describe": Description,
    "check-settings": None,
    "review-account": Plan,
    "decide": Decision,
    "screen": list[Screening],
    "get-usage": Usage,
}


class Refused(Exception):
    """The contract's error, from an import or from a policy."""

    def __init__(self, code, message):
        super().__init__(message)
        self.error = Error(code, message)


class Policy:
    """Raises `WasmtimeError` if this is not a component, or is one for another version of the contract."""

    def __init__(self, component):
        config = Config()
        config.consume_fuel = True
        self.engine = Engine(config)
        self.component = Component(self.engine, component)
        types = self.component.type
        self.ensure_spoken(types.imports(self.engine), types.exports(self.engine))

    @cached_property
    def settings(self):
        """The settings that it declares. `describe` calls no import."""
        return self.call({}, "describe").settings

    def ensure_spoken(self, imports, exports):
        named = [name for name in [*imports, *exports] if name.startswith("dialguard:reputation/")]
        others = [name for name in named if not name.endswith(f"@{VERSION}")]
        if others or POLICY not in exports:
            reason = f"it has {others[0]}" if others else f"it has no {POLICY}"
            raise WasmtimeError(f"no policy for version {VERSION} of the contract: {reason}")

    def call(self, imports, function, *arguments):
        """The policy's answer. `imports` has the functions it may call, by name.

        Raises `Refused` if it answers an error, `WasmtimeError` if it traps or exceeds a limit, and `BrokenTable` if a
        table in its answer is none. An instance that trapped or saw an exception can never be called again, so each
        call has its own.
        """
        store = Store(self.engine)
        store.set_fuel(FUEL_PER_CALL)
        store.set_limits(memory_size=MEMORY_BYTES_MAX)
        instance = self.instantiate(store, imports)
        index = instance.get_export_index(store, function, instance.get_export_index(store, POLICY))
        answer, failed = instance.get_func(store, index)(store, *arguments), False
        # A result whose two sides are records is a variant; any other is passed as the bare value or the bare error.
        if isinstance(answer, Variant):
            answer, failed = answer.payload, answer.tag == "err"
        if failed or isinstance(answer, Record) and hasattr(answer, "code"):
            raise Refused(answer.code, answer.message)
        return checked(read(ANSWERS[function], answer)) if ANSWERS[function] else None

    def instantiate(self, store, imports):
        linker = Linker(self.engine)
        with linker.root() as root:
            for interface, names in IMPORTS.items():
                with root.add_instance(f"dialguard:reputation/{interface}@{VERSION}") as instance:
                    for name in names.split():
                        instance.add_func(name, imports.get(name, unasked))
        return linker.instantiate(store, self.component)


def checked(answer):
    """The same answer, once the tables of a plan are tables."""
    plan = answer.plan if isinstance(answer, Decision) else answer
    if isinstance(plan, Plan):
        plan.reviews.check()
        if plan.suspects is not None:
            plan.suspects.check()
    return answer


def unasked(_store, *_arguments):
    raise LookupError("nobody answers this import")


def answering(function, tagged=True):
    """An import whose exceptions are converted to the contract's errors, because none may reach the instance.
    `tagged` where both sides of its result are records."""

    def answer(_store, *arguments):
        try:
            tag, value = "ok", function(*arguments)
        except Refused as refused:
            tag, value = "err", refused.error
        except Exception as error:
            tag, value = "err", Error("unavailable", f"The dialer could not be asked: {error}. Try again later.")
        return Variant(tag, value) if tagged else value

    return answer
