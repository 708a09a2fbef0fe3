# syntax=docker/dockerfile:1
# The program for a fleet: Node, the production packages, the sources as they are, and the workflow bundle. Debian, because
# Temporal's native core needs glibc. No Temporal CLI: a container always has a Temporal server of its own (TEMPORAL_ADDRESS).

ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Other people's Nodes and the bundler's native parts are not needed to run; sharp's, as optional as those, makes the
# pictures of contact sheets.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/node-win-* node_modules/@swc/core-*
COPY deploy/keep-one-core.sh deploy/
RUN sh deploy/keep-one-core.sh node_modules

# The bundler does need its native parts, so the bundle is made beside and copied. It saves every worker a second and 130 MB
# at its start, and without it the image could not make one.
FROM ${NODE_IMAGE} AS workflows
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY schemas schemas
COPY workflows workflows
COPY worker/workflow-bundle.ts worker/
RUN node --input-type=module --eval "await (await import('/app/worker/workflow-bundle.ts')).workflowBundle()"

FROM ${NODE_IMAGE}
# Temporal's core reads the system's certificates when it speaks TLS.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=workflows /app/.cache/workflows .cache/workflows
COPY package.json LICENSE ./
COPY schemas schemas
COPY akool akool
COPY egress egress
COPY manifests manifests
COPY ledger ledger
COPY storage storage
COPY report report
COPY engine engine
COPY activities activities
COPY workflows workflows
COPY operations operations
COPY worker worker
COPY emulator emulator
COPY web web
COPY cli cli
ENV NODE_ENV=production
USER node
# Manifests, headswap.yaml and outputs: mount a folder here.
WORKDIR /work
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/app/cli/main.ts"]
CMD ["worker"]
