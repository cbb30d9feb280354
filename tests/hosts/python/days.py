"""Three days of a dialer, and what happens when something fails: a clear error, and nothing half-done."""

from copy import deepcopy
from dataclasses import replace

from wasmtime import WasmtimeError

from contract import Account, Carrier, GuardRails, Source
from dialer import DAY, Dialer
from policy import Policy, Refused
from table import BrokenTable, Candidate, Candidates, Monitored, MonitoredNumber, Status, Verdicts

MIDNIGHT = 1_772_323_200  # 2026-03-01T00:00:00Z
GOOD, BAD, SPARE = 13_105_550_100, 13_105_550_101, 13_105_550_141
ANOTHER_VERSION = '(component (import "dialguard:reputation/clock@0.9.0" (instance)))'


def tell(policy):
    dialer = acme()
    for day in range(3):
        begin_day(dialer, day)
        plan = dialer.review(policy)
        standing = ", ".join(f"+{row.number} {Status(row.status)}" for row in dialer.monitored.rows())
        print(f"Day {day + 1}: {standing}")
        for action in plan.actions:
            print(f"       +{action.payload.number} replaced: {action.payload.because}")
    begin_day(dialer, 3)
    print("\nWhere something fails:")
    tell_failure("the inventory", dialer, policy, failures={"monitored": ConnectionError("the database is down")})
    tell_failure("every carrier", dialer, policy, failures={"look-up": TimeoutError("no carrier answered in time")})
    tell_failure("one carrier of three", dialer, policy, verdicts=said(dialer.now, carriers=2))
    tell_failure("the account is unknown", dialer, policy, asked="nobody")
    tell_broken_table(dialer, policy)
    try:
        Policy(ANOTHER_VERSION)
    except WasmtimeError as error:
        print(f"  the component is of another version: {error}")


def tell_failure(what, dialer, policy, asked=None, **changed):
    """On a copy, to see whether anything in it changed."""
    tried = replace(deepcopy(dialer), **changed)
    try:
        plan = policy.call(tried.imports(policy), "review-account", asked or tried.account.id)
        tried.apply(plan)
        came = f"{len(plan.reviews)} numbers rated all the same"
    except Refused as refused:
        assert tried.monitored == dialer.monitored and tried.account == dialer.account
        came = f"{refused.error.code}: {refused} Nothing was changed."
    print(f"  {what}: {came}")


def tell_broken_table(dialer, policy):
    """As if a policy had left out the last value of a column."""
    tried = deepcopy(dialer)
    plan = policy.call(tried.imports(policy), "review-account", "acme")
    plan.reviews.flagging.pop()
    try:
        tried.apply(plan)
    except BrokenTable as error:
        assert tried.monitored == dialer.monitored and tried.account == dialer.account
        print(f"  a table has a short column: {error}. Nothing was changed.")


def begin_day(dialer, day):
    """Nine in the morning."""
    midnight = MIDNIGHT + day * DAY
    dialer.now = midnight + DAY * 9 // 24
    today = {"rated_today": 0, "look_ups_today": 0, "replacements_today": 0}
    dialer.account = replace(dialer.account, day_starts_at=midnight, **today)
    dialer.verdicts, dialer.look_ups = said(dialer.now, carriers=3), []


def said(at, carriers):
    """What the first so many of three carriers say: two flag the bad number."""
    scores = {GOOD: [5, 5, 5], BAD: [95, 95, 5], SPARE: [5, 5, 5]}
    return Verdicts.of(list(range(1, carriers + 1)), {number: row[:carriers] for number, row in scores.items()}, at)


def acme():
    account = Account(
        id="acme", revision=1, enabled=True, slot_count=15, slot_count_next=15, slots_per_block=15,
        block_price_cents=4_900, cycle_starts_at=MIDNIGHT, cycle_ends_at=MIDNIGHT + 31 * DAY, day_starts_at=MIDNIGHT,
        locked_slots=[], monitored_count=2, rated_today=0, look_ups_today=0, replacements_today=0,
        guard_rails=GuardRails(auto_replace=True, replacements_per_day_max=3),
        settings={"checks-to-replace": 2},  # All others as the policy declares them.
    )  # fmt: skip
    return Dialer(
        now=MIDNIGHT,
        carriers=[Carrier(1, "AT&T (Hiya)"), Carrier(2, "T-Mobile (First Orion)"), Carrier(3, "Verizon (TNS)")],
        sources=[Source(1, "a reputation service", 150, None, [1, 2, 3])],
        verdicts=said(MIDNIGHT, carriers=0),
        account=account,
        monitored=Monitored.of([pending(GOOD, slot=1), pending(BAD, slot=2)]),
        owned=[GOOD, BAD],
        candidates=Candidates.of([Candidate(SPARE, price_cents=115)]),
    )


def pending(number, slot):
    """A number monitored since the day before, not rated yet."""
    began = MIDNIGHT - DAY
    return MonitoredNumber(number, slot, Status.PENDING, began, began)
