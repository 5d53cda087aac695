"""What a careful team writes with all that Powertools has, imported at the top as its documentation shows."""

import json

import boto3
import phonenumbers
import requests
import yaml
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function
from pydantic import BaseModel
from twilio.rest import Client

logger, metrics, tracer = Logger(service="bench"), Metrics(namespace="Bench", service="bench"), Tracer(disabled=True)
app = APIGatewayRestResolver()
sns = boto3.client("sns")
records = DynamoDBPersistenceLayer(table_name="herald-bench", key_attr="pk")
config = IdempotencyConfig(event_key_jmespath="key")
USED = (requests, Client)  # For the other providers.


class Message(BaseModel):
    """A request."""

    to: str
    body: str


@idempotent_function(data_keyword_argument="asked", config=config, persistence_store=records)
def publish(*, asked):
    """Once."""
    return sns.publish(PhoneNumber=asked["to"], Message=asked["body"])["MessageId"]


@app.post("/messages")
@tracer.capture_method
def send():
    """One text."""
    message = Message.model_validate_json(app.current_event.body)
    yaml.safe_load(parameters.get_parameter("/herald/bench/channels/amazonsns"))
    number = phonenumbers.parse(message.to, "IN")
    assert phonenumbers.is_valid_number(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    key = app.current_event.request_context.request_id
    found = publish(asked={"key": key, "to": e164, "body": message.body})
    logger.info("sent", extra={"id": found})
    metrics.add_metric(name="Sent", unit=MetricUnit.Count, value=1)
    return {"id": found}, 201


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event, context):
    """One request."""
    config.register_lambda_context(context)
    answer = app.resolve(event, context)
    return {**answer, "id": json.loads(answer["body"])["id"]}
