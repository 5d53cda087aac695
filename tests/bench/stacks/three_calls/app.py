"""Herald's first three calls by plain boto3: settings, record, text. With ``warm``: two records and a text."""

import os

import boto3

ssm, dynamodb, sns = boto3.client("ssm"), boto3.client("dynamodb"), boto3.client("sns")
ITEM = {name: {"S": "a value of some length"} for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")}


def handler(event, context):
    """Three calls, one after the other."""
    if not os.environ.get("WARM"):
        ssm.get_parameters_by_path(Path="/herald/bench", Recursive=True, WithDecryption=True)
    dynamodb.put_item(TableName="herald-bench", Item={"pk": {"S": "message#1"}, **ITEM})
    answer = sns.publish(PhoneNumber="+919741552552", Message="Your table is ready.")
    if os.environ.get("WARM"):
        dynamodb.update_item(
            TableName="herald-bench", Key={"pk": {"S": "message#1"}}, UpdateExpression="SET #a = :a, #b = :b",
            ExpressionAttributeNames={"#a": "a", "#b": "b"},
            ExpressionAttributeValues={":a": {"S": "x"}, ":b": {"S": "y"}}, ReturnValues="ALL_NEW",
        )  # fmt: skip
    return {"statusCode": 201, "id": answer["MessageId"]}
