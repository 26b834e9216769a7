# syntax=docker/dockerfile:1
# One image for the service and the command: its entry point is `indexer`.

FROM python:3.11-slim-bookworm AS build

# The CPU build: PyPI's torch brings gigabytes of CUDA. With a GPU, name the index of your CUDA version,
# which pytorch.org/get-started lists:
#   docker compose build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/...
ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PYTHON=/opt/venv/bin/python

# Everything comes as a wheel that brings its libraries (OpenCV is the headless one): no compiler, no apt-get.
RUN python -m venv --without-pip /opt/venv && pip install --index-url "${TORCH_INDEX}" "${TORCH}"

# The dependencies alone first: a change of the source installs none of them again.
WORKDIR /source
COPY pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        > requirements.txt \
    && pip install --only-binary :all: -r requirements.txt

COPY README.md ./
COPY indexer indexer
COPY search_api search_api
COPY sql sql
RUN pip install --no-deps .


FROM python:3.11-slim-bookworm

COPY --from=build /opt/venv /opt/venv

# A fixed id, so that rights on mounted folders can be given to it. A new volume at /data takes over the folder's owner.
RUN groupadd --gid 10001 indexer \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin indexer \
    && install --directory --owner 10001 --group 10001 /data

# HF_HOME: another embedder than the default one is downloaded once, into the volume.
# LOGNAME: yoyo notes who migrated, and fails under an id without a name, as `--user` gives it.
# ORT_DISABLE_TELEMETRY: onnxruntime reports to Microsoft unless told not to, since 1.29.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CAPTION_SEARCH_HOME=/data \
    HF_HOME=/data/huggingface \
    LOGNAME=indexer \
    ORT_DISABLE_TELEMETRY=1

USER 10001:10001
# `caption-search.toml` and `prompts/` are read from here.
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["indexer"]
CMD ["--help"]
