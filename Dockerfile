# kd with TensorFlow for NVIDIA GPUs, set up. See docs/gpu.md.
#
#   docker build --tag kd .
#   docker run --rm --init --gpus all kd doctor

# CUDA comes from the wheels that set-up pins, and the driver from the host. NVIDIA's CUDA images would refuse a driver
# that is older than their CUDA, though the wheels run on it.
FROM node:22-bookworm-slim

# Python and g++ are for set-up; zlib for cuDNN.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates g++ python3 python3-pip zlib1g \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /kd
# No GPU is visible while an image is built.
ENV KD_SETUP_DEVICE=gpu

# Packages and TensorFlow change seldom, sources often: the large layer comes first, and needs no sources. The cache is
# outside the home, so that users other than root can read it.
COPY package.json package-lock.json .npmrc ./
COPY native ./native
COPY scripts/setup.mjs ./scripts/setup.mjs
COPY scripts/setup ./scripts/setup
RUN XDG_CACHE_HOME=/opt/cache node scripts/setup.mjs && npm cache clean --force
COPY . .
RUN XDG_CACHE_HOME=/opt/cache node scripts/setup.mjs

# What the NVIDIA Container Toolkit is to hand in.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENTRYPOINT ["node", "bin/kd.js"]
CMD ["--help"]
