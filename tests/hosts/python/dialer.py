"""A small dialer with a Dialguard policy embedded: one account, its numbers and carriers, in memory.

python3 dialer.py days POLICY.wasm          three days of it, and what happens when something fails
python3 dialer.py conformance POLICY.wasm   answers `dialguard conformance`
"""

import sys
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from os.path import commonprefix

from contract import Account, CallTotals, Carrier, Source, in_order
from policy import Policy, Refused, answering
from table import (
    Calls, CallTable, Candidate, Candidates, FlagEvent, FlagEvents, Hours, Monitored, MonitoredNumber, Rested,
    RestedNumber, Status, Verdicts,
)  # fmt: skip

DAY = 24 * 60 * 60
NUMBERS_PER_CALL_MAX = 10_000


@dataclass
class Dialer:
    """The facts a policy reads. `failures` has the exceptions that imports raise, by name."""

    now: int
    carriers: list[Carrier]
    sources: list[Source]
    verdicts: Verdicts
    account: Account
    monitored: Monitored
    owned: list[int]
    candidates: Candidates
    rested: Rested = field(default_factory=Rested.of)
    flag_events: FlagEvents = field(default_factory=FlagEvents.of)
    calls: Hours = field(default_factory=Hours.of)
    failures: dict[str, Exception] = field(default_factory=dict)
    look_ups: list[dict] = field(default_factory=list)

    def review(self, policy):
        """The daily review: the policy plans it, and the dialer applies the plan."""
        plan = policy.call(self.imports(policy), "review-account", self.account.id)
        self.apply(plan)
        return plan

    def apply(self, plan):
        """All or nothing: the last lines replace the state with the result of the whole plan."""
        if plan.based_on != self.account.revision:
            raise Refused("unavailable", "The account changed while it was reviewed; review it again.")
        monitored, rated, flagged = {row.number: row for row in self.monitored.rows()}, 0, []
        for review in plan.reviews.rows():
            before, is_rated = monitored[review.number], review.answering > 0
            since = before.status_since if before.status == review.status else self.now
            flagged += [FlagEvent(review.number, since)] if (review.status, since) == (Status.FLAGGED, self.now) else []
            rated += is_rated
            monitored[review.number] = before._replace(
                status=review.status, status_since=since, flagging_checks=review.flagging_checks,
                clearing_checks=review.clearing_checks, evidence_until=review.evidence_until,
                last_rated_at=self.now if is_rated else before.last_rated_at,
            )  # fmt: skip
        if plan.suspects is not None:
            suspects = {suspect.number for suspect in plan.suspects.rows()}
            for number, row in monitored.items():
                since = (row.suspect_since or self.now) if number in suspects else 0
                monitored[number] = row._replace(suspect_since=since)
        self.act(plan.actions, monitored)
        replaced = sum(action.tag == "replace-number" for action in plan.actions)
        self.flag_events = FlagEvents.of([*self.flag_events.rows(), *flagged])
        self.account = replace(
            self.account, revision=self.account.revision + 1, rated_today=self.account.rated_today + rated,
            look_ups_today=self.account.look_ups_today + sum(len(look_up["numbers"]) for look_up in self.look_ups),
            replacements_today=self.account.replacements_today + replaced,
        )  # fmt: skip

    def act(self, actions, monitored):
        owned, rested = set(self.owned), {row.number: row for row in self.rested.rows()}
        candidates = {row.number: row for row in self.candidates.rows()}
        for action in actions:
            it = action.payload
            if action.tag == "replace-number":
                candidates.pop(it.replacement)
                slot = monitored.pop(it.number).slot
                monitored[it.replacement] = MonitoredNumber(it.replacement, slot, Status.PENDING, self.now, self.now)
                owned.add(it.replacement)
                rested[it.number] = RestedNumber(it.number, self.now)
            elif action.tag in ("stop-using", "use-again"):
                monitored[it] = monitored[it]._replace(resting_since=self.now if action.tag == "stop-using" else 0)
            elif action.tag == "rest-on":
                rested[it] = RestedNumber(it, self.now, rested[it].rests + 1)
            elif action.tag == "offer-again":
                candidates[it] = Candidate(rested.pop(it).number, rested=True)
            elif action.tag == "give-back":
                owned.remove(rested.pop(it).number)
            else:
                raise ValueError(f"a review may not {action.tag}")
        self.monitored = Monitored.of(sorted(monitored.values()))
        self.owned, self.candidates = sorted(owned), Candidates.of(sorted(candidates.values()))
        self.rested = Rested.of(sorted(rested.values(), key=lambda row: row.resting_since))

    def imports(self, policy):
        return {
            "now": lambda _store: self.now,
            "carriers": lambda _store: self.carriers,
            "sources": lambda _store: self.sources,
            "look-up": answering(self.look_up),
            "get-account": answering(lambda id: self.read_account(id, policy)),
            "monitored": answering(self.read_monitored),
            "owned": answering(self.read_owned, tagged=False),
            "candidates": answering(self.read_candidates),
            "flag-events": answering(self.read_flag_events),
            "calls": answering(self.read_calls),
            "calls-in-all": answering(self.read_calls_in_all),
            "rested": answering(self.read_rested),
        }

    def look_up(self, numbers, sources):
        self.ensure("look-up", numbers=numbers)
        if not set(sources) <= {source.id for source in self.sources}:
            raise Refused("invalid-request", "There is no such source; `sources` lists them.")
        self.look_ups.append({"numbers": numbers, "sources": sources})
        asked = [source for source in self.sources if not sources or source.id in sources]
        return self.verdicts.about(numbers, sorted({carrier for source in asked for carrier in source.carriers}))

    def read_account(self, id, policy):
        self.ensure("get-account", id)
        return replace(self.account, settings=in_order(self.account.settings, policy.settings))

    def read_monitored(self, id, after, limit):
        self.ensure("monitored", id)
        start = bisect_right(self.monitored.numbers, after)
        return self.monitored.part(start, start + min(limit, NUMBERS_PER_CALL_MAX))

    def read_owned(self, id, numbers):
        self.ensure("owned", id, numbers)
        return sorted(set(self.owned).intersection(numbers))

    def read_candidates(self, id, like, limit):
        """Closest first, then the account's own, then the cheaper."""
        self.ensure("candidates", id)

        def order(row):
            return -len(commonprefix([str(row.number), str(like)])), not row.rested, row.price_cents, row.number

        return Candidates.of(sorted(self.candidates.rows(), key=order)[: min(limit, NUMBERS_PER_CALL_MAX)])

    def read_flag_events(self, id, since):
        self.ensure("flag-events", id)
        return FlagEvents.of(event for event in self.flag_events.rows() if event.at >= since)

    def read_calls(self, id, numbers, since):
        """No rows where the dialer does not know how calls went."""
        self.ensure("calls", id, numbers)
        sums = self.calls_since(since)
        return CallTable.of(sums.get(number, Calls()) for number in numbers if self.calls.numbers)

    def read_calls_in_all(self, id, since):
        self.ensure("calls-in-all", id)
        return CallTotals(*sum_of(self.calls_since(since).values()))

    def calls_since(self, since):
        sums = {}
        for number, at, *calls in self.calls.rows():
            if at >= since:
                sums[number] = sum_of([sums.get(number, Calls()), calls])
        return sums

    def read_rested(self, id):
        self.ensure("rested", id)
        return self.rested

    def ensure(self, name, id=None, numbers=()):
        if name in self.failures:
            raise self.failures[name]
        if id not in (None, self.account.id):
            raise Refused("no-such-account", f"There is no account {id!r}.")
        if len(numbers) > NUMBERS_PER_CALL_MAX or not all(0 < number < 10**15 for number in numbers):
            raise Refused("invalid-request", "Ask for at most 10,000 numbers of 1 to 15 digits.")


def sum_of(calls):
    return Calls(*map(sum, zip(*calls))) if calls else Calls()


if __name__ == "__main__":
    from conformance import answer_cases
    from days import tell

    _, command, file = sys.argv
    with open(file, "rb") as component:
        {"days": tell, "conformance": answer_cases}[command](Policy(component.read()))
