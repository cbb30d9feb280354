"""Answers `dialguard conformance`: one case per line of stdin, its outcome on a line of stdout."""

import json
import sys
from time import perf_counter_ns

from wasmtime import Trap, WasmtimeError

from contract import Account, Carrier, Request, Source, in_order, read, to_json
from dialer import Dialer
from policy import Refused
from table import BrokenTable, Candidates, FlagEvents, Hours, Monitored, Rested, Verdicts

KNOWN = {
    "now": int,
    "carriers": list[Carrier],
    "sources": list[Source],
    "verdicts": Verdicts,
    "account": Account,
    "monitored": Monitored,
    "owned": list[int],
    "candidates": Candidates,
    "rested": Rested,
    "flag-events": FlagEvents,
    "calls": Hours,
}
ARGUMENTS = {
    "describe": [],
    "check-settings": [dict],
    "review-account": [str],
    "decide": [str, Request],
    "screen": [str, list[int]],
    "get-usage": [str],
}


def answer_cases(policy):
    for line in sys.stdin:
        print(json.dumps(answer(policy, json.loads(line))), flush=True)


def answer(policy, case):
    known = {name.replace("-", "_"): read(kind, case[name]) for name, kind in KNOWN.items()}
    dialer = Dialer(**known, failures={name: Refused(**error) for name, error in case["failures"].items()})
    function, arguments = case["call"]["function"], case["call"]["arguments"]
    arguments = [read(kind, argument) for kind, argument in zip(ARGUMENTS[function], arguments)]
    begun = perf_counter_ns()
    try:
        if function == "check-settings":
            arguments = [in_order(*arguments, policy.settings, refuse=out_of_range)]
        came, what = "ok", policy.call(dialer.imports(policy), function, *arguments)
    except Refused as refused:
        came, what = "err", refused.error
    except (Trap, WasmtimeError, BrokenTable) as fault:
        came, what = "fault", str(fault)
    took = (perf_counter_ns() - begun) // 1000
    return {came: to_json(what), "look-ups": to_json(dialer.look_ups), "microseconds": took}


def out_of_range(name):
    raise Refused("invalid-settings", f"{name} is out of range; `describe` says what it may be.")
