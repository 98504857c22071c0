# syntax=docker/dockerfile:1

# The release of Node that package-lock.json pins for npm start and the tests.
FROM node:24.21.0-slim AS base
WORKDIR /app

FROM base AS dependencies
COPY package.json package-lock.json ./
# Without optional packages: they are the embedded PostgreSQL. Without install scripts: they bring a second Node.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY migrations ./migrations
COPY src ./src
RUN npm run build

FROM base
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
# The user `node`, by number: Kubernetes' runAsNonRoot cannot judge a name. It may write nothing but /tmp.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
# Alive, not ready: a container that waits for its database must not be killed for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself gets the signals: no npm and no shell in between.
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
