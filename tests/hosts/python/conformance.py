"""Answers `dialguard conformance`: a case on a line of stdin, what came of it on a line of stdout."""

import json
import sys

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
    try:
        came = {"ok": to_json(policy.call(dialer.imports(), function, *arguments))}
    except Refused as refused:
        came = {"err": to_json(refused.error)}
    except (Trap, WasmtimeError) as fault:
        came = {"fault": str(fault)}
    return came | {"numbers-looked-up": dialer.numbers_looked_up}
