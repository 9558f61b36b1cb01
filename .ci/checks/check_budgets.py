"""Holds what `glidepath budgets` prints against AWS's schema of the resource and against the API's own model.

cfn-lint knows CloudFormation's schemas, in which planned limits are free-form; botocore knows what CreateBudget takes, which is where
CloudFormation hands them on.
"""

import json
import pathlib
import subprocess

import botocore.loaders
import botocore.model
from cfnlint.api import lint

import check_botocore
import program

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Both parameters given, as a stack has them.
GIVEN = {"Email": "ops@example.com", "TopicArn": "arn:aws:sns:us-east-1:111122223333:budgets", "AWS::StackName": "glidepath-budgets"}


def resolved(value):
    """The template's value as a stack with both parameters would hand it on."""
    if isinstance(value, list):
        return [resolved(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return GIVEN[value["Ref"]]
    if set(value) == {"Fn::If"}:
        return resolved(value["Fn::If"][1])
    if set(value) == {"Fn::Sub"}:
        text = value["Fn::Sub"]
        for name, given in GIVEN.items():
            text = text.replace("${%s}" % name, given)
        return text
    return {key: resolved(item) for key, item in value.items()}


def of_stack(properties):
    """CreateBudget's request: CloudFormation writes times as text and calls the list of notifications by one letter more."""
    budget = dict(properties["Budget"])
    budget["TimePeriod"] = {key: int(text) for key, text in budget["TimePeriod"].items()}
    return {
        "AccountId": "111122223333",
        "Budget": budget,
        "NotificationsWithSubscribers": properties["NotificationsWithSubscribers"],
    }


def problems(template):
    """What the two judges say against a template; nothing where it is as it should be."""
    # In us-east-1: some regions do not know the resource, and budgets belong to no region.
    found = [str(problem) for problem in lint(template)]
    model = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("budgets", "service-2"), "budgets")
    shape = model.operation_model("CreateBudget").input_shape
    for name, resource in json.loads(template)["Resources"].items():
        request = of_stack(resolved(resource["Properties"]))
        found += [f"{name}: {error}" for error in check_botocore.body_errors(request, shape)]
        months = [int(key) for key in request["Budget"]["PlannedBudgetLimits"]]
        period = request["Budget"]["TimePeriod"]
        if not (period["Start"] == min(months) and max(months) < period["End"]) or len(months) > 12:
            found.append(f"{name}: {len(months)} months do not lie in its time")
    return found


def check(binary):
    filings = sorted((ROOT / "config/projection").glob("*.toml")) + [ROOT / "config/demo/projection.toml"]
    count = 0
    for filing in filings:
        command = [binary, "budgets", "--projection", filing, "--from", "2026-02"]
        template = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        program.expect(f"what is said against the budgets of {filing.name}", problems(template), [])
        count += len(json.loads(template)["Resources"])
        # The judges do judge.
        for right, wrong in [('"TimeUnit"', '"TimeUnits"'), ('"Amount": "', '"Amount": "$')]:
            refused = problems(template.replace(right, wrong)) != []
            program.expect(f"that a budget of {filing.name} with {wrong} is refused", refused, True)
    return f"{count} budgets of {len(filings)} filings are as cfn-lint and botocore's CreateBudget want them"


if __name__ == "__main__":
    program.main("budgets-check", check)
