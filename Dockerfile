# One image for all roles: `up` (default), `serve`, `work` and every other command of otel-scorer.
#
#   docker build -t otel-scorer .
#   docker run --read-only --tmpfs /tmp -v otel-scorer:/data otel-scorer up --backend http://tempo:4317 --set receive.insecure=true
#
# An index or authority of your own: --secret id=pip,src=pip.conf (it stays out of the image).
# BASE: any glibc image of Python 3.11 or newer with venv (your own mirror or hardened one; tests take Debian's).
ARG BASE=docker.io/library/python:3.13.9-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY requirements.lock deploy/postgresql.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf,required=false \
    python3 -m venv /opt/otel-scorer \
 && /opt/otel-scorer/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock -r postgresql.lock
COPY pyproject.toml README.md LICENSE ./
COPY rubrics rubrics
COPY otel_scorer otel_scorer
# what only building needs does not travel: build backend, pip
RUN /opt/otel-scorer/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation . \
 && /opt/otel-scorer/bin/pip uninstall --yes hatchling editables setuptools pip \
 && /opt/otel-scorer/bin/otel-scorer check

FROM ${BASE}
LABEL org.opencontainers.image.title="otel_scorer" \
      org.opencontainers.image.description="An OTLP endpoint that scores what LLM agents do" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 otel-scorer \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin otel-scorer \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/otel-scorer /opt/otel-scorer
# On 127.0.0.1 nobody could reach a container. Who listens on 0.0.0.0 must say how senders are known (receive.tls and
# receive.tokens), or that the network is closed (receive.insecure): the image does not say it for you.
ENV PATH=/opt/otel-scorer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OTEL_SCORER_LEDGER_DATA_DIR=/data \
    OTEL_SCORER_RECEIVE_GRPC=0.0.0.0:4317 \
    OTEL_SCORER_RECEIVE_HTTP=0.0.0.0:4318
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 4317 4318 4319
# For `up` and `serve`; a worker's is `otel-scorer health work` (docker-compose.yml)
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["otel-scorer", "health"]
ENTRYPOINT ["otel-scorer"]
CMD ["up"]
