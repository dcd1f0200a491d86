# semspill with PyTorch's CPU-only build; docs/install.md says how to build and run it.
FROM python:3.11-slim

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --constraint constraints.txt --no-deps torch \
        --index-url https://download.pytorch.org/whl/cpu \
    && pip install --no-cache-dir --constraint constraints.txt ".[offline]" \
    && useradd --create-home semspill \
    && mkdir --mode 1777 /cache /experiments

# Whatever user it runs as may write here: downloads, caches, and fonts.
ENV XDG_CACHE_HOME=/cache HF_HOME=/cache/huggingface TORCH_HOME=/cache/torch MPLCONFIGDIR=/cache/matplotlib
USER semspill
WORKDIR /experiments
ENTRYPOINT ["semspill"]
CMD ["--help"]
