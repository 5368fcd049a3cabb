"""Every setting, from the environment alone. The table of variables: docs/settings.md."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import beat, environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.Environment()

# --- Where we are
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATABASE_URL = environment.check_database_url(env.str("DATABASE_URL", default=""))
ENVIRONMENT = environment.check_environment(
    env.str("ENVIRONMENT", default="") or environment.default_environment(DATABASE_URL)
)
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG = environment.check_debug(env.bool("DEBUG", default=False), environment=ENVIRONMENT)

# --- Secrets
SECRET_KEY = env.str("SECRET_KEY", default="")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[])
if IS_PRODUCTION:
    environment.require(SECRET_KEY, variable="SECRET_KEY")
    environment.check_secret_key(SECRET_KEY)
    environment.require("".join(FIELD_ENCRYPTION_KEYS), variable="FIELD_ENCRYPTION_KEYS")
else:
    SECRET_KEY = SECRET_KEY or environment.keep_secret(
        DATA_DIR / "secret_key", make=environment.new_secret_key
    )
    FIELD_ENCRYPTION_KEYS = FIELD_ENCRYPTION_KEYS or [
        environment.keep_secret(DATA_DIR / "field_key", make=environment.new_field_key)
    ]
environment.check_field_keys(FIELD_ENCRYPTION_KEYS, environment=ENVIRONMENT)

# --- Addresses
PORT = env.int("PORT", default=8000)
HOST = env.str("HOST", default="127.0.0.1")
if IS_PRODUCTION:
    environment.require(env.str("PUBLIC_BASE_URL", default=""), variable="PUBLIC_BASE_URL")
PUBLIC_BASE_URL = environment.check_base_url(
    "PUBLIC_BASE_URL", env.str("PUBLIC_BASE_URL", default="") or f"http://127.0.0.1:{PORT}"
)
HAS_HTTPS = PUBLIC_BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or [
    "localhost",
    "127.0.0.1",
    "[::1]",
    str(urlsplit(PUBLIC_BASE_URL).hostname),
]
TRUSTED_PROXIES = environment.check_networks(
    "TRUSTED_PROXIES", env.list("TRUSTED_PROXIES", default=[])
)
TWILIO_API_BASE_URL = environment.check_base_url(
    "TWILIO_API_BASE_URL", env.str("TWILIO_API_BASE_URL", default="https://api.twilio.com")
)
#: With the version of the API: Meta takes an old one away two years after its successor came.
WHATSAPP_CLOUD_API_BASE_URL = environment.check_base_url(
    "WHATSAPP_CLOUD_API_BASE_URL",
    env.str("WHATSAPP_CLOUD_API_BASE_URL", default="https://graph.facebook.com/v23.0"),
)
ENGAGELAB_API_BASE_URL = environment.check_base_url(
    "ENGAGELAB_API_BASE_URL",
    env.str("ENGAGELAB_API_BASE_URL", default="https://wa.api.engagelab.cc"),
)
#: Hosts that keep customers' files for Twilio: asked for them, and given the credentials. One that
#: begins with a dot stands for all hosts below it.
TWILIO_MEDIA_HOSTS = env.list("TWILIO_MEDIA_HOSTS", default=[]) or [
    ".twilio.com",
    str(urlsplit(TWILIO_API_BASE_URL).hostname),
]
EGRESS_ALLOWED_HOSTS = env.list("EGRESS_ALLOWED_HOSTS", default=[])
AI_BASE_URLS = [
    environment.check_base_url("AI_BASE_URLS", url) for url in env.list("AI_BASE_URLS", default=[])
]

# --- Files of messages
MEDIA_DIR = DATA_DIR / "media"
MEDIA_MAX_BYTES = env.int("MEDIA_MAX_MEGABYTES", default=16) * 1024 * 1024
#: All files of one message of ours together.
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_MEGABYTES", default=100) * 1024 * 1024
#: Where uploads wait: on the disk of the data, for the system's own place may be memory.
UPLOAD_DIR = DATA_DIR / "uploads"
FILE_UPLOAD_TEMP_DIR = environment.make_folder(UPLOAD_DIR)
#: Files are removed this many days after they were stored; 0: never.
MEDIA_KEEP_DAYS = env.int("MEDIA_KEEP_DAYS", default=0)
#: What endpoints were told, and the rows of imports that are over, are let go of; 0: never.
DELIVERY_KEEP_DAYS = env.int("DELIVERY_KEEP_DAYS", default=90)
IMPORT_KEEP_DAYS = env.int("IMPORT_KEEP_DAYS", default=90)
# A change of the rules decides without being published.
RULES_PUBLISH_AT_ONCE = env.bool("RULES_PUBLISH_AT_ONCE", default=False)

# --- Processes of `manage.py serve`
WEB_WORKERS = env.int("WEB_WORKERS", default=1)
WEB_THREADS = env.int("WEB_THREADS", default=4)
WORKER_THREADS = env.int("WORKER_THREADS", default=2)

# --- Applications
INSTALLED_APPS = [
    "config",
    "config.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_api_key",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "axes",
    "csp",
    "teams",
    "channels",
    "conversations",
    "routing",
    "callbacks",
]
MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "config.api.door.DoorMiddleware",
    "config.providers_door.ProvidersDoorMiddleware",
    "config.proxies.TrustedProxiesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.long_forms.LongFormsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.viewer.ViewerMiddleware",
    "config.body_limit.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database
DATABASE_PREPARE_THRESHOLD = env.int("DATABASE_PREPARE_THRESHOLD", default=5)
DATABASES = {
    "default": environment.read_database(
        DATABASE_URL, data_dir=DATA_DIR, prepare_threshold=DATABASE_PREPARE_THRESHOLD
    )
}

# --- People
AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "config.backends.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# The log-in form calls it so, whatever the column is called.
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "config.logins.name_of_attempt"
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"

# --- What a browser may do
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = IS_PRODUCTION and HAS_HTTPS
# A redirect helps a person. To a machine it would hide that its key just went over the wire in the
# clear, and a provider that is redirected signs another address.
SECURE_REDIRECT_EXEMPT = [r"^(api|webhooks|files)/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL_REDIRECT
SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
# Only TrustedProxiesMiddleware lets this header through, and only from a trusted address.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HAS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "relaydesk_session"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
# Meta puts up to 3 MB of customers' messages into one request; the doors of others take less.
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024

# --- Language and time
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("ja", _("Japanese")),
    ("fr", _("French")),
    ("zh-hans", _("Simplified Chinese")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = environment.check_time_zone(env.str("TIME_ZONE", default="UTC"))

# --- Static files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if IS_PRODUCTION else None
# Production serves collected files under hashed names; elsewhere a fresh clone serves the sources.
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Celery: a nudge and no more; the rows hold the truth
BROKER_URL = environment.check_broker_url(
    env.str("BROKER_URL", default="") or environment.embedded_broker_url(DATA_DIR)
)
HAS_EMBEDDED_BROKER = environment.embedded_broker_url(DATA_DIR) == BROKER_URL
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "counters": environment.read_counter_store(BROKER_URL),
}
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_TIMEOUT = environment.BROKER_PATIENCE_S
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = environment.broker_transport_options(BROKER_URL)
CELERY_TASK_DEFAULT_QUEUE = "relaydesk"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ALWAYS_EAGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.nudging:NudgeScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = beat.build_schedule()

# --- API: the defaults live in config/api
API_RATES = environment.check_rates(
    {
        "requests": env.int("API_REQUESTS_PER_MINUTE", default=600),
        "messages": env.int("API_MESSAGES_PER_MINUTE", default=60),
        "failed_keys": env.int("API_FAILED_KEYS_PER_MINUTE", default=60),
    }
)
REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["config.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "teams.api.permissions.HasScope",
        "teams.api.permissions.HasRight",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttling.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.CursorPages",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "config.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, object] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Relaydesk",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enum_id_removal"],
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

# --- Log
LOG_LEVEL = environment.check_log_level(env.str("LOG_LEVEL", default="INFO"))
LOGGING = logs.build_logging(level=LOG_LEVEL)
