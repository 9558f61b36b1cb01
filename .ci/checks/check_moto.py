"""Runs a cycle against moto's Cost Explorer: a fake AWS written by others, with answers that this file cans.

moto answers Cost Explorer from a queue: the first request takes the first answer, a request with another body the next.
It has no billing service, so the credits fail here; the costs must arrive all the same.
"""

import datetime
import decimal
import json
import pathlib
import sys
import urllib.request

import program

USD = decimal.Decimal
BEDROCK, CLAUDE = "Amazon Bedrock", "Claude Sonnet 5 (Amazon Bedrock Edition)"
EC2 = "Amazon Elastic Compute Cloud - Compute"

# (day, service, record type, cost). The last row lies after `data_through` and must not count yet.
MONEY = [
    ("2026-10-20", BEDROCK, "Usage", "3.0000000004"),
    ("2026-10-20", BEDROCK, "Credit", "-3.0000000004"),
    ("2026-11-10", BEDROCK, "Usage", "12.345678"),
    ("2026-11-10", BEDROCK, "Credit", "-12.345678"),
    ("2026-11-11", CLAUDE, "Usage", "100.1"),
    ("2026-11-11", CLAUDE, "Tax", "8.008"),
    ("2026-11-12", EC2, "Upfront", "500"),
    ("2026-11-13", CLAUDE, "Refund", "-0.1"),
    ("2026-11-14", BEDROCK, "Usage", "7.77"),
]
# (day, service, usage type, cost, quantity, unit): the detail of the rows above that are neither credit, refund nor tax.
DETAIL = [
    ("2026-10-20", BEDROCK, "USE1-NovaLite-input-tokens", "3.0000000004", "50000.0000066667", "1K tokens"),
    ("2026-11-10", BEDROCK, "USE1-NovaLite-input-tokens", "12.345678", "205761.3", "1K tokens"),
    ("2026-11-11", CLAUDE, "USE1-MP:USE1_InputTokenCount-Units", "100.1", "45.5", "Units"),
    ("2026-11-12", EC2, "USE2-CapacityBlockFee:trn2.48xlarge", "500", "1", "Hrs"),
    ("2026-11-14", BEDROCK, "USE1-NovaLite-input-tokens", "7.77", "129500", "1K tokens"),
]

# Worked out by hand from MONEY, through `data_through`: gross is everything but credit, refund and tax.
SPEND = {
    "gross_to_date": "615.4456780004",
    "credit_to_date": "-15.3456780004",
    "refund_to_date": "-0.1",
    "tax_to_date": "8.008",
    "net_to_date": "608.008",
    "gross_month_to_date": "612.445678",
}


def answer(groups_by_day, window):
    """A GetCostAndUsage answer over a window; most days have no group, as in an account with little use."""
    day, end = (datetime.date.fromisoformat(text) for text in window)
    results = []
    while day < end:
        after = day + datetime.timedelta(days=1)
        results.append({
            "TimePeriod": {"Start": str(day), "End": str(after)},
            "Total": {},
            "Groups": groups_by_day.get(str(day), []),
            "Estimated": day >= datetime.date(2026, 11, 1),
        })
        day = after
    return {"ResultsByTime": results, "DimensionValueAttributes": []}


def group(service, key, cost, quantity, unit):
    metrics = {"UnblendedCost": {"Amount": cost, "Unit": "USD"}, "UsageQuantity": {"Amount": quantity, "Unit": unit}}
    return {"Keys": [service, key], "Metrics": metrics}


def canned_answers():
    money, detail = {}, {}
    for day, service, record_type, cost in MONEY:
        money.setdefault(day, []).append(group(service, record_type, cost, "1", "N/A"))
    for day, service, usage_type, cost, quantity, unit in DETAIL:
        detail.setdefault(day, []).append(group(service, usage_type, cost, quantity, unit))
    return [answer(groups, window) for window in program.FIRST_PULL for groups in (money, detail)]


def seed(endpoint):
    body = json.dumps({"account_id": program.ACCOUNT, "results": canned_answers()}).encode()
    request = urllib.request.Request(f"{endpoint}/moto-api/static/ce/cost-and-usage-results", data=body)
    with program.LOOPBACK.open(request, timeout=10) as reply:
        program.expect("moto's answer to the seeding", reply.status, 201)


def check(binary):
    moto_server = pathlib.Path(sys.executable).with_name("moto_server")
    with program.workspace() as folder:
        port, log = program.free_port(), folder / "moto.log"
        endpoint = f"http://127.0.0.1:{port}"
        with program.started([str(moto_server), "-H", "127.0.0.1", "-p", str(port)], log) as moto:
            program.wait_for(f"{endpoint}/moto-api/data.json", moto, log)
            seed(endpoint)
            # The status of a cycle whose credits failed is not this check's business: the costs in the store are.
            program.glidepath(binary, folder, "cycle", "--as-of", program.AS_OF, endpoint=endpoint)
        return verdict(program.status(binary, folder))


def verdict(position):
    print(f"spend: {position.get('spend')}")
    for finding in position.get("findings", []):
        print(f"finding: {finding.get('severity')}: {finding.get('summary')}")
    program.expect("data_through", position["data_through"], program.DATA_THROUGH)
    for field, expected in SPEND.items():
        program.expect(f"spend.{field}", USD(position["spend"][field]), USD(expected))
    bedrock = [line for line in position["workloads"] if line["workload"] == "bedrock_inference"]
    shown = sorted((line["direction"] or "", USD(line["cost"])) for line in bedrock)
    # Nova Lite by its native usage type, Claude by its marketplace one; the capacity block is neither.
    program.expect("Bedrock lines", shown, [("input", USD("12.345678")), ("input", USD("100.1"))])
    return f"gross {SPEND['gross_to_date']} and net {SPEND['net_to_date']} USD, as canned"


if __name__ == "__main__":
    program.main("moto-check", check)
