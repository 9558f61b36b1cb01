"""Sends alerts and test messages through every channel to receivers that others wrote, and reads what they understood.

Slack's own models judge the blocks, PagerDuty's own client makes the same event, Standard Webhooks' own library verifies
the signature, a mail server with TLS and login takes the e-mail, and a real Alertmanager lists what fires. Called by
`.ci/channels-check` with Alertmanager's path and, if given, the program's.
"""

import base64
import contextlib
import datetime
import email
import email.policy
import http.server
import ipaddress
import json
import logging
import socket
import ssl
import sys
import threading
import warnings

import pagerduty
import program
import slack_sdk.models.blocks
import standardwebhooks
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SIGNING_KEY = "whsec_" + base64.b64encode(b"a signing key of thirty-two byte").decode()
USER, PASSWORD = "glidepath@example.com", "password-of-the-mail-server"
RECIPIENTS = ["ada@example.com", "ops@example.com"]
NOWHERE = "http://127.0.0.1:9"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every POST and keeps it: path, headers, body."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posts.append((self.path, dict(self.headers), body))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def http_receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.posts = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def signed(name, key, issuer, issuer_key, extension, is_authority):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(issuer or name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if extension:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def certificate(folder):
    """A certificate for 127.0.0.1; gives its file, its key's and its authority's."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = signed("an authority of this check", authority_key, None, authority_key, None, True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    ours = signed("a mail server on loopback", key, authority.subject, authority_key, names, False)
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    paths = [folder / name for name in ("mail.pem", "mail.key", "authority.pem")]
    texts = ours.public_bytes(pem), key.private_bytes(pem, private, serialization.NoEncryption()), authority.public_bytes(pem)
    for path, text in zip(paths, texts):
        path.write_bytes(text)
    return paths


class Mailbox:
    """Keeps every message; refuses a login with another password."""

    def __init__(self, implicit):
        self.implicit, self.messages = implicit, []

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append((self.implicit or session.ssl is not None, envelope.mail_from, envelope.rcpt_tos, message))
        return "250 taken"

    def login(self, server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))


@contextlib.contextmanager
def mail_server(folder, implicit):
    cert, key, authority = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    mailbox = Mailbox(implicit)
    options = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
    server = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=program.free_port(),
        authenticator=mailbox.login,
        auth_required=True,
        # Its own idea of "protected" knows STARTTLS alone.
        auth_require_tls=not implicit,
        **options,
    )
    if implicit:
        # Its own check that it has started speaks TLS as a server would.
        server._trigger_server = lambda: greet(server.port, authority)
    server.start()
    try:
        yield server.port, mailbox, authority
    finally:
        server.stop()


def greet(port, authority):
    client = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", port), 5) as plain, client.wrap_socket(plain, server_hostname="127.0.0.1") as it:
        it.recv(1024)


@contextlib.contextmanager
def alertmanager(path, folder):
    config, log, port = folder / "alertmanager.yml", folder / "alertmanager.log", program.free_port()
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    command = [
        path,
        f"--config.file={config}",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    url = f"http://127.0.0.1:{port}"
    with program.started(command, log) as process:
        program.wait_for(f"{url}/-/ready", process, log)
        yield url


def configure(folder, receiver, mail_port, tls, alertmanager_url):
    base = f"http://127.0.0.1:{receiver.server_port}"
    secrets = {"slack": f"{base}/slack", "pager": ROUTING_KEY, "hook": f"{base}/hook", "sign": SIGNING_KEY, "mail": PASSWORD}
    for name, text in secrets.items():
        (folder / name).write_text(text)
    (folder / "glidepath.toml").write_text(f"""
[store]
path = "{folder}/glidepath.duckdb"
[http]
dashboard_url = "https://glide.example/"
[[channel]]
name = "slack"
type = "slack"
url = {{ file = "slack" }}
[[channel]]
name = "pager"
type = "pagerduty"
routing_key = {{ file = "pager" }}
url = "{base}/v2/enqueue"
[[channel]]
name = "mail"
type = "email"
host = "127.0.0.1"
port = {mail_port}
tls = "{tls}"
user = "{USER}"
password = {{ file = "mail" }}
from = "Glidepath <glidepath@example.com>"
to = {json.dumps(RECIPIENTS)}
[[channel]]
name = "alertmanager"
type = "alertmanager"
url = "{alertmanager_url}"
[[channel]]
name = "hook"
type = "webhook"
url = {{ file = "hook" }}
secret = {{ file = "sign" }}
""")


def check_slack(bodies):
    for body in bodies:
        message = json.loads(body)
        blocks = slack_sdk.models.blocks.Block.parse_all(message["blocks"])
        # `to_dict` runs every check of the model, and raises.
        understood = [block.to_dict() for block in blocks]
        for ours, theirs in zip(message["blocks"], understood, strict=True):
            program.expect("a block as Slack's models write it", theirs, ours)
        if not message["text"]:
            raise program.CheckFailed("a message without a text for notifications")


class Sent(Exception):
    """What PagerDuty's client was about to send."""


class UnsentEvents(pagerduty.EventsApiV2Client):
    """The client up to the wire: it insists on https, and on PagerDuty's answer."""

    def post(self, path, json):
        raise Sent(path, {**json, **self.auth_method.auth_param})


def check_pagerduty(events):
    client = UnsentEvents(ROUTING_KEY)
    for body in events:
        ours = json.loads(body)
        payload = dict(ours["payload"])
        named = {name: payload.pop(name) for name in ("summary", "source", "severity", "custom_details")}
        try:
            client.trigger(**named, payload=payload, dedup_key=ours["dedup_key"], links=ours["links"])
        except Sent as sent:
            path, theirs = sent.args
        program.expect("the path", path, "/v2/enqueue")
        # What the API documents beside what the client has arguments for.
        theirs |= {name: ours[name] for name in ("client", "client_url")}
        program.expect("the event as PagerDuty's client sends it", ours, theirs)


def check_webhooks(posts):
    verifier = standardwebhooks.Webhook(SIGNING_KEY)
    for _, headers, body in posts:
        # It refuses a signature that is not ours and a time that is not now.
        event = verifier.verify(body, {name.lower(): value for name, value in headers.items()})
        if event["type"].startswith("alert."):
            program.expect("webhook-id", headers["webhook-id"], event["data"]["event_id"])


def check_mail(messages):
    for protected, sender, recipients, message in messages:
        program.expect("TLS", protected, True)
        program.expect("the envelope", (sender, recipients), ("glidepath@example.com", RECIPIENTS))
        program.expect("From", message["From"], "Glidepath <glidepath@example.com>")
        for name in ("Subject", "Date", "Message-ID", "References"):
            if not message[name]:
                raise program.CheckFailed(f"an e-mail without {name}")
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        if not text.get_content().strip() or "<p>" not in html.get_content():
            raise program.CheckFailed(f"an e-mail without both forms: {message}")
        program.expect("defects of the e-mail", [*message.defects, *text.defects, *html.defects], [])


def firing(url):
    alerts = json.loads(program.fetch(f"{url}/api/v2/alerts"))
    return sorted((alert["labels"]["rule"], alert["labels"]["severity"]) for alert in alerts), alerts


def run(binary, alertmanager_path, tls):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(program.workspace())
        receiver = stack.enter_context(http_receiver())
        mail_port, mailbox, authority = stack.enter_context(mail_server(folder, tls == "implicit"))
        url = stack.enter_context(alertmanager(alertmanager_path, folder))
        configure(folder, receiver, mail_port, tls, url)
        trusted = {"SSL_CERT_FILE": str(authority)}
        code, said = program.glidepath(binary, folder, "alerts", "test", "--json", **trusted)
        outcomes = {one["channel"]: one["error"] for one in json.loads(said)}
        program.expect("the test messages", outcomes, dict.fromkeys(["alertmanager", "hook", "mail", "pager", "slack"]))
        program.expect("exit status of `alerts test`", code, 0)
        program.expect("firing after the test", firing(url)[0], [("test", "info")])
        # Nobody answers for AWS, which is something to tell.
        program.glidepath(binary, folder, "cycle", endpoint=NOWHERE, **trusted)
        posts = list(receiver.posts)
        bodies = {path: [body for at, _, body in posts if at == path] for path in ("/slack", "/v2/enqueue")}
        hooks = [post for post in posts if post[0] == "/hook"]
        alarms = sorted((event["data"]["rule"], event["data"]["severity"])
                        for event in map(json.loads, (body for _, _, body in hooks)) if event["type"] != "test")
        if len(alarms) < 2:
            raise program.CheckFailed(f"the cycle told only {alarms}")
        for path, received in bodies.items():
            program.expect(f"messages at {path}", len(received), len(alarms) + 1)
        program.expect("e-mails", len(mailbox.messages), len(alarms) + 1)
        check_slack(bodies["/slack"])
        check_pagerduty(bodies["/v2/enqueue"])
        check_webhooks(hooks)
        check_mail(mailbox.messages)
        listed, alerts = firing(url)
        program.expect("what Alertmanager lists", listed, sorted([*alarms, ("test", "info")]))
        now = datetime.datetime.now(datetime.timezone.utc)
        for alert in alerts:
            left = datetime.datetime.fromisoformat(alert["endsAt"]) - now
            outlasts = left > datetime.timedelta(days=2) or alert["labels"]["rule"] == "test"
            program.expect(f"{alert['labels']['rule']} outlasts the next cycle", outlasts, True)
        return len(alarms)


def check(binary):
    # The mail server warns of what is done here on purpose: a login over TLS that it did not set up itself.
    warnings.simplefilter("ignore")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    path = sys.argv[1]
    counts = {tls: run(binary, path, tls) for tls in ("starttls", "implicit")}
    return f"a test and {counts['starttls']} alerts through five channels, mail over STARTTLS and TLS"


# The first argument is Alertmanager's path, so a default binary is only needed where there is no second.
if len(sys.argv) == 2:
    sys.argv.append(str(program.DEFAULT_BINARY))
program.main("channels-check", check)
