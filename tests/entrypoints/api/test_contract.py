"""The contract (OpenAPI) says what the code does: the same routes, fields, limits, words and headers."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from samtranslator.yaml_helper import yaml_parse

import herald
from herald import errors
from herald.entrypoints.api.routes import ROUTES, problem
from herald.entrypoints.gateway import PROBLEM
from herald.entrypoints.idempotency import header_key
from herald.errors import HeraldError, InvalidMessage, Refused
from herald.journal.lists import MOST_TROUBLED
from herald.message import PUBLIC
from herald.message.ids import ID
from herald.message.kinds import Encoding, Kind
from herald.message.reasons import REASONS, Reason, Who
from herald.message.status import TROUBLED, Status
from herald.pipeline.explain.explain import Would
from herald.pipeline.recipients import search
from herald.pipeline.validate import validate
from herald.pipeline.validate.fields import yes_or_no
from herald.settings.hosts import LONGEST_URL
from herald.testing.outbox import Outbox

FILES = Path(__file__).resolve().parents[3] / "functions" / "api"
CONTRACT: dict[str, Any] = json.loads((FILES / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS = CONTRACT["components"]["schemas"]
REQUEST = SCHEMAS["NewMessage"]["properties"]
OPERATIONS = {
    (path, method): operation
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
POST = OPERATIONS["/messages", "post"]
TO = "+919741552552"
NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)


def resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a part refers to, or the part itself."""
    found: Any = CONTRACT
    for name in part.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found if "$ref" in part else part


def is_valid(value: object, schema: Mapping[str, Any]) -> bool:
    """True if ``value`` is as the schema, which may refer to others of the contract, says."""
    whole = {**schema, "components": CONTRACT["components"]}
    return jsonschema.Draft202012Validator(whole).is_valid(value)


def parts(value: object) -> Iterator[Mapping[str, Any]]:
    """Every object in the contract."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def choices(schema: Mapping[str, Any]) -> set[str]:
    return set(schema["enum"]) - {None}


def accepted(field: str, value: object) -> bool:
    """Whether the code takes this value of this field."""
    request = {"to": "+919741552552", "body": "Hi", field: value}
    try:
        validate.validate(
            request, now=NOW, region="IN", channels=("exotel",), valid_for=60, callback_hosts=("hooks.example.com",)
        )
    except InvalidMessage:
        return False
    return True


def test_every_route_of_the_code_is_in_the_contract_and_no_other() -> None:
    assert sorted((route.path, route.method.lower()) for route in ROUTES) == sorted(OPERATIONS)


def test_every_operation_has_a_name_that_programs_can_be_made_from() -> None:
    names = {(path, method): operation["operationId"] for (path, method), operation in OPERATIONS.items()}
    assert names == {  # A promise: clients that were made from the contract call their functions so.
        ("/messages", "post"): "sendMessage",
        ("/messages", "get"): "searchMessages",
        ("/messages/explain", "post"): "explainMessage",
        ("/messages/{id}", "get"): "getMessage",
        ("/messages/{id}", "delete"): "cancelMessage",
        ("/recipients/{number}", "get"): "getRecipient",
        ("/recipients/{number}", "put"): "putRecipient",
        ("/recipients/{number}", "delete"): "eraseRecipient",
        ("/channels", "get"): "getChannels",
        ("/health", "get"): "getHealth",
        ("/openapi.json", "get"): "getContract",
        ("/", "get"): "getPage",
    }


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_only_what_is_below_messages_recipients_and_channels_needs_a_key(path: str, method: str) -> None:
    operation = OPERATIONS[path, method]
    needed = operation.get("security", CONTRACT["security"])
    assert needed == ([{"key": []}] if path.startswith(("/messages", "/recipients", "/channels")) else [])
    assert ("401" in operation["responses"]) == bool(needed)


def test_the_version_is_the_packages() -> None:
    assert CONTRACT["openapi"].startswith("3.1.")
    assert CONTRACT["info"]["version"] == herald.__version__


def test_the_address_is_wherever_the_contract_was_read() -> None:
    assert [server["url"] for server in CONTRACT["servers"]] == ["./"]


def test_the_fields_of_a_request_are_those_that_the_code_knows_and_no_others_are_allowed() -> None:
    assert set(REQUEST) == set(validate.FIELDS)
    assert SCHEMAS["NewMessage"]["additionalProperties"] is False
    for media in ("application/json", "application/x-www-form-urlencoded"):
        assert POST["requestBody"]["content"][media]["schema"] == {"$ref": "#/components/schemas/NewMessage"}


def test_the_words_to_choose_from_are_those_of_the_code() -> None:
    assert choices(REQUEST["kind"]) == set(get_args(Kind)) == choices(SCHEMAS["Message"]["properties"]["kind"])
    assert choices(REQUEST["on_unknown"]) == {"hold", "resend"}
    assert choices(REQUEST["mode"]) == set(get_args(validate.Mode))
    assert choices(SCHEMAS["Message"]["properties"]["encoding"]) == set(get_args(Encoding))


def test_the_limits_are_those_of_the_code() -> None:
    assert REQUEST["body"]["maxLength"] == REQUEST["subject"]["maxLength"] == validate.LONGEST_BODY
    assert REQUEST["valid_for"]["maximum"] == validate.LONGEST_VALIDITY
    assert REQUEST["reference"]["maxLength"] == validate.LONGEST_REFERENCE
    assert REQUEST["callback_url"]["maxLength"] == LONGEST_URL
    assert REQUEST["tags"]["maxProperties"] == validate.MOST_TAGS
    assert REQUEST["tags"]["additionalProperties"]["maxLength"] == validate.LONGEST_TAG


EDGES: list[tuple[str, object]] = [
    ("to", "+91 9741 552 552"),
    ("to", ""),
    ("to", 919741552552),
    ("to", None),
    ("body", "x" * 1600),
    ("body", "x" * 1601),
    ("body", "two\nlines\tand a tab"),
    ("body", "a\x07bell"),
    ("body", "nextline\x85"),
    ("body", 5),
    ("sender", "A" * 16),
    ("sender", "A" * 17),
    ("sender", "A/B"),
    ("sender", "My Shop_1-&+."),
    ("sender", ""),
    ("sender", None),
    ("channel", None),
    ("channel", 7),
    ("kind", None),
    ("kind", "spam"),
    ("valid_for", 0),
    ("valid_for", 1),
    ("valid_for", 259_200),
    ("valid_for", 259_201),
    ("valid_for", 1.5),
    ("valid_for", True),
    ("reference", "r" * 64),
    ("reference", "r" * 65),
    ("reference", "two\nlines"),
    ("tags", {"a.b-c_1": "x" * 100}),
    ("tags", {"a": "x" * 101}),
    ("tags", {"a b": "x"}),
    ("tags", {"a": 1}),
    ("tags", {f"t{n}": "x" for n in range(11)}),
    ("tags", []),
    *[("deliver_by", seconds) for seconds in (0, 1, 4, 5, 86_400, 86_401, 7.5, True, None)],
    ("on_unknown", "forget"),
    ("callback_url", "https://hooks.example.com/sms?order=118"),
    ("callback_url", "HTTPS://hooks.example.com"),
    ("callback_url", "https://hooks.example.com/".ljust(500, "a")),
    ("callback_url", "https://hooks.example.com/".ljust(501, "a")),
    ("callback_url", "hooks.example.com"),
    ("callback_url", "https://hooks.example.com/a b"),
    ("callback_url", ""),
    ("callback_url", " "),
    ("callback_url", None),
    ("callback_url", 5),
    ("mode", "later"),
    ("text", "another name"),
]


@pytest.mark.parametrize(("field", "value"), EDGES)
def test_contract_and_code_agree_about_what_a_field_may_hold(field: str, value: object) -> None:
    request = {"to": "+919741552552", "body": "Hi", field: value}
    assert is_valid(request, SCHEMAS["NewMessage"]) == accepted(field, value)


def test_a_text_is_required_by_either_of_its_names() -> None:
    assert is_valid({"to": "9741552552", "subject": "Hi"}, SCHEMAS["NewMessage"])
    assert not is_valid({"to": "9741552552"}, SCHEMAS["NewMessage"])


def test_a_message_has_every_public_field_and_each_is_required() -> None:
    assert set(SCHEMAS["Message"]["properties"]) == set(SCHEMAS["Message"]["required"]) == set(PUBLIC)


def test_the_states_are_those_of_the_code_and_the_text_explains_each() -> None:
    assert SCHEMAS["Status"]["enum"] == [str(status) for status in Status]
    assert {*re.findall(r"^\| `(\w+)` \|", CONTRACT["info"]["description"], re.MULTILINE)} == choices(SCHEMAS["Status"])


def test_the_reasons_are_those_of_the_code_and_the_text_explains_each() -> None:
    assert SCHEMAS["ReasonCode"]["enum"] == list(REASONS)
    assert set(SCHEMAS["Reason"]["properties"]) == set(Reason._fields)
    assert choices(SCHEMAS["Reason"]["properties"]["who"]) == set(get_args(Who))
    for reason in REASONS.values():
        yes = "yes" if reason.retryable else "no"
        assert f"| `{reason.code}` | {reason.text} | {reason.who} | {yes} |" in SCHEMAS["Reason"]["description"]


def test_a_problem_is_as_the_code_makes_it() -> None:
    body = problem(InvalidMessage([errors.Problem("to", "letters", "No letters.")]), "id").body
    assert isinstance(body, dict)
    assert set(body) == set(SCHEMAS["Problem"]["properties"]) == set(SCHEMAS["Problem"]["required"])
    assert is_valid(body, SCHEMAS["Problem"])
    assert set(SCHEMAS["Mistake"]["required"]) == set(errors.Problem._fields)


def test_a_message_that_was_not_sent_is_as_the_contract_says(box: Outbox) -> None:
    sent = box.herald().send({"to": "+919741552552", "body": "Hi"}, caller="key:a", entrypoint="https").message
    refused = problem(Refused("opted_out"), "id", sent).body
    assert is_valid(refused, SCHEMAS["NotSent"])
    assert is_valid(json.loads(json.dumps(sent.public())), SCHEMAS["Message"])


@pytest.fixture
def box() -> Outbox:
    return Outbox()


def all_errors(error: type[HeraldError] = HeraldError) -> set[type[HeraldError]]:
    return {error}.union(*(all_errors(each) for each in error.__subclasses__()))


def test_every_status_of_an_error_that_may_reach_a_caller_is_in_the_contract() -> None:
    # Outcomes of an attempt end up in the message; what a provider does not tell is a header; and only providers call
    # back, who know no contract.
    inside = {errors.AttemptError, errors.Unavailable, errors.Uncertain, errors.Unsupported, errors.Forbidden}
    reaching = {error.status for error in all_errors() - inside if error.__module__ == "herald.errors"}
    told = {int(status) for operation in OPERATIONS.values() for status in operation["responses"]}
    assert reaching <= told
    assert {201, 202, 400, 409, 413, 415, 422, 500, 503} <= {int(status) for status in POST["responses"]}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_error_is_a_problem_and_the_laptops_gateway_may_say_it_in_its_own_way(path: str, method: str) -> None:
    for status, response in OPERATIONS[path, method]["responses"].items():
        types = set(resolved(response)["content"])
        if (path, status) == ("/health", "503"):
            assert types == {"application/json"}
        elif status >= "400":
            assert types - {PROBLEM} == ({"application/json"} if status in ("401", "429", "504") else set())
            assert PROBLEM in types


@pytest.mark.parametrize(
    ("name", "response", "example"),
    [
        ("UNAUTHORIZED", "Unauthorized", "aws"),
        ("THROTTLED", "TooManyRequests", "aws"),
        ("THROTTLED", "LimitReached", "aws"),
        ("INTEGRATION_TIMEOUT", "TimedOut", "aws"),
        ("DEFAULT_5XX", "Broken", "gateway_failed"),
        ("AUTHORIZER_FAILURE", "Broken", "key_not_checked"),
    ],
)
def test_what_the_gateway_says_by_itself_is_what_the_template_makes_it_say(
    name: str, response: str, example: str
) -> None:
    template = yaml_parse((FILES.parents[1] / "template.yaml").read_text(encoding="utf-8"))
    made = template["Resources"]["Api"]["Properties"]["GatewayResponses"][name]
    said = json.loads(made["ResponseTemplates"]["application/json"].replace("$context.error.responseType", name))
    content = CONTRACT["components"]["responses"][response]["content"][PROBLEM]
    shown = content["examples"][example]["value"]
    assert made["ResponseParameters"]["Headers"]["Content-Type"] == f"'{PROBLEM}'"
    assert is_valid(said, content["schema"])
    assert said == {**shown, "request_id": "$context.requestId"}


@pytest.mark.parametrize(
    ("status", "header"),
    [
        ("201", "Location"),
        ("201", "Idempotency-Replayed"),
        ("202", "Location"),
        ("202", "Preference-Applied"),
        ("409", "Retry-After"),
        ("422", "Idempotency-Replayed"),
        ("503", "Retry-After"),
        ("401", "WWW-Authenticate"),
    ],
)
def test_the_headers_of_an_answer_are_described(status: str, header: str) -> None:
    assert resolved(resolved(POST["responses"][status])["headers"][header])["description"]


def test_a_method_that_is_not_there_is_described_with_its_allow() -> None:
    assert set(CONTRACT["components"]["responses"]["MethodNotAllowed"]["headers"]) == {"Allow"}


@pytest.mark.parametrize("key", ["a", "order 118", "~" * 255, "", "a" * 256, " a", "a ", "é", "a\n", "a\x7f"])
def test_contract_and_code_agree_about_what_an_idempotency_key_is(key: str) -> None:
    schema = next(p for p in POST["parameters"] if p["name"] == "Idempotency-Key")["schema"]
    try:
        known = header_key({"idempotency-key": key}) == key
    except InvalidMessage:
        known = False
    # The $ of Python's re, which stands for JSON Schema's here, also matches before a last line break.
    assert is_valid(key, schema) == known or key.endswith("\n")


PARAMETERS = {p["name"]: p for p in OPERATIONS["/messages", "get"]["parameters"]}


def test_the_parameters_of_a_search_are_the_fields_that_the_code_knows(box: Outbox) -> None:
    assert tuple(PARAMETERS) == search.FIELDS
    assert not any(parameter.get("required") for parameter in PARAMETERS.values())
    assert PARAMETERS["reference"]["schema"]["maxLength"] == validate.LONGEST_REFERENCE
    told = PARAMETERS["status"]["description"]
    assert all(f"`{status}`" in told for status in TROUBLED) and str(MOST_TROUBLED) in told
    limit = PARAMETERS["limit"]["schema"]
    assert (limit["minimum"], limit["default"], limit["maximum"]) == (1, search.PAGE, search.LONGEST_PAGE)
    assert SCHEMAS["Page"]["properties"]["messages"]["maxItems"] == search.LONGEST_PAGE


@pytest.mark.parametrize("value", [0, 1, 20, 100, 101, -1, "1", "a", True, None])
def test_contract_and_code_agree_about_how_long_a_page_may_be(value: object, box: Outbox) -> None:
    try:
        box.herald().search({"to": TO, "limit": value})
        known = True
    except InvalidMessage:
        known = False
    # In a URL all is text, and what is absent is no parameter.
    assert known == (is_valid(value, PARAMETERS["limit"]["schema"]) or value in ("1", None))


@pytest.mark.parametrize("value", ["true", "false", "1", "0", "yes", "TRUE", ""])
def test_contract_and_code_agree_about_how_a_refresh_is_asked_for(value: str) -> None:
    (parameter,) = OPERATIONS["/messages/{id}", "get"]["parameters"]
    try:
        yes_or_no(value)
        known = True
    except ValueError:
        known = False
    assert is_valid(value, parameter["schema"]) == known


def test_pages_and_erasures_are_as_the_code_makes_them(box: Outbox) -> None:
    sent = [box.herald().send({"to": TO, "body": "Hi"}, caller="key:a", entrypoint="https").message for _ in range(2)]
    page = json.loads(json.dumps(box.herald().search({"to": TO, "limit": 1}).public()))
    assert len(page["messages"]) == 1 and is_valid(page, SCHEMAS["Page"])
    assert is_valid(page["next"], PARAMETERS["after"]["schema"])
    assert is_valid(box.herald().search({"to": TO, "after": page["next"]}).public(), SCHEMAS["Page"])
    erased = box.herald().erase(TO)._asdict()
    assert erased == {"erased": len(sent), "left": 0}
    assert is_valid(erased, SCHEMAS["Erased"]) and set(SCHEMAS["Erased"]["required"]) == set(erased)


@pytest.mark.parametrize("given", [{}, {"body": "It’s ready", "deliver_by": 9}, {"to": ""}, {"send_at": "2999-01-01"}])
def test_an_explanation_is_as_the_code_makes_it(box: Outbox, given: dict[str, object]) -> None:
    asked = {"to": TO, "body": "Hi", **given}
    explained = box.herald().explain(asked, caller="key:a", entrypoint="https").public()
    assert is_valid(json.loads(json.dumps(explained)), SCHEMAS["Explained"])
    assert set(explained) <= set(SCHEMAS["Explained"]["properties"])


def test_every_word_of_what_would_happen_is_one_of_the_code() -> None:
    assert SCHEMAS["Explained"]["properties"]["would"]["enum"] == list(get_args(Would))


def test_an_id_is_what_the_code_takes_for_one() -> None:
    (parameter,) = CONTRACT["paths"]["/messages/{id}"]["parameters"]
    assert parameter["schema"]["pattern"] == SCHEMAS["Message"]["properties"]["id"]["pattern"] == f"^{ID.pattern}$"


def test_every_reference_leads_somewhere() -> None:
    for part in parts(CONTRACT):
        assert resolved(part)


def test_every_example_is_as_its_schema_says() -> None:
    seen = 0
    for part in parts(CONTRACT):
        if "examples" in part and "schema" in part:
            for name, example in part["examples"].items():
                assert is_valid(example["value"], part["schema"]), name
                seen += 1
    assert seen > 15


@pytest.mark.parametrize("example", POST["requestBody"]["content"]["application/json"]["examples"].values())
def test_every_example_of_a_request_is_taken(example: dict[str, Any], box: Outbox) -> None:
    request = validate.validate(example["value"], now=NOW, region="IN", channels=("exotel",), valid_for=86_400)
    assert request.message.to == "+919741552552"


def test_everything_is_described() -> None:
    for operation in OPERATIONS.values():
        assert operation["summary"] and operation["tags"]
        assert all(resolved(response)["description"] for response in operation["responses"].values())
    for name, field in REQUEST.items():
        assert field["description"], name
    for operation in OPERATIONS.values():
        assert all(parameter["description"] for parameter in operation.get("parameters", ()))
