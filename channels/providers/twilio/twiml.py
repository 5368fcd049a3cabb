"""What is done on a line, in Twilio's markup."""

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from channels.providers.voice import AskKey, Connect, GoOn, HangUp, Script, Speech

CONTENT_TYPE = "text/xml"
#: Twilio's own switch: ask once more if we could not be reached. What we answer does not change.
RETRY_SCRIPTS = "#rc=1&rp=all"
EVENTS = ("initiated", "ringing", "answered", "completed")
#: Of each language of ours: Twilio's name for it, and a voice that speaks it.
_VOICES = {
    "en": ("en-US", "Polly.Joanna"),
    "fr": ("fr-FR", "Polly.Celine"),
    "ja": ("ja-JP", "Polly.Mizuki"),
    "zh-hans": ("cmn-CN", "Polly.Zhiyu"),
}


def render(script: Script) -> str:
    """Return the document that has a script done."""
    response = VoiceResponse()
    match script:
        case AskKey():
            _ask_key(response, script)
        case Connect():
            _connect(response, script)
        case HangUp():
            _say(response, script.speech)
            response.hangup()
        case GoOn():
            pass
    return str(response)


def _ask_key(response: VoiceResponse, script: AskKey) -> None:
    gather = Gather(
        num_digits=1,
        action=f"{script.then_url}{RETRY_SCRIPTS}",
        method="POST",
        timeout=script.wait_s,
        action_on_empty_result=False,
    )
    _say(gather, script.speech)
    response.append(gather)
    response.hangup()


def _connect(response: VoiceResponse, script: Connect) -> None:
    _say(response, script.speech)
    dial = Dial(
        action=f"{script.then_url}{RETRY_SCRIPTS}",
        method="POST",
        caller_id=script.caller_id,
        timeout=script.ring_s,
        answer_on_bridge=True,
    )
    screening = {"url": f"{script.screen_url}{RETRY_SCRIPTS}"} if script.screen_url else {}
    dial.number(
        script.number,
        status_callback=script.status_url,
        status_callback_event=" ".join(EVENTS),
        **screening,
    )
    response.append(dial)


def _say(place: VoiceResponse | Gather, speech: Speech | None) -> None:
    if speech is not None:
        language, voice = _VOICES.get(speech.language, _VOICES["en"])
        place.say(speech.text, language=language, voice=voice)
