"""A day of a dialer through the client of openapi-python-client: `openapi_python_client.py ADDRESS TOKEN`."""

import json
import sys

from dialguard_client import AuthenticatedClient
from dialguard_client.api.accounts import add_account, change_account, get_account, get_spending
from dialguard_client.api.numbers import import_numbers, list_numbers
from dialguard_client.api.requests import make_request
from dialguard_client.api.reviews import review_account
from dialguard_client.models import AccountPatch, AccountRequest, ImportKind, ImportRequest, Problem, Status
from dialguard_client.models import RequestType0, RequestType3

address, token = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=token)


def done(answer):
    """What a call answered, which has to succeed."""
    if answer is None or isinstance(answer, Problem):
        sys.exit(f"a call failed: {answer}")
    return answer


account = {"id": "day", "blocks": 1, "time-zone": "UTC"}
done(add_account.sync(client=client, body=AccountRequest.from_dict(account)))
numbers = ["+13105550100", "+13105550101"]
done(import_numbers.sync("day", client=client, body=ImportRequest(numbers=numbers)))
candidates = ImportRequest(numbers=["+13105550190"], as_=ImportKind.CANDIDATE)
done(import_numbers.sync("day", client=client, body=candidates))
start = RequestType0.from_dict({"request": "start-monitoring", "numbers": numbers})
done(make_request.sync("day", client=client, body=start))
done(review_account.sync("day", client=client))

red = [item.number for item in done(list_numbers.sync("day", client=client, status=Status.FLAGGED)).items]
replace = RequestType3.from_dict({"request": "replace-numbers", "numbers": red})
decision = done(make_request.sync("day", client=client, body=replace))
spending = done(get_spending.sync("day", client=client))

unknown = get_account.sync("nobody", client=client)
wrong = AccountPatch.from_dict({"settings": {"no-such-setting": "1"}})
refused = change_account.sync("day", client=client, body=wrong)

print(
    json.dumps(
        {
            "flagged": red,
            "replaced": [one.replacement for one in decision.replaced],
            "charged-cents": spending.charged_in_cycle_cents,
            "problems": [unknown.type_, refused.type_, refused.field],
        }
    )
)
