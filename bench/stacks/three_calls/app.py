"""Herald's first three calls by plain boto3: settings, record, text.

With ``WARM``: two records and a text. ``WARM=guards``: and before them a read and a counter, as Herald's guards make.
"""

import os

import boto3

ssm, dynamodb, sns = boto3.client("ssm"), boto3.client("dynamodb"), boto3.client("sns")
ITEM = {name: {"S": "a value of some length"} for name in ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")}


def handler(event, context):
    """Three calls, one after the other."""
    if not os.environ.get("WARM"):
        ssm.get_parameters_by_path(Path="/herald/bench", Recursive=True, WithDecryption=True)
    if os.environ.get("WARM") == "guards":
        dynamodb.get_item(TableName="herald-bench", Key={"pk": {"S": "optout#1"}}, ConsistentRead=True)
        dynamodb.update_item(
            TableName="herald-bench", Key={"pk": {"S": "count#1"}}, UpdateExpression="ADD #a :one",
            ConditionExpression="attribute_not_exists(#a) OR #a <= :most", ExpressionAttributeNames={"#a": "a"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":most": {"N": "99"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip
    dynamodb.put_item(TableName="herald-bench", Item={"pk": {"S": "message#1"}, **ITEM})
    answer = sns.publish(PhoneNumber="+919741552552", Message="Your table is ready.")
    if os.environ.get("WARM"):
        dynamodb.update_item(
            TableName="herald-bench", Key={"pk": {"S": "message#1"}}, UpdateExpression="SET #a = :a, #b = :b",
            ExpressionAttributeNames={"#a": "a", "#b": "b"},
            ExpressionAttributeValues={":a": {"S": "x"}, ":b": {"S": "y"}}, ReturnValues="ALL_NEW",
        )  # fmt: skip
    return {"statusCode": 201, "id": answer["MessageId"]}
