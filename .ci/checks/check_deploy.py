"""Judges deploy/ and the Dockerfile by the tools that are made for them, and runs what can run here: Caddy in front of the daemon at the
root and below a path, and the command line of the systemd unit within its limits (confined.py).

Called by `.ci/deploy-check` with the folder of the tools, systemd-analyze's path and, if given, the program's.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import program
import yaml

REPOSITORY = pathlib.Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
TEMPLATES = [DEPLOY / "cloudformation/iam.yaml", DEPLOY / "cloudformation/ec2.yaml"]
KUBERNETES = DEPLOY / "kubernetes/glidepath.yaml"
UNIT = DEPLOY / "systemd/glidepath.service"
# From 0, safe, to 100.
MOST_EXPOSED = 25
SECONDS_TO_END = 10
# What no schema of Kubernetes' own knows.
EXTENSIONS = {"ServiceMonitor"}
FOUNDER = "founder-0123456789abcdef0123456789abcdef"
# A caller's word, which a proxy has to throw away.
FORGED = "203.0.113.9"
# Nobody's number on this machine.
USER = 65532


def passes(command, **options):
    """Standard output of a command that has to end with status 0."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        said = f"{done.stdout}{done.stderr}"
        raise program.CheckFailed(f"`{' '.join(map(str, command))}` ended with {done.returncode}:\n{said}")
    return done.stdout, done.stderr


def expect_in(label, part, whole):
    if part not in whole:
        raise program.CheckFailed(f"{label}: {part!r} is not in {whole[:600]!r}")


# Judges.


def compose(tools, folder):
    """Compose reads both forms as it would run them, and warns of nothing."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GLIDEPATH_HOST": "glidepath.example.com"}
    files = {"root": ["compose.yaml"], "sub-path": ["compose.yaml", "compose.subpath.yaml"]}
    for name, names in files.items():
        arguments = [part for file in names for part in ("-f", DEPLOY / file)]
        said, warned = passes([tools / "docker-compose", *arguments, "config", "--format", "json"], env=env)
        program.expect(f"warnings of compose ({name})", warned, "")
        services = json.loads(said)["services"]
        for service, keys in services.items():
            at = f"{name}, {service}"
            program.expect(f"read_only of {at}", keys.get("read_only"), True)
            program.expect(f"cap_drop of {at}", keys.get("cap_drop"), ["ALL"])
            program.expect(f"security_opt of {at}", keys.get("security_opt"), ["no-new-privileges:true"])
        program.expect(f"ports of glidepath ({name})", services["glidepath"].get("ports"), None)
    nameless = [tools / "docker-compose", "-f", DEPLOY / "compose.yaml", "config"]
    without = subprocess.run(nameless, env=env | {"GLIDEPATH_HOST": ""}, capture_output=True, text=True)
    expect_in("compose without a name", "write GLIDEPATH_HOST=", without.stderr)
    # The Caddy that is tried here is of the version that is deployed.
    image = services["caddy"]["image"]
    version, _ = passes([tools / "caddy", "version"])
    expect_in("caddy's version", f"v{image.split(':')[1]}.", version)


def kubernetes(tools):
    said, warned = passes([tools / "kubernetes-validate", "--strict", KUBERNETES])
    kinds = [document["kind"] for document in yaml.safe_load_all(KUBERNETES.read_text())]
    judged = (said + warned).count(" passed for resource ")
    program.expect("objects that kubernetes-validate knows", judged, len(kinds) - len(EXTENSIONS & set(kinds)))


def cloudformation(tools, folder):
    passes([tools / "cfn-lint", "--non-zero-exit-code", "informational", *TEMPLATES])
    # The script that the instance runs, with what would be put into it.
    template = yaml.safe_load(TEMPLATES[1].read_text())
    text, names = template["Resources"]["Instance"]["Properties"]["UserData"]["Fn::Base64"]["Fn::Sub"]
    text = text.replace("${Config}", names["Config"]["Fn::If"][2])
    text = re.sub(r"\$\{[A-Za-z0-9:]+\}", "https://example.com/value", text)
    script = text.split('Content-Type: text/x-shellscript; charset="us-ascii"\n\n')[1].split("\n--=glidepath=")[0]
    path = folder / "user-data.sh"
    path.write_text(script + "\n")
    passes(["bash", "-n", path])
    passes([tools / "shellcheck", path])


def checkov(tools, folder):
    """Everything that checkov finds is mended, or left out beside it with a reason."""
    env = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), "LOG_LEVEL": "ERROR"}
    command = [tools / "checkov", "--skip-download", "--output", "json", "--framework"]
    deployments, _ = passes([*command, "cloudformation", "kubernetes", "-d", DEPLOY], env=env)
    image, _ = passes([*command, "dockerfile", "-f", REPOSITORY / "Dockerfile"], env=env)
    results = [*json.loads(deployments), json.loads(image)]
    kinds = {result["check_type"]: result["summary"] for result in results}
    program.expect("what checkov judged", sorted(kinds), ["cloudformation", "dockerfile", "kubernetes"])
    for kind, summary in kinds.items():
        program.expect(f"files that checkov could not read ({kind})", summary["parsing_errors"], 0)
    return {name: sum(summary[name] for summary in kinds.values()) for name in ("passed", "skipped")}


def unit(systemd_analyze, binary, folder):
    """`verify` wants the program to be there, so it is shown a copy of the unit that names this one."""
    place = folder / "units"
    (place / "glidepath.service.d").mkdir(parents=True)
    text = UNIT.read_text()
    (place / UNIT.name).write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={binary}", text, flags=re.MULTILINE))
    shutil.copy(DEPLOY / "systemd/credentials.conf", place / "glidepath.service.d")
    said, warned = passes([systemd_analyze, "verify", "--man=no", "--recursive-errors=no", place / UNIT.name])
    program.expect("words of systemd-analyze verify", said + warned, "")
    said, _ = passes([systemd_analyze, "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", place / UNIT.name])
    return re.search(r"Overall exposure level for \S+: (\S+)", said)[1]


# packaging/pin against a registry of this file's.


class Registry(BaseHTTPRequestHandler):
    """Knows two images, and shows them to who fetched a token."""

    digests = {"library/rust/manifests/1.95-bookworm": "1" * 64, "library/debian/manifests/bookworm-slim": "2" * 64}

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        expect_in("what pin asks for a token with", "scope=repository", self.path)
        self.answer(200, b'{"token": "opens"}')

    def do_HEAD(self):
        at = f"http://{self.headers['Host']}"
        digest = self.digests.get(self.path.removeprefix("/v2/"))
        if self.headers.get("Authorization") != "Bearer opens":
            self.answer(401, WWW_Authenticate=f'Bearer realm="{at}/token",service="here",scope="repository:any:pull"')
        elif digest:
            self.answer(200, Docker_Content_Digest=f"sha256:{digest}")
        else:
            self.answer(404)

    def log_message(self, *_):
        pass


def pin(folder):
    dockerfile = folder / "Dockerfile"
    shutil.copy(REPOSITORY / "Dockerfile", dockerfile)
    before = dockerfile.read_text()
    command = [sys.executable, REPOSITORY / "packaging/pin", "--file", dockerfile, "--registry"]
    # No registry listens there.
    unreached = subprocess.run([*command, f"http://127.0.0.1:{program.free_port()}"], capture_output=True, text=True)
    program.expect("status of pin without a registry", unreached.returncode, 1)
    expect_in("pin without a registry", "nothing is changed", unreached.stderr)
    program.expect("the Dockerfile after that", dockerfile.read_text(), before)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(2):
        passes([*command, f"http://127.0.0.1:{server.server_port}"])
        text = dockerfile.read_text()
        expect_in("the pinned Dockerfile", f"ARG BUILD_IMAGE=rust:1.95-bookworm@sha256:{'1' * 64}\n", text)
        expect_in("the pinned Dockerfile", f"ARG BASE_IMAGE=debian:bookworm-slim@sha256:{'2' * 64}\n", text)
        # A second run finds what the first one wrote, and asks anew.
    server.shutdown()


# Caddy in front of the daemon.


def demo_store(binary, folder):
    """The demo's year, as a store to be served."""
    kept = folder / "demo"
    passes([binary, "demo", "--exit", "--keep", kept, "--listen", f"127.0.0.1:{program.free_port()}"], env=program.environment(folder))
    return kept / "demo.duckdb"


def replaced(text, changes):
    """`text` with each of `changes`, of which everyone has to have a place."""
    for old, new in changes.items():
        expect_in("a config of deploy/", old, text)
        text = text.replace(old, new)
    return text


def served_config(name, folder, store, port, url):
    """A config of deploy/, for a daemon on this machine."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "founder-token").write_text(FOUNDER + "\n")
    (secrets / "ops-token").write_text("ops-0123456789abcdef0123456789abcdef\n")
    (folder / "second").mkdir(exist_ok=True)
    text = (DEPLOY / "compose" / name).read_text()
    address = re.search(r'dashboard_url = "([^"]+)"', text)[1]
    changes = {
        "/var/lib/glidepath/glidepath.duckdb": str(store),
        "/var/backups/glidepath": str(folder / "second"),
        "0.0.0.0:8437": f"127.0.0.1:{port}",
        address: url,
        "172.30.84.0/24": "127.0.0.1",
        "/run/secrets/": f"{secrets}/",
    }
    config = folder / f"served-{name}"
    config.write_text(replaced(text, changes))
    return config


@contextlib.contextmanager
def ended_by_sigterm(process, what):
    """SIGTERM ends it in time, with status 0."""
    yield process
    process.send_signal(signal.SIGTERM)
    try:
        program.expect(f"status of {what} after SIGTERM", process.wait(timeout=SECONDS_TO_END), 0)
    except subprocess.TimeoutExpired:
        raise program.CheckFailed(f"{what} still runs {SECONDS_TO_END} s after SIGTERM") from None


def asked(connection, path, method="GET", **headers):
    """Status, headers and body of one request."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=shown)
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def through_caddy(tools, binary, folder, store, form):
    """The page, an asset, an order and a report through the Caddyfile of `form`; what a caller forges counts for nothing."""
    toml, caddyfile, prefix = form
    port, tls_port, redirect_port = (program.free_port() for _ in range(3))
    origin = f"https://localhost:{tls_port}"
    config = served_config(toml, folder, store, port, f"{origin}{prefix}/")
    log, caddy_log = folder / f"{toml}.log", folder / f"{caddyfile}.log"
    env = program.environment(folder, "http://127.0.0.1:9")
    caddy_env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "caddy"),
        "XDG_CONFIG_HOME": str(folder / "caddy"),
        "GLIDEPATH_HOST": f"localhost:{tls_port}",
        "GLIDEPATH_UPSTREAM": f"127.0.0.1:{port}",
        "GLIDEPATH_REDIRECT_PORT": str(redirect_port),
    }
    path = DEPLOY / "compose" / caddyfile
    passes([tools / "caddy", "validate", "--adapter", "caddyfile", "--config", path], env=caddy_env)
    adapted, warned = passes([tools / "caddy", "adapt", "--adapter", "caddyfile", "--config", path], env={"GLIDEPATH_HOST": "a.example"})
    expect_in("Caddy's upstream", '"dial":"glidepath:8437"', adapted)
    if "not formatted" in warned:
        raise program.CheckFailed(f"{path} is not as `caddy fmt` writes it")
    serve = [binary, "--config", config, "serve"]
    caddy = [tools / "caddy", "run", "--adapter", "caddyfile", "--config", path]
    with (
        program.started(serve, log, env=env, cwd=folder) as daemon,
        program.started(caddy, caddy_log, env=caddy_env, cwd=folder) as proxy,
        ended_by_sigterm(proxy, "Caddy"),
        ended_by_sigterm(daemon, "the daemon"),
    ):
        program.wait_for(f"http://127.0.0.1:{port}/healthz", daemon, log)
        # Caddy's own authority is the only one that is believed.
        authority = folder / "caddy/caddy/pki/authorities/local/root.crt"
        until(lambda: authority.exists() and listens(tls_port), proxy, caddy_log)
        trust = ssl.create_default_context(cafile=authority)
        tls = http.client.HTTPSConnection("localhost", tls_port, context=trust, timeout=60)
        login = "Basic " + base64.b64encode(f":{FOUNDER}".encode()).decode()
        page, order = f"{prefix}/", f"{prefix}/api/v1/backup"

        status, headers, _ = asked(tls, f"{prefix}/healthz")
        program.expect("status of /healthz", status, 200)
        expect_in("headers", "max-age=", headers.get("strict-transport-security", ""))
        program.expect("status of the page without a token", asked(tls, page, X_Forwarded_For=FORGED)[0], 401)
        wrong = asked(tls, page, Authorization="Bearer " + "x" * 32, X_Forwarded_For=FORGED)
        program.expect("status of the page with another token", wrong[0], 401)
        status, _, body = asked(tls, page, Authorization=login, Accept="text/html")
        program.expect("status of the page", status, 200)
        expect_in("the page", "<title", body)
        links = set(re.findall(r'(?:src|href)="((?:\./)?assets/[^"]+)"', body))
        if not links:
            raise program.CheckFailed("the page loads nothing of its own")
        for link in links:
            program.expect(f"status of {link}", asked(tls, page + link.removeprefix("./"), Authorization=login)[0], 200)
        status, _, body = asked(tls, f"{prefix}/api/v1/openapi.json", Authorization=login)
        program.expect("where the API is, by itself", json.loads(body)["servers"][0]["url"], prefix or "/")
        program.expect("an order from our page", asked(tls, order, "POST", Authorization=login, Origin=origin)[0], 200)
        for elsewhere in (origin.replace("https", "http"), "https://elsewhere.example"):
            program.expect(f"an order from {elsewhere}", asked(tls, order, "POST", Authorization=login, Origin=elsewhere)[0], 403)
        if prefix:
            status, headers, _ = asked(tls, prefix)
            program.expect("where the path without a slash leads", (status, headers.get("location")), (302, page))
            program.expect("status beside the path", asked(tls, "/api/v1/position", Authorization=login)[0], 404)
        plain = http.client.HTTPConnection("localhost", redirect_port, timeout=10)
        status, headers, _ = asked(plain, page)
        program.expect("status of http", status, 308)
        expect_in("where http leads", "https://localhost", headers.get("location", ""))
        tls.close()
    said = log.read_text()
    program.expect("the caller's word in the log", FORGED in said, False)
    expect_in("who failed, in the log", '"behind":"127.0.0.1"', said)
    if not list((folder / "second").glob("*-glidepath-*.duckdb")):
        raise program.CheckFailed("the backup did not reach the second place")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(done, process, log):
    deadline = time.monotonic() + program.SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if done():
            return
        time.sleep(0.1)
    raise program.CheckFailed(f"not ready; the log ends:\n{log.read_text(errors='replace')[-2000:]}")


# The unit's command line, within the unit's limits.


def within_the_unit(systemd_analyze, binary, folder, store):
    """Serves the page and sets a PDF as the unit's user, on a file system that can only be read, with the unit's system calls."""
    state, etc, work = folder / "state", folder / "etc", folder / "work"
    for place in (state, etc, work):
        place.mkdir()
    port = program.free_port()
    config = replaced((DEPLOY / "systemd/glidepath.toml").read_text(), {"127.0.0.1:8437": f"127.0.0.1:{port}"})
    (etc / "glidepath.toml").write_text(config)
    (etc / "environment").write_text("".join(f"{name}={value}\n" for name, value in aws_environment(folder).items()))
    # The store with its id; its backups stay where they are.
    for suffix in ("", ".id"):
        shutil.copy(f"{store}{suffix}", state / f"glidepath.duckdb{suffix}")
        os.chmod(state / f"glidepath.duckdb{suffix}", 0o600)
    for path in [state, *state.iterdir()]:
        os.chown(path, USER, USER)
    os.chmod(state, 0o700)
    places = {"/var/lib/glidepath": str(state), "/etc/glidepath": str(etc)}
    confined = [
        "unshare", "--mount", sys.executable, pathlib.Path(__file__).with_name("confined.py"),
        systemd_analyze, UNIT, binary, str(USER), json.dumps(places), work,
    ]  # fmt: skip
    log = folder / "unit.log"
    base = f"http://127.0.0.1:{port}"
    with (
        program.started([str(part) for part in confined], log, env={"PATH": os.environ["PATH"]}) as daemon,
        ended_by_sigterm(daemon, "the unit"),
    ):
        program.wait_for(f"{base}/healthz", daemon, log)
        expect_in("the page", b"<title", program.fetch(f"{base}/") or b"")
        pdf = program.fetch(f"{base}/api/v1/reports/funding-pack.pdf") or b""
        program.expect("the beginning of a PDF", pdf[:5], b"%PDF-")
        backup = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        program.expect("status of a backup", asked(backup, "/api/v1/backup", "POST")[0], 200)
        status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
        for name, value in {"Uid": f"{USER}\t" * 3 + str(USER), "NoNewPrivs": "1", "Seccomp": "2", "CapBnd": "0" * 16}.items():
            expect_in("how the unit runs", f"{name}:\t{value}\n", status)
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024
    said = log.read_text()
    for words in ("Operation not permitted", "Read-only file system", "setting the report itself"):
        program.expect(f"{words!r} in the unit's log", words in said, False)
    open_to_others = [path.name for path in state.rglob("*") if path.stat().st_mode & 0o077]
    program.expect("what others may read of the store", open_to_others, [])
    return peak


def aws_environment(folder):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL")
    whole = program.environment(folder, "http://127.0.0.1:9")
    return {name: whole[name] for name in names}


def check(binary):
    tools, systemd_analyze = pathlib.Path(sys.argv[1]), sys.argv[2]
    with program.workspace() as folder:
        # A number that is nobody's has to get in.
        os.chmod(folder, 0o711)
        passes([tools / "hadolint", REPOSITORY / "Dockerfile"])
        pin(folder)
        compose(tools, folder)
        kubernetes(tools)
        cloudformation(tools, folder)
        found = checkov(tools, folder)
        exposed = unit(systemd_analyze, binary, folder)
        store = demo_store(binary, folder)
        for form in (("glidepath.toml", "Caddyfile", ""), ("glidepath.subpath.toml", "subpath.Caddyfile", "/glidepath")):
            through_caddy(tools, binary, folder, store, form)
        confined = "was not run within its limits, since that needs root and mounts of its own"
        if subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], capture_output=True).returncode == 0:
            confined = f"runs within its limits, {within_the_unit(systemd_analyze, binary, folder, store)} MB resident at most"
    return (
        f"hadolint, compose, kubernetes-validate, cfn-lint and shellcheck find nothing; checkov passes {found['passed']} and is told to "
        f"leave out {found['skipped']}; pin pins; the unit's exposure is {exposed} and it {confined}; Caddy serves the page at the root "
        "and below a path"
    )


# The first arguments are the tools', so a default binary is only needed where there is no third.
if len(sys.argv) == 3:
    sys.argv.append(str(program.DEFAULT_BINARY))
program.main("deploy-check", check)
