# The application without its database and Redis: those are services of compose.yml.
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 10001 satu && mkdir /data /srv/satu && chown satu /data /srv/satu
COPY --chown=satu . /srv/satu
USER satu
WORKDIR /srv/satu

# The environment of the lock file, then the screens: both are in the image, a start builds nothing.
RUN ./erp build --data /tmp/build && rm -rf /tmp/build ~/.cache ~/.bun

VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["./erp", "up", "--no-demo", "--host", "0.0.0.0", "--port", "8000", "--data", "/data"]
