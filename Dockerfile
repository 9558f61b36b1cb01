# syntax=docker/dockerfile:1
#
# Build (the first takes about an hour on two cores, half of it DuckDB's C++; after that only what changed):
#
#     docker build -t glidepath .
#
# Podman and Buildah: add `--format docker`, since OCI images have no place for a health check.
#
# Run. The volume is the only place that is written to; the root file system stays read-only:
#
#     docker run -d --name glidepath --restart unless-stopped \
#       --read-only --cap-drop ALL --security-opt no-new-privileges \
#       -v glidepath:/var/lib/glidepath \
#       -v /etc/glidepath:/etc/glidepath:ro \
#       -p 127.0.0.1:8437:8437 \
#       -e AWS_REGION=us-east-1 \
#       glidepath
#
# with /etc/glidepath/glidepath.toml, readable by user 65532, naming a store in the volume and a token, since inside a
# container it listens beyond loopback:
#
#     [store]
#     path = "/var/lib/glidepath/glidepath.duckdb"
#     [http]
#     listen = "0.0.0.0:8437"
#
# Credentials come the AWS SDK's usual ways: a task or instance role needs nothing here.

# The images that it is built in and runs in. `packaging/pin` adds the digests of the day, so that later builds start from the same
# bytes; other bases go in with --build-arg.
ARG BUILD_IMAGE=rust:1.95-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build

# The dependencies alone, DuckDB among them, behind a program of one line: this layer is reused until Cargo.toml,
# Cargo.lock, the tests' manifest or a benchmark changes. Benchmarks are here because the manifest names their files, and the
# tests' manifest because the workspace has it; their sources stay out.
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches ./benches
COPY tests/Cargo.toml ./tests/
COPY src/demo/Cargo.toml ./src/demo/
COPY src/domain/Cargo.toml ./src/domain/
COPY src/domain/core/Cargo.toml ./src/domain/core/
COPY src/report/Cargo.toml ./src/report/
COPY src/store/Cargo.toml ./src/store/
RUN mkdir -p tests/it \
 && touch tests/outlook_memory.rs tests/it/main.rs \
 && echo 'fn main() {}' > src/main.rs \
 && touch src/lib.rs src/demo/mod.rs src/domain/core.rs src/domain/mod.rs src/report/mod.rs src/store/mod.rs \
 && cargo build --profile dist --locked --bin glidepath

COPY askama.toml ./
COPY config ./config
COPY dashboards ./dashboards
COPY docs ./docs
COPY src ./src
# COPY keeps the files' times, which may be older than the build above; cargo would take that for up to date.
RUN touch src/main.rs src/lib.rs src/demo/mod.rs src/domain/core.rs src/domain/mod.rs src/report/mod.rs src/store/mod.rs \
 && cargo build --profile dist --locked --bin glidepath


# checkov:skip=CKV_DOCKER_7:the argument has a tag, bookworm-slim, which checkov does not see
FROM ${BASE_IMAGE}
# Certificates for AWS and for the alert channels; libstdc++ for DuckDB. Without versions, since Debian keeps only the newest of a
# package, and that is the one with the security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && groupadd --system --gid 65532 glidepath \
 && useradd --system --uid 65532 --gid 65532 --no-create-home --home-dir /var/lib/glidepath --shell /usr/sbin/nologin glidepath \
 && install -d -o 65532 -g 65532 -m 0700 /var/lib/glidepath

COPY --from=build /build/target/dist/glidepath /usr/local/bin/glidepath
COPY LICENSE /usr/share/doc/glidepath/LICENSE

LABEL org.opencontainers.image.title="glidepath" \
      org.opencontainers.image.description="Watches AWS credits against the projection they were granted for" \
      org.opencontainers.image.licenses="Apache-2.0"

# By number, so that an orchestrator can tell that it is not root.
USER 65532:65532
WORKDIR /var/lib/glidepath
VOLUME ["/var/lib/glidepath"]
EXPOSE 8437
STOPSIGNAL SIGTERM
# For `docker exec`, too: every command finds the config without being told.
ENV GLIDEPATH_CONFIG=/etc/glidepath/glidepath.toml
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["glidepath", "health"]
ENTRYPOINT ["glidepath"]
CMD ["serve"]
