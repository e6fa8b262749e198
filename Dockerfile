# Small and without root. The database is yours (DATABASE_URL) or a volume at /data (embedded PostgreSQL).
FROM node:22.21.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22.21.1-bookworm-slim
ENV NODE_ENV=production TOCSIN_DATA=/data
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json /app/manifest.yml ./
COPY --from=build --chown=root:root /app/bin ./bin
COPY --from=build --chown=root:root /app/dist ./dist
COPY --from=build --chown=root:root /app/drills ./drills
COPY --from=build --chown=root:root /app/migrations ./migrations
COPY --from=build --chown=root:root /app/runbooks ./runbooks
COPY --from=build --chown=root:root /app/node_modules ./node_modules
RUN mkdir /data && chown node:node /data && ln -s /app/bin/tocsin.js /usr/local/bin/tocsin
USER node
VOLUME /data
# tocsin.yml and a folder runbooks/ of your own are looked for here: mount a folder that holds them, or none.
WORKDIR /config
EXPOSE 3000
# Of every role: a worker listens nowhere, but has a heartbeat.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
  CMD ["node", "/app/bin/tocsin.js", "health"]
# The bot is process 1 itself: a signal to the container is a signal to the bot.
ENTRYPOINT ["node", "/app/bin/tocsin.js"]
CMD ["start"]
