# kd with TensorFlow for NVIDIA GPUs, set up. See docs/gpu.md.
#
#   docker build --tag kd .
#   docker run --rm --gpus all kd doctor

FROM node:22-bookworm-slim AS node

# CUDA itself comes from the wheels that set-up pins; of the base image only the driver's hooks matter.
FROM nvidia/cuda:12.9.1-base-ubuntu24.04

# Python and g++ are for set-up; zlib for cuDNN.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates g++ python3 python3-pip zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx

WORKDIR /kd
# No GPU is visible while an image is built.
ENV KD_SETUP_DEVICE=gpu XDG_CACHE_HOME=/opt/cache

# Packages and TensorFlow change seldom, sources often: the large layer comes first.
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY native ./native
COPY scripts ./scripts
COPY src ./src
RUN node scripts/setup.mjs
COPY . .
RUN node scripts/setup.mjs

# What the NVIDIA Container Toolkit is to hand in.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENTRYPOINT ["node", "bin/kd.js"]
CMD ["--help"]
