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
COPY --from=build --chown=root:root /app/migrations ./migrations
COPY --from=build --chown=root:root /app/runbooks ./runbooks
COPY --from=build --chown=root:root /app/node_modules ./node_modules
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The bot is process 1 itself: a signal to the container is a signal to the bot.
ENTRYPOINT ["node", "bin/tocsin.js"]
CMD ["start"]
