"""Gives most requests their own idempotency key: from the schema alone they would share a few."""

import itertools
import re

import schemathesis

KEY = "Idempotency-Key"
counted = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    given = headers.get(KEY)
    number = next(counted)
    if isinstance(given, str) and re.fullmatch("[!-~]{1,255}", given) and number % 4:
        case.headers[KEY] = f"key-{number}"
