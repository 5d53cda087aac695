"""The page on deploying from GitHub: what it has to copy is whole, and gives nothing to anybody else."""

import json
import re

import yaml

from tests.house import ROOT

PAGE = (ROOT / "docs" / "deploy-from-github.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
(TRUST,) = (json.loads(text) for kind, text in BLOCKS if kind == "json")
(WORKFLOW,) = (yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml")
JOBS = WORKFLOW["jobs"].values()


def test_the_role_is_for_one_branch_of_one_repository() -> None:
    (statement,) = TRUST["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"].keys() == {"StringEquals"}
    conditions = {name.rpartition(":")[2]: said for name, said in statement["Condition"]["StringEquals"].items()}
    assert conditions == {"aud": "sts.amazonaws.com", "sub": "repo:OWNER/REPOSITORY:ref:refs/heads/main"}
    assert statement["Principal"].keys() == {"Federated"}


def test_it_deploys_what_is_pushed_to_that_branch_and_nothing_else() -> None:
    assert WORKFLOW[True] == {"push": {"branches": ["main"]}}  # YAML reads `on` as true.


def test_each_action_is_named_by_its_commit() -> None:
    used = [step["uses"] for job in JOBS for step in job["steps"] if "uses" in step]
    assert len(used) == 3
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)
    assert all(re.search(rf"{each} # v\d+\.\d+\.\d+$", PAGE, re.MULTILINE) for each in used)


def test_a_run_may_read_the_repository_and_prove_who_it_is_and_no_more() -> None:
    assert WORKFLOW["permissions"] == {}
    assert [job["permissions"] for job in JOBS] == [{"contents": "read", "id-token": "write"}]
    assert "secrets." not in PAGE and "AKIA" not in PAGE


def test_it_deploys_with_the_policy_of_whoever_deploys_by_the_runtimes_own_python() -> None:
    assert "--policy-document file://docs/deployer-policy.json" in PAGE
    (job,) = JOBS
    (python,) = (step["with"]["python-version"] for step in job["steps"] if "setup-python" in step.get("uses", ""))
    assert f"Runtime: python{python}" in (ROOT / "template.yaml").read_text()
    assert job["steps"][-1]["run"] == "make deploy STAGE=dev"
