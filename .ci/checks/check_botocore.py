"""Runs a cycle against a listener that holds every request against botocore's service models.

The fake AWS of the project was written from the same notes as the program, so both could share a mistake. botocore is
AWS's own description of its APIs: each request must be signed for its service, name an operation that exists and carry
a body that its model allows, down to wire types, enumerations, lengths and patterns.
"""

import datetime
import decimal
import http.server
import json
import re
import threading
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.validate

import program

EXPECTED = [
    "ce.GetCostAndUsage", "billing.GetCredits", "billing.GetCreditAllocationHistory", "freetier.GetAccountPlanState",
]
# Asked for the account's number; the program may know it from its config instead.
OPTIONAL = ["sts.GetCallerIdentity"]
# One dollar of use and a quarter of credit on each day of the window, for the position to add up.
USAGE_A_DAY, CREDIT_A_DAY = "1.00", "-0.25"
PAGE_DAYS = 400


def load_model(service):
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(service, "service-2"), service)


MODELS = {service: load_model(service) for service in ("ce", "billing", "freetier", "sts")}


def day_of(epoch):
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).date()


def epoch(text):
    return int(datetime.datetime.fromisoformat(text + "T00:00:00+00:00").timestamp())


def shape_errors(value, shape, path=""):
    """What botocore's own validator leaves to the server: wire types, enumerations, upper bounds and patterns."""
    kind, rules, found = shape.type_name, shape.metadata, []
    if kind == "structure":
        for name, member in shape.members.items():
            if isinstance(value, dict) and name in value:
                found += shape_errors(value[name], member, f"{path}.{name}")
        return found
    if kind == "map":
        for key, item in (value if isinstance(value, dict) else {}).items():
            found += shape_errors(key, shape.key, f"{path}[{key}]") + shape_errors(item, shape.value, f"{path}[{key}]")
        return found
    if kind == "list":
        for index, item in enumerate(value if isinstance(value, list) else []):
            found += shape_errors(item, shape.member, f"{path}[{index}]")
        size = len(value) if isinstance(value, list) else 0
    elif kind == "string":
        size = len(value) if isinstance(value, str) else 0
        # The models call this `enum`, and leave it out where the set is open.
        if shape.enum and value not in shape.enum:
            found.append(f"{path}: {value!r} is not one of {', '.join(shape.enum)}")
        if "pattern" in rules and not re.fullmatch(java_pattern(rules["pattern"]), str(value)):
            found.append(f"{path}: {value!r} does not match {rules['pattern']}")
    elif kind == "timestamp":
        # The JSON protocols write a timestamp as a number of seconds; botocore's validator would take text too.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found.append(f"{path}: {value!r} is not a number of seconds")
        return found
    else:
        size = value if isinstance(value, (int, float)) else 0
    if "max" in rules and size > rules["max"]:
        found.append(f"{path}: {size} is more than {rules['max']}")
    return found


def java_pattern(pattern):
    """The models' patterns are Java's, of which Python lacks the named classes, and flags that begin within one."""
    return pattern.replace(r"\p{L}", r"[^\W\d_]").replace(r"\p{N}", r"\d").replace("(?i)", "")


def body_errors(body, shape):
    """Unknown and missing members, types and lower bounds by botocore; the rest by `shape_errors`."""
    report = botocore.validate.ParamValidator().validate(body, shape)
    said = [report.generate_report()] if report.has_errors() else []
    return said + shape_errors(body, shape)


def envelope_errors(headers, service, model):
    """The parts of a request that the model's metadata fixes: signature, signing name and content type."""
    found = []
    scope = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", headers.get("Authorization", ""))
    signing_name = model.metadata.get("signingName", model.metadata["endpointPrefix"])
    if not scope:
        found.append("no SigV4 signature in the Authorization header")
    elif scope.groups() != ("us-east-1", signing_name):
        found.append(f"signed for {scope.groups()}, expected ('us-east-1', {signing_name!r})")
    if "jsonVersion" in model.metadata:
        expected, actual = f"application/x-amz-json-{model.metadata['jsonVersion']}", headers.get("Content-Type")
        if actual != expected:
            found.append(f"Content-Type is {actual!r}, expected {expected!r}")
    return found


class Recorder:
    """Every request that came and everything that was wrong with one."""

    def __init__(self):
        self.calls, self.errors, self.lock = [], [], threading.Lock()

    def handle(self, headers, raw):
        """Answers one request: HTTP status, content type, body."""
        with self.lock:
            service, operation, body = parse(headers, raw)
            name = f"{service}.{operation}"
            self.calls.append((name, body))
            found = self.problems(headers, service, operation, body)
            self.errors += [f"{name}: {problem}" for problem in found]
            if found:
                return refusal(service, found)
            return self.answer(service, operation, body)

    def problems(self, headers, service, operation, body):
        if name_is_unknown(service, operation):
            return [f"no such operation among {', '.join(EXPECTED + OPTIONAL)}"]
        model = MODELS[service]
        found = envelope_errors(headers, service, model) + body_errors(body, model.operation_model(operation).input_shape)
        return found or self.paging_errors(f"{service}.{operation}", body)

    def paging_errors(self, name, body):
        """A page is asked for with the parameters of the page before it: AWS answers RequestChangedException else."""
        token = body.get("NextPageToken")
        if token is None:
            return []
        first = [call for called, call in self.calls if called == name and "NextPageToken" not in call]
        same = {key: value for key, value in body.items() if key != "NextPageToken"}
        return [] if same in first else [f"page {token!r} was asked for with other parameters than the first page"]

    def answer(self, service, operation, body):
        make = {
            "GetCostAndUsage": costs, "GetCredits": credits, "GetCreditAllocationHistory": allocations,
            "GetAccountPlanState": account_plan,
        }.get(operation)
        if make is None:
            return 200, "text/xml", CALLER_IDENTITY
        reply = make(body)
        # An answer that AWS could not give would prove nothing about the program.
        wrong = botocore.validate.ParamValidator().validate(
            reply, MODELS[service].operation_model(operation).output_shape
        )
        if wrong.has_errors():
            self.errors.append(f"this check's own answer to {operation}: {wrong.generate_report()}")
        return 200, f"application/x-amz-json-{MODELS[service].metadata['jsonVersion']}", json.dumps(reply)


def name_is_unknown(service, operation):
    return f"{service}.{operation}" not in EXPECTED + OPTIONAL


def parse(headers, raw):
    """Service, operation and body, by the target header of the JSON protocols or the form of STS's query protocol."""
    prefix, _, operation = headers.get("X-Amz-Target", "").partition(".")
    for service, model in MODELS.items():
        if prefix and model.metadata.get("targetPrefix") == prefix:
            try:
                return service, operation, json.loads(raw)
            except json.JSONDecodeError:
                return service, operation, {"unreadable body": raw[:200].decode(errors="replace")}
    form = dict(urllib.parse.parse_qsl(raw.decode(errors="replace")))
    operation = form.pop("Action", "")
    form.pop("Version", None)
    return "sts" if operation == "GetCallerIdentity" else prefix or "unknown", operation, form


def refusal(service, found):
    if service == "sts":
        text = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code></Error></ErrorResponse>"
        return 400, "text/xml", text
    error = {"__type": "ValidationException", "message": "; ".join(found)}
    return 400, f"application/x-amz-json-{MODELS[service].metadata['jsonVersion'] if service in MODELS else '1.0'}", \
        json.dumps(error)


CALLER_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::{program.ACCOUNT}:user/glidepath</Arn><UserId>AIDAEXAMPLE</UserId>
<Account>{program.ACCOUNT}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


def costs(body):
    """Two pages for a backfill, one for a short window; groups follow the keys that were asked for."""
    start, end = (datetime.date.fromisoformat(body["TimePeriod"][key]) for key in ("Start", "End"))
    skip = int(body.get("NextPageToken", "0"))
    days = [start + datetime.timedelta(days=offset) for offset in range((end - start).days)]
    reply = {
        "ResultsByTime": [result(day, body) for day in days[skip:skip + PAGE_DAYS]],
        "DimensionValueAttributes": [],
        "GroupDefinitions": body.get("GroupBy", []),
    }
    if len(days) > skip + PAGE_DAYS:
        reply["NextPageToken"] = str(skip + PAGE_DAYS)
    return reply


def result(day, body):
    keys = [group["Key"] for group in body.get("GroupBy", [])]
    rows = [("Usage", USAGE_A_DAY)]
    if keys == ["SERVICE", "RECORD_TYPE"]:
        rows.append(("Credit", CREDIT_A_DAY))
    values = {"SERVICE": "Amazon Bedrock", "USAGE_TYPE": "USE1-NovaLite-input-tokens"}
    groups = [
        {"Keys": [values.get(key, kind) for key in keys], "Metrics": {name: metric(name, cost) for name in body["Metrics"]}}
        for kind, cost in rows
    ]
    period = {"Start": str(day), "End": str(day + datetime.timedelta(days=1))}
    return {"TimePeriod": period, "Total": {}, "Groups": groups, "Estimated": False}


def metric(name, cost):
    return {"Amount": "16666.7", "Unit": "1K tokens"} if name == "UsageQuantity" else {"Amount": cost, "Unit": "USD"}


def usd(amount):
    return {"currencyCode": "USD", "currencyAmount": amount}


def credits(_body):
    return {"credits": [{
        "creditId": "4711", "accountId": program.ACCOUNT, "creditType": "Promotion", "description": "AWS Activate",
        "initialAmount": usd("25000.00"), "remainingAmount": usd("24000.00"), "estimatedAmount": usd("23900.00"),
        "applicableProductNames": ["Amazon Bedrock"], "startDate": epoch("2026-01-01"), "endDate": epoch("2027-12-31"),
        "applicationType": "AFTER_DISCOUNTS", "creditStatus": "ENABLED", "creditSharingType": "DEFAULT",
    }]}


def account_plan(_body):
    return {"accountId": program.ACCOUNT, "accountPlanType": "PAID", "accountPlanStatus": "ACTIVE"}


def allocations(body):
    """A row in each month asked for; the end is exclusive."""
    month, end, rows = day_of(body["startDate"]).replace(day=1), day_of(body["endDate"]), []
    while month < end:
        rows.append({
            "creditId": "4711", "creditAmount": usd("-7.50"), "accountId": program.ACCOUNT,
            "appliedServiceName": "Amazon Bedrock", "billingMonth": f"{month:%Y-%m}",
            "isEstimatedBill": f"{month:%Y-%m}" == program.AS_OF[:7],
        })
        month = (month + datetime.timedelta(days=32)).replace(day=1)
    return {"creditAllocationHistoryList": rows, "partialResults": False}


def listen(recorder):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            code, kind, text = recorder.handle(self.headers, raw)
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            """The report below says what matters."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def gross_of(recorder):
    """USAGE_A_DAY from the first day asked for through `data_through`: short when a page was lost."""
    starts = [body["TimePeriod"]["Start"] for name, body in recorder.calls if name == "ce.GetCostAndUsage"]
    days = datetime.date.fromisoformat(program.DATA_THROUGH) - datetime.date.fromisoformat(min(starts))
    return decimal.Decimal(USAGE_A_DAY) * (days.days + 1)


def prove_strictness():
    """Requests that AWS refuses must be refused here too, or a pass below would mean nothing."""
    period = {"TimePeriod": {"Start": "2026-11-01", "End": "2026-11-15"}, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    history = {"accountId": program.ACCOUNT, "startDate": 1767225600, "endDate": 1769904000}
    bad = [
        ("ce", "GetCostAndUsage", {**period, "Granularity": "WEEKLY"}),
        ("ce", "GetCostAndUsage", {**period, "GroupBy": [{"Type": "CHARGE_TYPE", "Key": "SERVICE"}]}),
        ("ce", "GetCostAndUsage", {**period, "TimePeriod": {"Start": "01.11.2026", "End": "2026-11-15"}}),
        ("ce", "GetCostAndUsage", {key: value for key, value in period.items() if key != "Metrics"}),
        ("ce", "GetCostAndUsage", {**period, "Currency": "USD"}),
        ("billing", "GetCredits", {"accountId": program.ACCOUNT, "startDate": "2026-01-01"}),
        ("billing", "GetCreditAllocationHistory", {**history, "creditId": "4711"}),
        ("billing", "GetCreditAllocationHistory", {**history, "maxResults": 1001}),
    ]
    good = [("ce", "GetCostAndUsage", period), ("billing", "GetCreditAllocationHistory", history)]
    for service, operation, body in good + bad:
        refused = bool(body_errors(body, MODELS[service].operation_model(operation).input_shape))
        program.expect(f"refusal of {operation} {body}", refused, (service, operation, body) in bad)


def check(binary):
    prove_strictness()
    recorder = Recorder()
    server = listen(recorder)
    with program.workspace() as folder:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        code, _ = program.glidepath(binary, folder, "cycle", "--as-of", program.AS_OF, endpoint=endpoint)
        server.shutdown()
        names = [name for name, _ in recorder.calls]
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        print(f"requests: {counts}")
        if recorder.errors:
            raise program.CheckFailed("\n  ".join(["requests that AWS's models refuse:", *dict.fromkeys(recorder.errors)]))
        missing = [name for name in EXPECTED if name not in names]
        if missing:
            raise program.CheckFailed(f"never asked: {', '.join(missing)}")
        program.expect("exit status of `cycle`", code, 0)
        spend = program.status(binary, folder)["spend"]
        print(f"spend: {spend}")
        program.expect("spend.gross_to_date", decimal.Decimal(spend["gross_to_date"]), gross_of(recorder))
    return ", ".join(f"{name} {count}x" for name, count in counts.items())


if __name__ == "__main__":
    program.main("botocore-check", check)
