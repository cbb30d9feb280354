"""A small dialer with a Dialguard policy embedded: one account, its numbers and carriers, in memory.

python3 dialer.py days POLICY.wasm          three days of it, and what happens when something fails
python3 dialer.py conformance POLICY.wasm   answers `dialguard conformance`
"""

import sys
from dataclasses import dataclass, field, replace
from os.path import commonprefix

from contract import Account, Carrier, FlagEvent, MonitoredNumber, Observation
from policy import Policy, Refused, answering

DAY = 24 * 60 * 60
NUMBERS_PER_CALL_MAX = 10_000


@dataclass
class Dialer:
    """The facts a policy reads. `failures` has the exceptions that imports raise, by name."""

    now: int
    carriers: list[Carrier]
    observations: list[Observation]
    account: Account
    monitored: list[MonitoredNumber]
    owned: list[int]
    candidates: list[int]
    flag_events: list[FlagEvent] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)
    numbers_looked_up: int = 0

    def review(self, policy):
        """The daily review: the policy plans it, and the dialer applies the plan."""
        plan = policy.call(self.imports(), "review-account", self.account.id)
        self.apply(plan)
        return plan

    def apply(self, plan):
        """All or nothing: the last lines replace the state with the result of the whole plan."""
        if plan.based_on != self.account.revision:
            raise Refused("unavailable", "The account changed while it was reviewed; review it again.")
        monitored, flagged, replaced = {number.number: number for number in self.monitored}, [], {}
        for review in plan.reviews:
            before = monitored[review.number]
            since = before.status_since if before.status == review.status else self.now
            flagged += [FlagEvent(review.number, since)] if (review.status, since) == ("flagged", self.now) else []
            monitored[review.number] = replace(
                before, status=review.status, status_since=since, last_rated_at=self.now,
                flagging_checks=review.flagging_checks, clearing_checks=review.clearing_checks,
            )  # fmt: skip
        for action in plan.actions:
            if action.tag != "replace-number":
                raise ValueError(f"a review may replace numbers and do nothing else, not {action.tag}")
            gone, new = monitored.pop(action.payload.number), action.payload.replacement
            monitored[new] = MonitoredNumber(new, gone.slot, "pending", self.now, self.now, 0, 0, None, False)
            replaced[gone.number] = new
        self.monitored = [monitored[number] for number in sorted(monitored)]
        self.owned = sorted(set(self.owned) - set(replaced) | set(replaced.values()))
        self.candidates = [number for number in self.candidates if number not in replaced.values()]
        self.flag_events = self.flag_events + flagged
        self.account = replace(
            self.account, revision=self.account.revision + 1, rated_today=self.account.rated_today + len(plan.reviews),
            replacements_today=self.account.replacements_today + len(replaced),
        )  # fmt: skip

    def imports(self):
        return {
            "clock": {"now": lambda _store: self.now},
            "carrier-lookup": {"carriers": lambda _store: self.carriers, "look-up": answering(self.look_up)},
            "number-inventory": {
                "get-account": answering(self.read_account, tagged=True),
                "monitored": answering(self.read_monitored),
                "owned": answering(self.read_owned),
                "candidates": answering(self.read_candidates),
                "flag-events": answering(self.read_flag_events),
            },
        }

    def look_up(self, numbers):
        self.ensure("look-up", numbers=numbers)
        self.numbers_looked_up += len(numbers)
        found = {}
        for observation in self.observations:
            found.setdefault(observation.number, []).append(observation)
        return [observation for number in numbers for observation in found.get(number, [])]

    def read_account(self, id):
        self.ensure("get-account", id)
        return self.account

    def read_monitored(self, id, after, limit):
        self.ensure("monitored", id)
        return [number for number in self.monitored if number.number > after][: min(limit, NUMBERS_PER_CALL_MAX)]

    def read_owned(self, id, numbers):
        self.ensure("owned", id, numbers)
        return sorted(set(self.owned).intersection(numbers))

    def read_candidates(self, id, like, limit):
        self.ensure("candidates", id)
        closest = sorted(self.candidates, key=lambda number: (-len(commonprefix([str(number), str(like)])), number))
        return closest[: min(limit, NUMBERS_PER_CALL_MAX)]

    def read_flag_events(self, id, since):
        self.ensure("flag-events", id)
        return [event for event in self.flag_events if event.at >= since]

    def ensure(self, name, id=None, numbers=()):
        if name in self.failures:
            raise self.failures[name]
        if id not in (None, self.account.id):
            raise Refused("no-such-account", f"There is no account {id!r}.")
        if len(numbers) > NUMBERS_PER_CALL_MAX or not all(0 < number < 10**15 for number in numbers):
            raise Refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.")


if __name__ == "__main__":
    from conformance import answer_cases
    from days import tell

    _, command, file = sys.argv
    with open(file, "rb") as component:
        {"days": tell, "conformance": answer_cases}[command](Policy(component.read()))
