"""The same through the Python client of OpenAPI Generator: `openapi_generator.py ADDRESS TOKEN`."""

import json
import sys

import dialguard_client as api

address, token = sys.argv[1:]
client = api.ApiClient(api.Configuration(host=address, access_token=token))
accounts, numbers, requests, reviews = (
    make(client) for make in (api.AccountsApi, api.NumbersApi, api.RequestsApi, api.ReviewsApi)
)


def refused(call):
    """The problem that a call returns, which has to fail."""
    try:
        call()
    except api.ApiException as error:
        return json.loads(error.body)
    sys.exit("a call succeeded that has to fail")


accounts.add_account(api.AccountRequest.from_dict({"id": "day", "blocks": 1, "time-zone": "UTC"}))
owned = ["+13105550100", "+13105550101"]
numbers.import_numbers("day", api.ImportRequest(numbers=owned))
numbers.import_numbers("day", api.ImportRequest(numbers=["+13105550190"], var_as=api.ImportKind.CANDIDATE))


def request(kind, of):
    return requests.make_request("day", api.Request.from_json(json.dumps({"request": kind, "numbers": of})))


request("start-monitoring", owned)
reviews.review_account("day")

red = [item.number for item in numbers.list_numbers("day", status=api.Status.FLAGGED).items]
decision = request("replace-numbers", red)
spending = accounts.get_spending("day")

unknown = refused(lambda: accounts.get_account("nobody"))
wrong = api.AccountPatch.from_dict({"settings": {"no-such-setting": "1"}})
setting = refused(lambda: accounts.change_account("day", wrong))

print(
    json.dumps(
        {
            "flagged": red,
            "replaced": [one.replacement for one in decision.replaced],
            "charged-cents": spending.charged_in_cycle_cents,
            "problems": [unknown["type"], setting["type"], setting["field"]],
        }
    )
)
