# One image for web, worker and beat; compose.yaml says which is which.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements.txt requirements-install.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-install.txt \
    && /venv/bin/uv pip install --python /venv/bin/python --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --yes uv

FROM python:3.12-slim
RUN useradd --system --create-home --home-dir /data relaydesk
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0
# Collecting uses none of what production asks for; these live for this one command.
RUN ENVIRONMENT=production DATA_DIR=/tmp/build PUBLIC_BASE_URL=http://127.0.0.1:8000 \
    SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))') \
    FIELD_ENCRYPTION_KEYS=$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
    python manage.py collectstatic --no-input --verbosity 0
USER relaydesk
EXPOSE 8000
CMD ["granian", "--interface", "rsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--respawn-failed-workers", "config.rsgi:application"]
