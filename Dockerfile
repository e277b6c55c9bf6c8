FROM python:3.13-slim-bookworm AS wheels
WORKDIR /wheels
COPY requirements.txt .
# Only what requirements.txt names, checked by its hashes.
RUN pip wheel --no-cache-dir --no-deps --require-hashes --wheel-dir . --requirement requirements.txt


FROM python:3.13-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 petition \
    && useradd --uid 10001 --gid petition --no-create-home --home-dir /nonexistent petition
# Speaks the sum that is asked in an attack to those who cannot see it.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends flite=2.2-* \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-deps /wheels/*.whl
COPY . .
# The settings want keys; these only collect files, and are not kept.
RUN export SECRET_KEY=build ADDRESS_KEY=build SEAL_KEYS=build \
    && python manage.py compile_catalogues \
    && python manage.py collectstatic --noinput --verbosity 0

# Nothing in the image belongs to the user that runs it.
USER 10001:10001
ENV BIND=0.0.0.0:8000
EXPOSE 8000
# The site answers to its own name only.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.parse as p, urllib.request as r; \
r.urlopen(r.Request('http://127.0.0.1:8000/healthz', \
headers={'Host': p.urlsplit(os.environ['SITE_URL']).netloc}), timeout=4)"]
CMD ["gunicorn", "--config", "petition_site/gunicorn.conf.py", "petition_site.wsgi"]
