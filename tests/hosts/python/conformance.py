"""Answers `dialguard conformance`: one case per line of stdin, its outcome on a line of stdout."""

import json
import sys
from time import perf_counter_ns

from wasmtime import Trap, WasmtimeError

from contract import Account, Carrier, FlagEvent, MonitoredNumber, Observation, Request, Settings, read, to_json
from dialer import Dialer
from policy import Refused

KNOWN = {
    "now": int,
    "carriers": list[Carrier],
    "observations": list[Observation],
    "account": Account,
    "monitored": list[MonitoredNumber],
    "owned": list[int],
    "candidates": list[int],
    "flag-events": list[FlagEvent],
}
ARGUMENTS = {
    "describe": [],
    "check-settings": [Settings],
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
        came, what = "ok", policy.call(dialer.imports(), function, *arguments)
    except Refused as refused:
        came, what = "err", refused.error
    except (Trap, WasmtimeError) as fault:
        came, what = "fault", str(fault)
    took = (perf_counter_ns() - begun) // 1000
    return {came: to_json(what), "numbers-looked-up": dialer.numbers_looked_up, "microseconds": took}
