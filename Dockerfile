# The node and the agent in one small image:
#
#   docker build --build-arg COMMIT=$(git rev-parse --short=11 HEAD) -t substation .
#   docker run -v substation:/data -p 30333:30333 substation --chain /data/network.json --name my-node
#   docker run -v substation:/data --entrypoint substation substation --help

FROM debian:bookworm-slim AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# What `--version` says: there is no .git here to ask.
ARG COMMIT=00000000000
ENV SUBSTRATE_CLI_GIT_COMMIT_HASH=$COMMIT SUBSTATION_TARGET_DIR=/target
WORKDIR /substation
COPY . .
RUN ./scripts/setup --programs-only
RUN . scripts/lib.sh && choose_toolchain && build_production \
	&& install -Dt /out "$PRODUCTION/substation-node" "$PRODUCTION/substation" \
	&& strip /out/*

FROM debian:bookworm-slim
# Root certificates: without them the off-chain worker cannot make an HTTP client, not even for loopback.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --uid 1000 --create-home --home-dir /data substation
COPY --from=build /out/ /usr/local/bin/
USER substation
# Both programs keep their data below the home folder, unless told otherwise.
ENV HOME=/data
RUN substation-node --version && substation --version
# 30333 peers, 9944 RPC, 9615 Prometheus. The last two listen inside the container only, unless told otherwise.
EXPOSE 30333 9944 9615
VOLUME /data
ENTRYPOINT ["substation-node"]
