"""Regions: where Amazon SNS sends texts."""

# https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html, November 2026. Seoul, Hong Kong and
# China, for example, have SNS without texts. docs/deploy.md has the same list.
WITH_TEXTS = {
    "af-south-1", "ap-northeast-1", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
    "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ca-central-1", "ca-west-1", "eu-central-1",
    "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
    "il-central-1", "me-central-1", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-gov-west-1",
    "us-west-1", "us-west-2",
}  # fmt: skip
