"""Signed forms, as Twilio sends them: reading, checking and making them.

The check itself is the official validator's. Who makes such requests is the simulator, and whoever
wants to knock on the door as Twilio does: tests and benchmarks.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, parse_qsl, urldefrag, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from channels.providers.base import ChannelConfig, InboundRequest
from channels.providers.text import clean

SIGNATURE_HEADER = "X-Twilio-Signature"
# Names another key and algorithm. We hold the account's token alone, so we can check neither.
SIGNATURE_SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000


class Form(dict[str, list[str]]):
    """The fields of a form as they arrived: every value of every name, blank ones included."""

    def getlist(self, name: str) -> list[str]:
        """Return all values of a name; the validator asks for them under this name."""
        return self[name]

    def last(self, name: str) -> str:
        """Return the value that counts, safe to store: the last one, or blank."""
        values = self.get(name)
        return clean(values[-1]) if values else ""


def read_form(request: InboundRequest) -> Form:
    """Return the fields of a request; none if it is no form, or one with too many fields."""
    if not _is_form(request):
        return Form()
    try:
        return _decode(request.body)
    except ValueError:
        return Form()


def is_signed(request: InboundRequest, *, form: Form, token: str) -> bool:
    """Say whether `token` signed this request, over the configured address and all its fields."""
    url = urldefrag(request.url).url  # what follows a `#` is neither sent nor signed
    signature = request.header(SIGNATURE_HEADER)
    validator = RequestValidator(token)
    if _is_form(request) or not request.body:
        return bool(validator.validate(url, form, signature))
    return _has_body_hash(url) and bool(validator.validate(url, _text_of(request), signature))


def sign(config: ChannelConfig, *, url: str, body: bytes) -> dict[str, str]:
    """Return the headers of a genuine request with this body."""
    signature = RequestValidator(config.auth_token).compute_signature(
        urldefrag(url).url, _decode(body)
    )
    return {"Content-Type": FORM_TYPE, SIGNATURE_HEADER: signature}


def build_signed_form(
    config: ChannelConfig, *, url: str, fields: Mapping[str, str]
) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a genuine request with these fields."""
    body = urlencode(fields, errors="surrogatepass").encode()
    return body, sign(config, url=url, body=body)


def _is_form(request: InboundRequest) -> bool:
    return request.content_type.split(";")[0].strip().lower() == FORM_TYPE


def _decode(body: bytes) -> Form:
    form = Form()
    text = body.decode("utf-8", "replace")
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS):
        form.setdefault(name, []).append(value)
    return form


def _has_body_hash(url: str) -> bool:
    """Say whether the address carries a hash of a body that is no form; only then is it signed."""
    return "bodySHA256" in parse_qs(urlsplit(url).query)


def _text_of(request: InboundRequest) -> str:
    return request.body.decode("utf-8", "replace")
