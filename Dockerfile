# syntax=docker/dockerfile:1
# cistrace on CPUs, with the local page: docker run --rm --network none -v "$PWD:/data" cistrace predict /data/enhancers.fa
# The model is in the package, so that it runs without a network.

FROM python:3.11-slim-bookworm AS build
ARG TORCH=2.13.0
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/cistrace
ENV PATH=/opt/cistrace/bin:$PATH
COPY requirements/image.txt /tmp/image.txt
RUN pip install "torch==${TORCH}" --index-url "${TORCH_INDEX}" && \
    pip install --no-deps --require-hashes -r /tmp/image.txt
COPY pyproject.toml README.md LICENSE /source/
COPY src /source/src
RUN pip install --no-deps /source && pip uninstall --yes pip

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="cistrace" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.description="Activity of regulatory DNA, predicted with reasons that can be checked"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin cistrace
COPY --from=build /opt/cistrace /opt/cistrace
ENV PATH=/opt/cistrace/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    OMP_WAIT_POLICY=PASSIVE
USER 10001
WORKDIR /data
ENTRYPOINT ["cistrace"]
CMD ["--help"]
