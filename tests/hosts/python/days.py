"""Three days of a dialer, and what happens when something fails: a clear error, and nothing half-done."""

from copy import deepcopy
from dataclasses import replace

from wasmtime import WasmtimeError

from contract import Account, Carrier, MonitoredNumber, Observation, Settings
from dialer import DAY, Dialer
from policy import Policy, Refused

MIDNIGHT = 1_772_323_200  # 2026-03-01T00:00:00Z
GOOD, BAD, SPARE = 13_105_550_100, 13_105_550_101, 13_105_550_141
ANOTHER_VERSION = '(component (import "dialguard:reputation/clock@0.9.0" (instance)))'


def tell(policy):
    dialer = acme()
    for day in range(3):
        begin_day(dialer, day)
        plan = dialer.review(policy)
        standing = ", ".join(f"+{number.number} {number.status}" for number in dialer.monitored)
        print(f"Day {day + 1}: {standing}")
        for action in plan.actions:
            print(f"       +{action.payload.number} replaced: {action.payload.because}")
    begin_day(dialer, 3)
    print("\nWhere something fails:")
    tell_failure("the inventory", dialer, policy, failures={"monitored": ConnectionError("the database is down")})
    tell_failure("every carrier", dialer, policy, failures={"look-up": TimeoutError("no carrier answered in time")})
    silent = [observation for observation in dialer.observations if observation.carrier != 3]
    tell_failure("one carrier of three", dialer, policy, observations=silent)
    tell_failure("the account is unknown", dialer, policy, asked="nobody")
    try:
        Policy(ANOTHER_VERSION)
    except WasmtimeError as error:
        print(f"  the component is of another version: {error}")


def tell_failure(what, dialer, policy, asked=None, **changed):
    """On a copy, to see whether anything in it changed."""
    tried = replace(deepcopy(dialer), **changed)
    try:
        plan = policy.call(tried.imports(), "review-account", asked or tried.account.id)
        tried.apply(plan)
        came = f"{len(plan.reviews)} numbers rated all the same"
    except Refused as refused:
        assert tried.monitored == dialer.monitored and tried.account == dialer.account
        came = f"{refused.error.code}: {refused} Nothing was changed."
    print(f"  {what}: {came}")


def begin_day(dialer, day):
    """Nine in the morning; two of three carriers flag the bad number."""
    midnight = MIDNIGHT + day * DAY
    dialer.now = midnight + DAY * 9 // 24
    dialer.account = replace(dialer.account, day_starts_at=midnight, rated_today=0, replacements_today=0)
    dialer.observations = [
        Observation(number, carrier.id, 95 if number == BAD and carrier.id < 3 else 5, dialer.now)
        for number in (GOOD, BAD, SPARE)
        for carrier in dialer.carriers
    ]


def acme():
    settings = Settings(auto_replace=True)
    account = Account(
        id="acme", revision=1, enabled=True, slot_count=15, slot_count_next=15, slots_per_block=15,
        block_price_cents=4_900, cycle_starts_at=MIDNIGHT, cycle_ends_at=MIDNIGHT + 31 * DAY, day_starts_at=MIDNIGHT,
        locked_slots=[], monitored_count=2, rated_today=0, replacements_today=0, settings=settings,
    )  # fmt: skip
    return Dialer(
        now=MIDNIGHT,
        carriers=[Carrier(1, "AT&T (Hiya)"), Carrier(2, "T-Mobile (First Orion)"), Carrier(3, "Verizon (TNS)")],
        observations=[],
        account=account,
        monitored=[pending(GOOD, slot=1), pending(BAD, slot=2)],
        owned=[GOOD, BAD],
        candidates=[SPARE],
    )


def pending(number, slot):
    """A number monitored since the day before, not rated yet."""
    began = MIDNIGHT - DAY
    return MonitoredNumber(number, slot, "pending", began, began, 0, 0, None, False)
