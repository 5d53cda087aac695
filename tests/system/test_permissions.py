"""On an engine that enforces IAM: with the template's roles all works, and each action that a role loses is missed."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import requests

from herald.journal import MayStand
from herald.journal.health import HEALTH, observed
from herald.journal.item import id_of, key_of
from herald.journal.messages import DynamoJournal
from tests.builders import a_message
from tests.failing import Down
from tests.journal.test_dynamodb import NoAnswer
from tests.providers.server import Reply, vendor
from tests.system.conftest import until
from tests.system.ground import FUNCTIONS, SILENT, TABLE, TO, Ground, Roles, ground, receipt

Act = Callable[[Ground], bool]
Permission = tuple[str, str, str]
STOPPED = "+919845012345"
HASH_KEY = "/herald/local/hash-key"
STAMP = "2026-11-26T12:00:00.000Z"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("guarded")) as made:
        yield made


@pytest.fixture(scope="module")
def roles(here: Ground) -> Roles:
    made = Roles(here)
    until(lambda: sends(here), "first text")  # What is looked up.
    return made


# ---- What needs a permission: true if it was done


def sends(here: Ground) -> bool:
    return here.sent().get("status") == "sent"


def sends_by_sns(here: Ground) -> bool:
    return here.sent("amazonsns").get("status") == "sent"


def makes_the_hash_key(here: Ground) -> bool:
    """The first function of a fresh stack makes it."""
    kept = here.ssm.get_parameter(Name=HASH_KEY, WithDecryption=True)["Parameter"]["Value"]
    here.ssm.delete_parameter(Name=HASH_KEY)
    here.cold("api")
    try:
        return sends(here)
    finally:
        here.ssm.put_parameter(Name=HASH_KEY, Type="SecureString", Value=kept, Overwrite=True)
        here.cold("api")


def looks_up(here: Ground) -> bool:
    message = here.dynamodb.scan(TableName="herald-local", FilterExpression="attribute_exists(fingerprint)")
    return here.api("GET", f"/messages/{id_of(message['Items'][0])}").status == 200


def finds_a_persons(here: Ground) -> bool:
    answer = here.api("GET", "/messages", params={"to": SILENT})
    return answer.status == 200 and bool(answer.body["messages"])


def finds_a_reference(here: Ground) -> bool:
    here.sent(reference="order-118")
    answer = here.api("GET", "/messages", params={"reference": "order-118"})
    return answer.status == 200 and bool(answer.body["messages"])


def takes_a_claim_back(here: Ground) -> bool:
    """What was written, and never answered, is not there any more."""
    message = a_message()
    with suppress(Down, MayStand):
        DynamoJournal(NoAnswer(here.as_function("api", "dynamodb")), TABLE).claim(message)
    return "Item" not in here.dynamodb.get_item(TableName=TABLE, Key=key_of(message.id))


def queues(here: Ground) -> bool:
    return here.grows(lambda: here.sent(mode="async"))


def plans(here: Ground) -> bool:
    return here.planned(here.later())


def cancels(here: Ground) -> bool:
    message = here.later()
    here.api("DELETE", f"/messages/{message['id']}")
    return not here.planned(message)


def sends_what_waited(here: Ground) -> bool:
    message = here.waiting()
    return here.deliver({"id": message["id"]}) and here.status(message) == "sent"


def sends_by_sns_what_waited(here: Ground) -> bool:
    message = here.waiting("amazonsns")
    return here.deliver({"id": message["id"]}) and here.status(message) == "sent"


def notes_an_opt_out_at_the_provider(here: Ground) -> bool:
    here.wants_texts(STOPPED, True)
    here.deliver(receipt(here.sent(to=STOPPED), "opted_out"))
    return here.opted_out(STOPPED)


def hears_of_a_text_of_sns(here: Ground) -> bool:
    message = here.sent("amazonsns")
    who = {"recipient": here.item(message)["recipient"]["S"], "provider": "amazonsns"}
    return here.deliver(receipt(message, **who)) and here.status(message) == "delivered"


def tries_later(here: Ground) -> bool:
    message = here.waiting()
    here.carrier.fail("503")
    return here.grows(lambda: here.deliver({"id": message["id"]}))


def puts_back(here: Ground) -> bool:
    """A record that cannot be understood, received for the last time, is there again at once."""
    url = here.url("")
    here.sqs.purge_queue(QueueUrl=url)
    here.sqs.send_message(QueueUrl=url, MessageBody='{"what": "nothing"}')
    (held,) = here.sqs.receive_message(QueueUrl=url, VisibilityTimeout=1800)["Messages"]
    here.deliver({"what": "nothing"}, receives=5, handle=held["ReceiptHandle"])
    return bool(here.queued())


def gives_a_webhook_up(here: Ground) -> bool:
    with vendor() as receiver:
        receiver.answers(Reply(410))
        event = {"event_id": "1", "id": "msg_1"}
        hook = {"url": f"{receiver.url}/hook", "event": event, "tries": 0, "since": STAMP}
        return here.grows(lambda: here.deliver({"hook": hook}), "-dead-hooks")


def hears_a_callback(here: Ground) -> bool:
    message = here.sent()
    return here.heard(message) and here.status(message) == "delivered"


def obeys_stop(here: Ground) -> bool:
    here.wants_texts(STOPPED, True)
    return here.wrote("STOP", STOPPED) and here.opted_out(STOPPED)


def reads_snss_log(here: Ground) -> bool:
    message = here.sent("amazonsns")
    here.logged(message["provider_id"], message["to"])
    return here.status(message) == "delivered"


def keeps_what_it_cannot_match(here: Ground) -> bool:
    return here.grows(lambda: here.logged("somebody-elses", TO))


def announces(here: Ground) -> bool:
    return here.invoke("announce", stream(here)) == {"batchItemFailures": []}


def announces_to_a_webhook(here: Ground) -> bool:
    return here.grows(lambda: here.invoke("announce", stream(here, callback_url="http://127.0.0.1:9/hook")))


def counts_what_was_sent(here: Ground) -> bool:
    before, message = counted(here), here.sent()
    change = {"SequenceNumber": "1", "NewImage": here.item(message), "OldImage": {}}
    here.invoke("announce", {"Records": [{"eventID": "1", "eventName": "INSERT", "dynamodb": change}]})
    return counted(here) > before


def counted(here: Ground) -> int:
    """How many texts the item of the channels' health counts."""
    item = here.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": HEALTH}}).get("Item", {})
    return sum(number for count, number in observed(item).counts.items() if count.what == "sent")


def stream(here: Ground, **fields: str) -> object:
    """The table's stream says that a text arrived."""
    message = here.sent(**fields)
    here.heard(message)
    change = {"SequenceNumber": "1", "NewImage": here.item(message), "OldImage": {}}
    return {"Records": [{"eventID": "1", "eventName": "MODIFY", "dynamodb": change}]}


def sweeps(here: Ground) -> bool:
    here.overdue()
    swept = here.invoke("sweep", {})
    return bool(swept.get("queued")) and not swept["troubled"]


def sweeps_into_the_queue(here: Ground) -> bool:
    here.overdue()
    return here.grows(lambda: here.invoke("sweep", {}))


def knows_a_key(here: Ground) -> bool:
    arn = "arn:aws:execute-api:us-east-1:000000000000:a/local/GET/messages"
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {here.stack.key}", "methodArn": arn}
    return here.invoke("authorize", event).get("principalId") == "laptop"


def in_a_new_process(function: str, act: Act) -> Act:
    """What was read is kept for minutes: only a new process reads it again."""

    def anew(here: Ground) -> bool:
        here.cold(function)
        return act(here)

    return anew


NEEDED: dict[Permission, Act] = {
    ("use", "Settings", "ssm:GetParametersByPath"): in_a_new_process("api", sends),
    ("use", "HashKeyOfAFreshStack", "ssm:PutParameter"): makes_the_hash_key,
    ("use", "Journal", "dynamodb:PutItem"): sends,
    ("use", "Journal", "dynamodb:GetItem"): looks_up,
    ("use", "Journal", "dynamodb:BatchGetItem"): finds_a_persons,
    ("use", "Journal", "dynamodb:UpdateItem"): sends,
    ("use", "Journal", "dynamodb:DeleteItem"): takes_a_claim_back,
    ("use", "JournalByRecipient", "dynamodb:Query"): finds_a_persons,
    ("use", "JournalByReference", "dynamodb:Query"): finds_a_reference,
    ("use", "IntoTheQueue", "sqs:SendMessage"): queues,
    ("use", "Schedules", "scheduler:CreateSchedule"): plans,
    ("use", "Schedules", "scheduler:DeleteSchedule"): cancels,
    ("use", "TextsToPhones", "sns:Publish"): sends_by_sns,
    ("worker", "Settings", "ssm:GetParametersByPath"): in_a_new_process("worker", sends_what_waited),
    ("worker", "Journal", "dynamodb:GetItem"): sends_what_waited,
    ("worker", "Journal", "dynamodb:UpdateItem"): sends_what_waited,
    ("worker", "Journal", "dynamodb:PutItem"): notes_an_opt_out_at_the_provider,
    ("worker", "JournalByRecipient", "dynamodb:Query"): hears_of_a_text_of_sns,
    ("worker", "Journal", "dynamodb:BatchGetItem"): hears_of_a_text_of_sns,
    ("worker", "IntoTheQueue", "sqs:SendMessage"): tries_later,
    ("worker", "Later", "sqs:ChangeMessageVisibility"): puts_back,
    ("worker", "WebhooksThatNobodyTook", "sqs:SendMessage"): gives_a_webhook_up,
    ("worker", "TextsToPhones", "sns:Publish"): sends_by_sns_what_waited,
    ("receipts", "Settings", "ssm:GetParametersByPath"): in_a_new_process("receipts", hears_a_callback),
    ("receipts", "Journal", "dynamodb:GetItem"): hears_a_callback,
    ("receipts", "Journal", "dynamodb:UpdateItem"): hears_a_callback,
    ("receipts", "Journal", "dynamodb:PutItem"): obeys_stop,
    ("receipts", "JournalByRecipient", "dynamodb:Query"): reads_snss_log,
    ("receipts", "Journal", "dynamodb:BatchGetItem"): reads_snss_log,
    ("receipts", "IntoTheQueue", "sqs:SendMessage"): keeps_what_it_cannot_match,
    ("announce", "Settings", "ssm:GetParametersByPath"): in_a_new_process("announce", announces),
    ("announce", "OntoTheBus", "events:PutEvents"): announces,
    ("announce", "WhatItSees", "dynamodb:UpdateItem"): in_a_new_process("announce", counts_what_was_sent),
    ("announce", "IntoTheQueue", "sqs:SendMessage"): announces_to_a_webhook,
    ("sweep", "Settings", "ssm:GetParametersByPath"): in_a_new_process("sweep", sweeps),
    ("sweep", "Journal", "dynamodb:GetItem"): sweeps,
    ("sweep", "Journal", "dynamodb:UpdateItem"): sweeps,
    ("sweep", "JournalByTime", "dynamodb:Query"): sweeps,
    ("sweep", "IntoTheQueue", "sqs:SendMessage"): sweeps_into_the_queue,
    ("authorize", "Keys", "ssm:GetParametersByPath"): in_a_new_process("authorize", knows_a_key),
}
# What Lambda does in a function's name, and SNS in its caller's, and the handing over of a role: the engine asks nobody
# for these; and it has no End User Messaging. tests/house/test_permissions.py says what they may be.
OF_LAMBDA_ITSELF = {"Logs", "Trigger", "WhatFailed", "ScheduleRole", "TextsByEndUserMessaging"}


def test_every_permission_is_needed_by_something(roles: Roles) -> None:
    assert {each for each in roles.permissions() if each[1] not in OF_LAMBDA_ITSELF} == NEEDED.keys()


@pytest.mark.parametrize("permission", NEEDED, ids=" ".join)
def test_with_its_role_a_function_can_do_it_and_without_one_action_it_cannot(
    here: Ground, roles: Roles, permission: Permission
) -> None:
    act = NEEDED[permission]
    until(lambda: act(here), "act with the whole role")  # On a busy machine a process may come too late once.
    with roles.without(*permission):
        assert not act(here)


@pytest.fixture
def fresh(here: Ground) -> Iterator[None]:
    """Nobody has sent yet, and every function is cold."""
    kept = here.ssm.get_parameter(Name=HASH_KEY, WithDecryption=True)["Parameter"]["Value"]
    here.ssm.delete_parameter(Name=HASH_KEY)
    for function in FUNCTIONS:
        here.cold(function)
    yield
    here.ssm.put_parameter(Name=HASH_KEY, Type="SecureString", Value=kept, Overwrite=True)
    for function in FUNCTIONS:
        here.cold(function)


def test_before_the_first_text_every_function_does_its_work_and_none_makes_the_hash_key(
    here: Ground, roles: Roles, fresh: None
) -> None:
    assert here.invoke("sweep", {}).get("troubled") == 0
    assert here.logged("somebody-elses", TO) is None
    assert here.invoke("announce", {"Records": []}) == {"batchItemFailures": []}
    assert here.deliver({"id": a_message().id})
    assert here.invoke("invoke", {"action": "resume", "id": a_message().id}) is None
    assert knows_a_key(here)
    for path in ("receipts", "inbound"):
        assert requests.post(f"{here.stack.url}/{path}/exotel/forged", data={"To": TO}, timeout=60).status_code == 403
    with pytest.raises(here.ssm.exceptions.ParameterNotFound):
        here.ssm.get_parameter(Name=HASH_KEY)
    until(lambda: sends(here), "first text")
    assert here.ssm.get_parameter(Name=HASH_KEY)["Parameter"]["Type"] == "SecureString"


PUBLISHES = """
import boto3
def handler(event, context):
    try:
        boto3.client("sns").publish(TopicArn=event["topic"], Message="to everybody")
    except Exception as error:
        return type(error).__name__
    return "published"
"""


def publisher(here: Ground, role: str) -> Callable[[], str]:
    """What becomes of a text to a topic, published by a function of this role."""
    topic, code = here.aws("sns").create_topic(Name="customers")["TopicArn"], io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", PUBLISHES)
    here.functions.create_function(
        FunctionName=f"publisher-{role}", Runtime="python3.13", Handler="app.handler",
        Code={"ZipFile": code.getvalue()}, Role=f"arn:aws:iam::000000000000:role/{role}",
    )  # fmt: skip

    def published() -> str:
        answer = here.functions.invoke(FunctionName=f"publisher-{role}", Payload=json.dumps({"topic": topic}))
        return str(json.loads(answer["Payload"].read()))

    return published


@contextmanager
def may_publish(here: Ground, role: str) -> Iterator[None]:
    """While open, somebody allows the role to publish to every topic."""
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    here.aws("iam").put_role_policy(RoleName=role, PolicyName="topics", PolicyDocument=document)
    try:
        yield
    finally:
        here.aws("iam").delete_role_policy(RoleName=role, PolicyName="topics")


@pytest.mark.parametrize("function", ["api", "invoke", "worker"])
def test_who_may_text_phones_may_publish_to_no_topic(here: Ground, roles: Roles, function: str) -> None:
    """Not as the template has it, and not where somebody allows it beside that: but for the Deny they might then."""
    role = roles.names[function]
    published = publisher(here, role)
    with may_publish(here, role):
        assert published() == "AuthorizationErrorException"
    with roles.without(function, "NothingToTopics", "sns:Publish"):
        assert published() == "AuthorizationErrorException"
        with may_publish(here, role):
            assert published() == "published"


def test_a_function_of_yours_keeps_its_own_topics_beside_the_policy_that_it_needs_for_herald(
    here: Ground, roles: Roles
) -> None:
    iam = here.aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="yours", AssumeRolePolicyDocument=document)
    (use,) = iam.list_attached_role_policies(RoleName=roles.names["api"])["AttachedPolicies"]
    iam.attach_role_policy(RoleName="yours", PolicyArn=use["PolicyArn"])
    published = publisher(here, "yours")
    assert published() == "AuthorizationErrorException"
    with may_publish(here, "yours"):
        assert published() == "published"
