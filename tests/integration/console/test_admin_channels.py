"""Channels in the console: set up by number, and a token that goes in and never comes out."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.greetings import TextKind
from channels.models import Channel, Distribution, Provider, RefusedRequest, Template
from channels.services import channels, survey_templates
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    lose_key,
    make_administrator,
    make_agent,
    make_channel,
    make_cloud_channel,
    make_engagelab_channel,
    make_supervisor,
    make_template,
)
from tests.fake_twilio import running

pytestmark = pytest.mark.django_db
LIST = "/admin/channels/channel/"
NO_AGENTS = {
    f"{rows}-{count}_FORMS": 0
    for rows in ("memberships", "survey_templates", *TextKind)
    for count in ("TOTAL", "INITIAL")
}


def form_of(channel: Channel, **changes: Any) -> dict[str, Any]:
    form = {
        "name": channel.name,
        "provider": channel.provider,
        "medium": channel.medium,
        "is_active": "on",
        "account_sid": channel.account_sid,
        "auth_token": "",
        "phone_number": channel.phone_number,
        "messaging_service_sid": channel.messaging_service_sid,
        "api_key_sid": "",
        "api_key_secret": "",
        "time_zone": channel.time_zone,
        "language": channel.language,
        "distribution": channel.distribution,
        "survey_wait_hours": channel.survey_wait_s // 3600,
        "survey_delay_minutes": channel.survey_delay_s // 60,
        "survey_pause_days": channel.survey_pause_days,
        "reopen_hours": channel.reopen_window_s // 3600,
    }
    return {**form, **NO_AGENTS, **changes}


def page(channel: Channel, name: str = "change") -> str:
    return reverse(f"admin:channels_channel_{name}", args=[channel.pk])


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def new() -> Channel:
    return Channel(
        name="WhatsApp Tokyo",
        provider=Provider.TWILIO,
        account_sid=ACCOUNT_SID,
        phone_number="+815000000001",
    )


class TestAChannel:
    def test_has_a_limit_for_people_without_their_own(self, client: Client) -> None:
        channel = make_channel()

        client.post(page(channel), form_of(channel, capacity="3"))

        assert Channel.objects.get(pk=channel.pk).capacity == 3

    def test_is_made_by_number_and_shows_its_addresses(self, client: Client, new: Channel) -> None:
        answer = client.post(f"{LIST}add/", form_of(new, auth_token=AUTH_TOKEN))
        channel = Channel.objects.get()
        assert (answer.status_code, answer.headers["Location"]) == (302, page(channel))
        assert channel.auth_token == AUTH_TOKEN
        text = client.get(page(channel)).content.decode()
        assert f"https://desk.example.test/webhooks/twilio/{channel.token}/" in text
        assert f"https://desk.example.test/webhooks/twilio/{channel.token}/status/" in text

    def test_of_the_simulator_needs_no_account(self, client: Client) -> None:
        form = form_of(Channel(name="Play", provider=Provider.SIMULATOR))
        assert client.post(f"{LIST}add/", form).status_code == 302
        assert Channel.objects.get().auth_token

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("account_sid", "AC123"),
            ("account_sid", ""),
            ("auth_token", ""),
            ("phone_number", "12345"),
            ("phone_number", ""),
            ("messaging_service_sid", "MG" + "0" * 32),
            ("time_zone", "Mars/Olympus"),
            ("name", ""),
            ("name", "a\x00b"),
            ("survey_wait_hours", "0"),
            ("survey_wait_hours", "9" * 30),
            ("reopen_hours", "-1"),
        ],
    )
    def test_is_refused_at_the_right_field(
        self, client: Client, new: Channel, field: str, value: str
    ) -> None:
        form = form_of(new, auth_token=AUTH_TOKEN) | {field: value}
        answer = client.post(f"{LIST}add/", form)
        assert answer.status_code == 200
        assert field in answer.context["adminform"].form.errors

    def test_takes_a_number_as_people_write_it(self, client: Client, new: Channel) -> None:
        form = form_of(new, auth_token=AUTH_TOKEN, phone_number="+44 (20) 7946-0123 ")
        client.post(f"{LIST}add/", form)
        assert Channel.objects.get().phone_number == "+442079460123"

    def test_is_refused_on_a_number_that_another_has(self, client: Client, new: Channel) -> None:
        make_channel(phone_number=new.phone_number)
        answer = client.post(f"{LIST}add/", form_of(new, auth_token=AUTH_TOKEN))
        assert answer.status_code == 200
        assert Channel.objects.count() == 1

    def test_takes_its_human_agents_in_order(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        channel = make_channel()
        rows = {
            "memberships-TOTAL_FORMS": 2,
            "memberships-0-user": alice.pk,
            "memberships-0-place": 2,
            "memberships-1-user": bob.pk,
            "memberships-1-place": 1,
        }
        form = form_of(channel, distribution=Distribution.SEQUENTIAL, **rows)
        assert client.post(page(channel), form).status_code == 302
        names = [m.user.name for m in channel.memberships.select_related("user")]
        assert names == ["Bob", "Alice"]
        assert Channel.objects.get().distribution == Distribution.SEQUENTIAL

    def test_is_read_by_supervisors_and_not_changed(self) -> None:
        channel = make_channel()
        client = sign_in(make_supervisor())
        assert client.get(page(channel)).status_code == 200
        assert client.post(page(channel), form_of(channel, name="X")).status_code == 403

    def test_cannot_be_deleted(self, client: Client) -> None:
        channel = make_channel()
        assert client.post(page(channel, "delete"), {"post": "yes"}).status_code == 403


class TestTheToken:
    @pytest.mark.parametrize("name", ["change", "history"])
    def test_is_never_shown(self, client: Client, name: str) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, auth_token="f" * 32))
        assert "f" * 32 not in client.get(page(channel, name)).content.decode()
        assert AUTH_TOKEN not in client.get(page(channel, name)).content.decode()

    def test_is_dots_to_supervisors(self) -> None:
        text = sign_in(make_supervisor()).get(page(make_channel())).content.decode()
        assert "••••••••" in text
        assert AUTH_TOKEN not in text

    def test_is_not_shown_when_the_form_comes_back(self, client: Client, new: Channel) -> None:
        answer = client.post(f"{LIST}add/", form_of(new, name="", auth_token=AUTH_TOKEN))
        assert AUTH_TOKEN not in answer.content.decode()

    def test_stays_where_nobody_types_another(self, client: Client) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, name="Osaka"))
        channel.refresh_from_db()
        assert (channel.name, channel.auth_token) == ("Osaka", AUTH_TOKEN)

    def test_is_replaced_by_what_is_typed(self, client: Client) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, auth_token="f" * 32))
        assert Channel.objects.get().auth_token == "f" * 32


class TestTheOldToken:
    def test_is_accepted_for_a_while_unless_it_leaked(self, client: Client) -> None:
        kept, dropped = make_channel(), make_channel()
        client.post(page(kept), form_of(kept, auth_token="f" * 32, keeps_old_token="on"))
        client.post(page(dropped), form_of(dropped, auth_token="f" * 32))
        kept.refresh_from_db()
        dropped.refresh_from_db()
        assert (kept.second_auth_token, dropped.second_auth_token) == (AUTH_TOKEN, "")
        text = client.get(page(kept)).content.decode()
        assert "What it signs is accepted until" in text
        assert AUTH_TOKEN not in text

    def test_is_dropped_by_hand(self, client: Client) -> None:
        channel = make_channel()
        client.post(page(channel), form_of(channel, auth_token="f" * 32, keeps_old_token="on"))
        assert "refused from now on" in client.get(page(channel, "drop")).content.decode()
        client.post(page(channel, "drop"))
        channel.refresh_from_db()
        assert (channel.second_auth_token, channel.second_token_drop_due_at) == ("", None)


class TestAnApiKey:
    KEY = "SK" + "7" * 32

    def test_is_whole_or_refused(self, client: Client) -> None:
        channel = make_channel()
        for field, half in (
            ("api_key_secret", {"api_key_sid": self.KEY}),
            ("api_key_sid", {"api_key_secret": "s" * 32}),
            ("api_key_sid", {"api_key_sid": "SK1", "api_key_secret": "s" * 32}),
        ):
            answer = client.post(page(channel), form_of(channel, **half))
            assert field in answer.context["adminform"].form.errors

    def test_goes_in_and_its_secret_never_comes_out(self, client: Client) -> None:
        channel = make_channel()
        whole = {"api_key_sid": self.KEY, "api_key_secret": "s" * 32}
        client.post(page(channel), form_of(channel, **whole))
        channel.refresh_from_db()
        assert (channel.api_key_sid, channel.api_key_secret) == (self.KEY, "s" * 32)
        assert "s" * 32 not in client.get(page(channel)).content.decode()

    def test_goes_away_with_its_sid(self, client: Client) -> None:
        channel = make_channel(api_key_sid=self.KEY, api_key_secret="s" * 32)
        client.post(page(channel), form_of(channel))
        channel.refresh_from_db()
        assert (channel.api_key_sid, channel.api_key_secret) == ("", "")


class TestTestingIt:
    def test_names_what_failed_and_what_to_do(self, client: Client, settings: Any) -> None:
        channel = make_channel(medium="sms")
        with running() as fake:
            settings.TWILIO_API_BASE_URL = fake.url
            fake.account.numbers[channel.phone_number] = ("https://old.example.com/", "POST")
            answer = client.post(page(channel, "test"), follow=True)
        text = answer.content.decode()
        assert "1 step failed." in text
        assert "Twilio sends messages to https://old.example.com/." in text
        assert "/admin/channels/channel/help/#11200" in text

    def test_is_for_administrators(self) -> None:
        client = sign_in(make_supervisor())
        assert client.post(page(make_channel(), "test")).status_code == 403


class TestTheHelp:
    def test_explains_each_common_failure(self, client: Client) -> None:
        text = client.get(f"{LIST}help/").content.decode()
        for code in ("403", "11200", "20003", "21211", "63007", "63016"):
            assert f'id="{code}"' in text


class TestTheState:
    def test_says_that_nothing_came_yet(self, client: Client) -> None:
        make_channel()
        assert "No webhook yet" in client.get(LIST).content.decode()

    def test_says_since_when_requests_are_refused(self, client: Client, now: Any) -> None:
        channel = make_channel()
        RefusedRequest.objects.create(
            channel=channel, code="signature_invalid", url="http://desk/", first_at=now, last_at=now
        )
        assert "Failing: 403 since" in client.get(LIST).content.decode()
        text = client.get(page(channel)).content.decode()
        assert "The signature did not match. The request was made to http://desk/." in text

    def test_is_receiving_again_with_the_next_message(self, client: Client) -> None:
        channel = make_channel()
        Client().post(f"/webhooks/twilio/{channel.token}/", {"Body": "unsigned"})
        customer_writes(channel, "Hello")
        text = client.get(LIST).content.decode()
        assert "Receiving" in text
        assert "Failing" not in text

    def test_says_why_it_cannot_send(self, client: Client, now: Any) -> None:
        make_channel(broken_at=now, broken_reason="Twilio does not accept the token.")
        text = client.get(LIST).content.decode()
        assert "Cannot send" in text
        assert "does not accept the token" in text


class TestATokenThatCannotBeRead:
    @pytest.fixture
    def lost(self) -> Channel:
        channel = make_channel()
        lose_key(channel)
        return channel

    def test_is_told_in_the_list_and_on_the_page(self, client: Client, lost: Channel) -> None:
        assert "Token unreadable" in client.get(LIST).content.decode()
        text = client.get(page(lost)).content.decode()
        assert "The stored token cannot be read" in text
        assert "Set. Replace" not in text

    def test_is_told_to_those_who_only_look(self, lost: Channel) -> None:
        text = sign_in(make_supervisor()).get(page(lost)).content.decode()
        assert "an administrator has to enter it anew" in text

    def test_is_entered_anew(self, client: Client, lost: Channel) -> None:
        answer = client.post(page(lost), form_of(lost, auth_token="e" * 32))
        assert answer.status_code == 302
        assert Channel.objects.get().auth_token == "e" * 32
        assert "Token unreadable" not in client.get(LIST).content.decode()

    def test_does_not_keep_anybody_from_changing_the_rest(
        self, client: Client, lost: Channel
    ) -> None:
        assert client.post(page(lost), form_of(lost, name="Osaka")).status_code == 302
        lost.refresh_from_db(fields=["name"])
        assert lost.name == "Osaka"
        assert "Token unreadable" in client.get(LIST).content.decode()

    def test_is_counted_by_verify(self, lost: Channel) -> None:
        said = StringIO()
        with pytest.raises(CommandError):
            call_command("verify", "--json", stdout=said)
        counts = json.loads(said.getvalue())
        assert {name for name, count in counts.items() if count} == {
            "channels_whose_secret_cannot_be_read"
        }


class TestAChannelOfWhatsAppAlone:
    def add(self, client: Client, provider: str, **fields: str) -> Any:
        form = {
            "name": "WhatsApp Berlin",
            "provider": provider,
            "medium": "sms",
            "is_active": "on",
            "time_zone": "UTC",
            "distribution": "concurrent_load",
            "survey_delay_minutes": 0,
            "survey_wait_hours": 24,
            "reopen_hours": 24,
            **NO_AGENTS,
            **fields,
        }
        first = client.get(f"{LIST}add/").context["adminform"].form
        initial = {
            name: value
            for name in first.fields
            if (value := first[name].value()) is not None and value is not False
        }
        return client.post(f"{LIST}add/", initial | form)

    def test_is_set_up_with_the_fields_of_cloud(self, client: Client) -> None:
        answer = self.add(
            client,
            "whatsapp_cloud",
            phone_number_id="106540352242922",
            access_token="the-access-token",
            app_secret="the-app-secret",
        )

        channel = Channel.objects.get()
        assert answer.headers["Location"] == page(channel)
        assert (channel.medium, channel.access_token) == ("whatsapp", "the-access-token")
        shown = client.get(page(channel)).content.decode()
        assert channel.verify_token in shown
        assert "the-access-token" not in shown
        assert "the-app-secret" not in shown
        assert 'name="account_sid"' not in shown
        assert 'name="dev_key"' not in shown
        assert "/status/" not in shown

    def test_says_what_is_missing(self, client: Client) -> None:
        answer = self.add(client, "whatsapp_cloud")

        errors = answer.context["adminform"].form.errors
        assert set(errors) == {"phone_number_id", "access_token", "app_secret"}
        answer = self.add(client, "engagelab")
        errors = answer.context["adminform"].form.errors
        assert set(errors) == {"phone_number", "dev_key", "dev_secret"}

    def test_has_its_number_alone(self, client: Client) -> None:
        make_cloud_channel(phone_number_id="7")

        fields = {"phone_number_id": "7", "access_token": "a", "app_secret": "b"}
        answer = self.add(client, "whatsapp_cloud", **fields)

        assert answer.status_code == 200
        assert "Another channel has this already." in answer.content.decode()

    def test_of_engagelab_says_that_nothing_is_signed(self, client: Client) -> None:
        shown = client.get(page(make_engagelab_channel())).content.decode()

        assert "EngageLab signs nothing" in shown
        assert 'name="app_secret"' not in shown

    def test_says_which_of_its_secrets_is_lost(self, client: Client) -> None:
        channel = make_cloud_channel()
        lose_key(channel, "app_secret")

        shown = client.get(page(channel))

        assert shown.status_code == 200
        assert "Enter its secrets anew" in shown.content.decode()

    def test_is_shown_without_its_address_to_those_who_only_look(self) -> None:
        channel = make_engagelab_channel()

        shown = sign_in(make_supervisor()).get(page(channel))

        assert shown.status_code == 200
        assert channel.token not in shown.content.decode()


@pytest.mark.parametrize("kind", list(TextKind))
class TestATextOfAChannel:
    def test_is_written_where_the_channel_is_set_up(self, client: Client, kind: TextKind) -> None:
        channel = make_channel()
        row = {f"{kind}-TOTAL_FORMS": 1, f"{kind}-0-language": "ja", f"{kind}-0-text": "ありがとう"}

        answer = client.post(page(channel), form_of(channel, **row))

        assert answer.status_code == 302
        (text,) = channel.texts.all()
        assert (text.kind, text.language, text.text) == (kind, "ja", "ありがとう")

    def test_is_read_by_supervisors_who_may_not_change_it(self, kind: TextKind) -> None:
        channel = make_channel()
        channel.texts.create(kind=kind, language="en", text="So long, and thanks")

        shown = sign_in(make_supervisor()).get(page(channel)).content.decode()

        assert "So long, and thanks" in shown
        assert f'name="{kind}-0-text"' not in shown

    @pytest.mark.parametrize("form", ["add", "change"])
    def test_stands_in_the_section_it_belongs_to(
        self, client: Client, kind: TextKind, form: str
    ) -> None:
        address = "/admin/channels/channel/add/" if form == "add" else page(make_channel())
        shown = client.get(address).content.decode()

        sections = shown.split('<div class="section">')[1:]
        (section,) = [each for each in sections if f'name="{kind}-TOTAL_FORMS"' in each]

        heading = section.split("</h2>")[0].split(">")[-1]
        assert heading == {
            TextKind.GREETING: "Greeting",
            TextKind.UNAVAILABLE: "Business hours",
        }.get(kind, "Satisfaction")
        assert shown.count(f'name="{kind}-TOTAL_FORMS"') == 1

    def test_is_offered_in_the_channels_language_first(
        self, client: Client, kind: TextKind
    ) -> None:
        channel = make_channel(language="ja")
        empty = client.get(page(channel)).content.decode()
        channel.texts.create(kind=kind, language="ja", text="ありがとう")
        second = client.get(page(channel)).content.decode()

        def chosen(shown: str, number: int) -> str:
            select = shown.split(f'id="id_{kind}-{number}-language"')[1].split("</select>")[0]
            return select.split(" selected")[0].rsplit('value="', 1)[1].split('"')[0]

        assert (chosen(empty, 0), chosen(second, 0), chosen(second, 1)) == ("ja", "ja", "")

    def test_needs_a_language(self, client: Client, kind: TextKind) -> None:
        channel = make_channel()
        row = {f"{kind}-TOTAL_FORMS": 1, f"{kind}-0-language": "", f"{kind}-0-text": "Hello"}

        answer = client.post(page(channel), form_of(channel, **row))

        assert answer.status_code == 200
        assert not channel.texts.exists()


def test_the_agents_of_a_channel_have_their_places_for_those_who_only_look() -> None:
    channel = make_channel()
    for name in ("Alice", "Bob"):
        channels.join(channel, user=make_agent(name=name), now=timezone.now())

    shown = sign_in(make_supervisor()).get(page(channel)).content.decode()

    cells = shown.split('class="field-place_cell"')[1:]
    assert [cell.split("<p>")[1].split("</p>")[0] for cell in cells] == ["1", "2"]


class TestATemplateForRatings:
    def row(self, template: Template, lines: str, **changes: Any) -> dict[str, Any]:
        prefix = "survey_templates"
        row = {"TOTAL_FORMS": 1, "0-template": template.pk, "0-lines": lines, **changes}
        return {f"{prefix}-{name}": value for name, value in row.items()}

    def test_is_named_with_a_line_for_each_placeholder(self, client: Client) -> None:
        channel = make_channel()
        template = make_template(channel=channel)

        answer = client.post(
            page(channel), form_of(channel, **self.row(template, "{contact_name}\n"))
        )

        assert answer.status_code == 302
        (row,) = channel.survey_templates.all()
        assert (row.template, row.values) == (template, {"1": "{contact_name}"})
        assert "Hi {contact_name}, your order" in client.get(page(channel)).content.decode()

    @pytest.mark.parametrize(
        ("fields", "lines", "sentence"),
        [
            ({"status": "pending"}, "Dora", "This template is not approved"),
            ({}, "", "Write one line for each placeholder"),
            ({}, "Dora\nEmil", "Write one line for each placeholder"),
            ({}, "{order}", "Use {contact_name} and {channel_name} only."),
        ],
    )
    def test_that_could_not_be_sent_is_refused(
        self, client: Client, fields: dict[str, str], lines: str, sentence: str
    ) -> None:
        channel = make_channel()
        template = make_template(channel=channel, **fields)

        answer = client.post(page(channel), form_of(channel, **self.row(template, lines)))

        assert answer.status_code == 200
        assert sentence in answer.content.decode()
        assert not channel.survey_templates.exists()

    def test_of_another_channel_cannot_be_chosen(self, client: Client) -> None:
        channel, foreign = make_channel(), make_template(channel=make_channel(name="Other"))
        answer = client.post(page(channel), form_of(channel, **self.row(foreign, "Dora")))
        assert answer.status_code == 200
        assert not channel.survey_templates.exists()

    def test_that_was_rejected_since_says_why_and_lets_the_rest_be_saved(
        self, client: Client
    ) -> None:
        channel = make_channel()
        template = make_template(channel=channel)
        survey_templates.replace(channel, rows=[(template, {"1": "Dora"})])
        Template.objects.update(status="rejected", reason="Too salesy")

        shown = client.get(page(channel)).content.decode()
        assert "Too salesy" in shown
        assert "It is not sent: customers are asked by another template" in shown
        row = self.row(
            template,
            "Dora",
            **{"INITIAL_FORMS": 1, "0-id": channel.survey_templates.get().pk},
        )
        answer = client.post(page(channel), form_of(channel, **row, name="Renamed"))
        assert answer.status_code == 302
        assert channel.survey_templates.count() == 1

    def test_is_taken_away(self, client: Client) -> None:
        channel = make_channel()
        template = make_template(channel=channel)
        survey_templates.replace(channel, rows=[(template, {"1": "Dora"})])
        kept = channel.survey_templates.get().pk
        row = self.row(template, "Dora", **{"INITIAL_FORMS": 1, "0-id": kept, "0-DELETE": "on"})

        assert client.post(page(channel), form_of(channel, **row)).status_code == 302
        assert not channel.survey_templates.exists()

    def test_is_no_matter_of_sms(self, client: Client) -> None:
        shown = client.get(page(make_channel(medium="sms"))).content.decode()
        assert "survey_templates" not in shown

    def test_is_read_by_supervisors_who_may_not_change_it(self) -> None:
        channel = make_channel()
        template = make_template(channel=channel)
        survey_templates.replace(channel, rows=[(template, {"1": "Dora"})])
        shown = sign_in(make_supervisor()).get(page(channel)).content.decode()
        assert "Hi Dora, your order" in shown
        assert 'name="survey_templates-0-lines"' not in shown
