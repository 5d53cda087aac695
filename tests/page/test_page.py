"""The page, used as a person would: in a browser, against the whole stack."""

import re
from typing import Any
from unicodedata import category

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Locator, Page, Route, expect

from herald.message.text import forcing, measure, smart
from local.stack import Stack
from tests.message.replaced import REPLACED
from tests.page.hands import NUMBER, PHONE, listed, pill, send, texts, unfold, write
from tests.page.pale import PALE

SILENT = "+919876500090"  # a text to this number has no receipt, ever
ARRIVED = re.compile("^(sent|delivered)$")  # delivered, once the carrier has told so


def fail_next(page: Page, stack: Stack, fault: str) -> None:
    answer = page.request.post(f"{stack.carrier_url}/faults", data={"provider": "exotel", "fault": fault})
    assert answer.ok


def expect_complaint(field: Locator, text: str | re.Pattern[str]) -> None:
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(text)


class TestSending:
    def test_the_keyboard_alone_sends_a_text_that_arrives_on_the_phone(self, page: Page) -> None:
        def tab_to(field: Locator) -> None:
            for _ in range(20):
                if field.evaluate("field => field === document.activeElement"):
                    return
                page.keyboard.press("Tab")
            expect(field).to_be_focused()

        tab_to(page.get_by_label("To", exact=True))
        page.keyboard.type("09741552552")
        tab_to(page.get_by_label("Text", exact=True))
        page.keyboard.type("Sent by hand")
        tab_to(page.get_by_label("Sender"))
        page.keyboard.type("HERALD")
        page.keyboard.press("Enter")
        expect(texts(page)).to_have_text(["Sent by hand"])
        expect(pill(page)).to_have_text(ARRIVED)
        expect(page.get_by_role("status").first).to_contain_text(f"to {PHONE}")

    def test_control_and_enter_send_from_the_text(self, page: Page) -> None:
        write(page)
        page.get_by_label("Text", exact=True).press("Control+Enter")
        expect(texts(page)).to_have_text(["Your code is 4921."])

    @pytest.mark.parametrize("channel", ["amazonsns", "exotel"])
    def test_each_channel_reaches_the_phone_and_the_list(self, page: Page, channel: str) -> None:
        send(page, channel=channel)
        expect(pill(page)).to_have_text(ARRIVED)
        expect(listed(page).locator(".facts")).to_contain_text(f"{channel}1 segment, GSM-7")
        expect(page.locator(".phone .by")).to_contain_text([channel])

    def test_the_newest_message_and_the_phone_it_reached_come_first(self, page: Page) -> None:
        send(page, body="first")
        expect(texts(page)).to_have_text(["first"])
        send(page, to="+6591234567", body="second")
        expect(texts(page, "+6591234567")).to_have_text(["second"])
        expect(listed(page).locator(".preview")).to_have_text(["second", "first"])
        expect(page.locator(".phone h3")).to_have_text(["+6591234567", PHONE])

    def test_a_text_is_shown_as_text_and_nothing_in_it_runs(self, page: Page) -> None:
        hostile = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
        send(page, body=hostile)
        expect(texts(page)).to_have_text([hostile])
        expect(listed(page).locator(".preview")).to_have_text(hostile)
        expect(page).to_have_title("Herald · send a text")

    def test_a_message_opens_to_its_trace_and_the_providers_response(self, page: Page) -> None:
        send(page)
        unfold(page)
        expect(listed(page).locator(".timeline b")).to_contain_text(["accepted", "sending", "sent"])
        listed(page).get_by_text("Provider response").click()
        expect(listed(page).get_by_label("Provider response")).to_be_visible()
        expect(listed(page).get_by_label("Provider response")).to_contain_text('"Status": "queued"')

    def test_while_it_is_sent_nothing_more_can_be_sent(self, page: Page) -> None:
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("/messages", hold)
        send(page)
        button = page.locator("#send")
        expect(button).to_be_disabled()
        page.get_by_label("Sender").press("Enter")
        expect(button).to_have_text("Sending…")
        [only] = held
        only.continue_()
        expect(button).to_be_enabled()
        expect(texts(page)).to_have_count(1)

    def test_afterwards_the_number_stays_and_the_text_is_cleared(self, page: Page) -> None:
        send(page)
        expect(page.get_by_label("Text", exact=True)).to_have_value("")
        expect(page.get_by_label("To", exact=True)).to_have_value(NUMBER)


class TestFailing:
    def test_a_number_that_is_none_is_said_at_its_field(self, page: Page) -> None:
        send(page, to="12")
        field = page.get_by_label("To", exact=True)
        expect_complaint(field, re.compile("short code"))
        expect(field).to_be_focused()
        expect(listed(page)).to_have_count(0)
        field.press_sequentially("3")
        expect(field).not_to_have_attribute("aria-invalid", "true")

    def test_everything_that_is_missing_is_said_at_once(self, page: Page) -> None:
        send(page, to="", body=" ")
        expect_complaint(page.get_by_label("To", exact=True), re.compile("Enter a number"))
        expect_complaint(page.get_by_label("Text", exact=True), re.compile("Write a text"))
        expect(page.get_by_label("To", exact=True)).to_be_focused()

    def test_a_mistake_in_a_folded_field_unfolds_it(self, page: Page) -> None:
        page.get_by_text("More", exact=True).click()
        page.get_by_label("Send at").fill("2199-01-01T09:00")
        page.get_by_text("More", exact=True).click()
        expect(page.get_by_label("Send at")).to_be_hidden()
        send(page)
        expect_complaint(page.get_by_label("Send at"), re.compile("."))
        expect(page.get_by_label("Send at")).to_be_focused()

    def test_without_a_key_the_key_is_asked_for(self, page: Page) -> None:
        page.get_by_label("API key").fill("")
        send(page)
        expect_complaint(page.get_by_label("API key"), "Paste an API key to send.")
        expect(page.get_by_label("API key")).to_be_focused()

    def test_a_key_that_is_not_accepted_is_said_at_its_field(self, page: Page) -> None:
        page.get_by_label("API key").fill("hk_test_wrong")
        send(page)
        expect_complaint(page.get_by_label("API key"), "This API key is not accepted.")
        expect(page.get_by_label("API key")).to_be_focused()

    def test_a_refusal_by_the_provider_is_said_and_listed_as_failed(self, page: Page, stack: Stack) -> None:
        fail_next(page, stack, "refuse")
        send(page)
        expect(pill(page)).to_have_text("failed")
        expect(page.get_by_role("alert")).to_contain_text("The provider refused the request.")

    def test_a_lost_answer_of_the_provider_is_shown_as_unknown(self, page: Page, stack: Stack) -> None:
        fail_next(page, stack, "drop_reply")
        send(page, to=SILENT)
        expect(pill(page)).to_have_text("unknown")
        expect(listed(page)).to_contain_text("The provider may have the message")
        expect(texts(page, SILENT)).to_have_count(1)

    def test_a_text_that_was_sent_once_more_is_shown_as_a_possible_duplicate(self, page: Page) -> None:
        def say_so(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "possible_duplicate": True})

        page.route("/messages", say_so)
        send(page)
        expect(listed(page)).to_contain_text("possible duplicate")

    def test_a_text_that_went_by_a_second_channel_says_so(self, page: Page) -> None:
        def say_so(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "second_channel": True})

        page.route("/messages", say_so)
        send(page)
        expect(listed(page)).to_contain_text("by a second channel")

    def test_trying_again_after_a_lost_answer_sends_nothing_twice(self, page: Page) -> None:
        keys: list[str] = []

        def lose_the_answer(route: Route) -> None:
            keys.append(route.request.headers["idempotency-key"])
            route.fetch()
            route.abort()

        page.route("/messages", lose_the_answer, times=1)
        send(page)
        expect(page.get_by_role("alert")).to_contain_text("is not sent twice")
        with page.expect_request(lambda request: request.method == "POST") as again:
            page.get_by_role("button", name="Try again").click()
        assert keys == [again.value.headers["idempotency-key"]]
        expect(pill(page)).to_have_text(ARRIVED)
        expect(texts(page)).to_have_count(1)

    def test_another_text_has_another_idempotency_key(self, page: Page) -> None:
        keys: list[str] = []
        page.on("request", lambda request: keys.append(request.headers.get("idempotency-key", "")))
        for body in ("one", "two", "two"):
            count = listed(page).count()
            send(page, body=body)
            expect(listed(page)).to_have_count(count + 1)
        assert len({key for key in keys if key}) == 3


class TestScheduling:
    def schedule(self, page: Page) -> None:
        write(page)
        page.get_by_text("More", exact=True).click()
        page.get_by_label("Send at").fill(page.evaluate(_TOMORROW))
        page.get_by_role("button", name="Send").click()
        expect(pill(page)).to_have_text("scheduled")

    def test_a_scheduled_message_can_be_canceled(self, page: Page) -> None:
        self.schedule(page)
        page.get_by_role("button", name="Cancel").click()
        expect(pill(page)).to_have_text("canceled")
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        expect(listed(page).locator("summary").first).to_be_focused()

    def test_the_time_is_sent_with_the_offset_of_the_place(self, page: Page) -> None:
        with page.expect_request(lambda request: request.method == "POST") as request:
            self.schedule(page)
        asked = request.value.post_data_json
        assert isinstance(asked, dict)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT09:30:00\+05:30", asked["send_at"])

    def test_what_becomes_of_it_elsewhere_is_seen(self, page: Page, stack: Stack) -> None:
        self.schedule(page)
        url = f"{stack.url}/messages/{listed(page).get_attribute('data-id')}"
        assert page.request.delete(url, headers={"Authorization": f"Bearer {stack.key}"}).ok
        expect(pill(page)).to_have_text("canceled")


_TOMORROW = "new Date(Date.now() + 864e5).toLocaleDateString('sv') + 'T09:30'"


class TestCounting:
    def test_an_emoji_makes_it_ucs_2_and_is_named(self, page: Page) -> None:
        page.get_by_label("Text", exact=True).fill("Hello 👋")
        expect(page.locator("#count")).to_have_text("7 characters · 1 segment · UCS-2👋 not in GSM-7")

    def test_a_character_that_nobody_sees_is_named_by_its_number(self, page: Page) -> None:
        page.get_by_label("Text", exact=True).fill("नमस्ते\u200d \u00a0")
        expect(page.locator("#count")).to_contain_text("UCS-2")
        expect(page.locator("#count")).to_contain_text("न म स ् त …")
        page.get_by_label("Text", exact=True).fill("no\u00a0break")
        expect(page.locator("#count")).to_contain_text("U+00A0 not in GSM-7")

    def test_a_typographic_text_is_offered_cheaper_and_sent_so(self, page: Page) -> None:
        plain = page.get_by_label("Plain quotes, dashes and spaces")
        page.get_by_label("Text", exact=True).fill("It’s – “ready”…" + "a" * 100)
        expect(page.locator("#count")).to_contain_text("2 segments · UCS-2")
        expect(plain).to_have_accessible_description("1 segment, GSM-7")
        plain.check()
        expect(page.locator("#count")).to_contain_text("1 segment · GSM-7")
        send(page, body="It’s – “ready”…" + "a" * 100)
        expect(texts(page).last).to_have_text('It\'s - "ready"...' + "a" * 100)

    def test_a_text_that_would_stay_dear_is_offered_nothing(self, page: Page) -> None:
        page.get_by_label("Text", exact=True).fill("It’s 👋")
        expect(page.locator("#smart-row")).to_be_hidden()

    # Without what Python's Unicode does not know yet and the browser's does.
    @given(
        body=st.lists(
            st.one_of(
                st.characters(exclude_categories=["Cs", "Cn"]),
                st.sampled_from([*REPLACED, *"a1½²①ﬁ", "e\u0301", "a\u0303", "\u200d"]),
            ),
            max_size=200,
        ).map("".join)
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_the_page_makes_the_same_text_plain_as_the_service(self, page: Page, body: str) -> None:
        assert page.evaluate("text => smart(text)", body) == smart(body)

    def test_the_page_knows_the_same_twins_as_the_service(self, page: Page) -> None:
        known = [chr(point) for point in range(0x20000) if category(chr(point)) not in ("Cs", "Cn")]
        different = [
            (f"{ord(character):04X}", theirs)
            for character, theirs in zip(known, page.evaluate("all => all.map(smart)", known), strict=True)
            if theirs != smart(character)
        ]
        assert different == []

    def test_the_counter_describes_the_text_field(self, page: Page) -> None:
        page.get_by_label("Text", exact=True).fill("a" * 161)
        described = re.compile("161 characters · 2 segments · GSM-7")
        expect(page.get_by_label("Text", exact=True)).to_have_accessible_description(described)

    @given(body=st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("a€👋")), max_size=400))
    @example("a" * 152 + "€" + "a" * 10)
    @example("é" * 66 + "👋" * 3)
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_the_page_counts_as_the_service_does(self, page: Page, body: str) -> None:
        counted: dict[str, Any] = page.evaluate("text => measure(text)", body)
        expected = measure(body)
        assert (counted["encoding"], counted["segments"]) == (expected.encoding, expected.segments)
        assert "".join(counted["forcing"]) == forcing(body)


class TestPhones:
    def test_clear_empties_the_phones(self, page: Page) -> None:
        send(page)
        expect(texts(page)).to_have_count(1)
        page.get_by_role("button", name="Clear").click()
        expect(page.get_by_role("log")).to_have_count(0)
        expect(page.get_by_text("Texts arrive here.")).to_be_visible()

    def test_a_text_that_came_another_way_is_shown_too(self, page: Page, stack: Stack) -> None:
        asked = {"to": NUMBER, "body": "From elsewhere", "channel": "amazonsns"}
        assert page.request.post("/messages", data=asked, headers={"Authorization": f"Bearer {stack.key}"}).ok
        expect(texts(page)).to_have_text(["From elsewhere"])

    def test_a_carrier_that_does_not_answer_is_said_until_it_does(self, page: Page) -> None:
        page.route("**/carrier/messages", lambda route: route.abort())
        said = page.get_by_text("The carrier does not answer")
        expect(said).to_be_visible()
        page.unroute("**/carrier/messages")
        expect(said).to_have_count(0)


class TestSession:
    def test_a_reload_keeps_the_list_and_stores_neither_number_nor_text_nor_the_laptops_key(
        self, page: Page, stack: Stack
    ) -> None:
        send(page)
        expect(pill(page)).to_have_text(ARRIVED)
        stored = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])")
        assert not [word for word in ("9741552552", "4921", stack.key) if word in stored]
        page.reload()
        expect(pill(page)).to_have_text(ARRIVED)

    def test_a_key_that_was_pasted_survives_a_reload_of_the_tab(self, blank: Page, stack: Stack) -> None:
        pretend_stage(blank, "prod")
        blank.goto("/")
        blank.get_by_label("API key").fill(stack.key)
        blank.reload()
        expect(blank.get_by_label("API key")).to_have_value(stack.key)


def pretend_stage(page: Page, stage: str) -> None:
    page.route("**/health", lambda route: route.fulfill(json={"status": "ok", "stage": stage, "version": "0.1.0"}))


class TestElsewhere:
    def test_another_stage_has_no_phones_and_says_that_texts_are_real(self, blank: Page) -> None:
        asked: list[str] = []
        blank.on("request", lambda request: asked.append(request.url))
        pretend_stage(blank, "prod")
        blank.goto("/")
        expect(blank.get_by_text("Texts go to real phones")).to_be_visible()
        expect(blank.locator("#handset")).to_be_hidden()
        expect(blank.get_by_label("API key")).to_have_value("")
        assert not [url for url in asked if url.endswith("/local") or "/carrier/" in url]

    def test_there_a_pasted_key_and_a_written_channel_send(self, blank: Page, stack: Stack) -> None:
        pretend_stage(blank, "prod")
        blank.goto("/")
        blank.get_by_label("API key").fill(stack.key)
        blank.get_by_label("To", exact=True).fill(NUMBER)
        blank.get_by_label("Text", exact=True).fill("Hello")
        blank.get_by_label("Channel", exact=True).fill("exotel")
        blank.get_by_role("button", name="Send").click()
        expect(pill(blank)).to_have_text(ARRIVED)

    @pytest.mark.parametrize("path", ["/prod", "/prod/"])
    def test_it_works_below_the_path_of_a_stage(self, blank: Page, stack: Stack, path: str) -> None:
        outside = _forward_stage(blank, stack)
        blank.goto(path)
        expect(blank.get_by_label("API key")).to_have_value(stack.key)
        send(blank)
        expect(pill(blank)).to_have_text(ARRIVED)
        expect(blank.get_by_role("link", name="API contract")).to_have_attribute("href", "/prod/openapi.json")
        assert not outside

    def test_a_service_that_does_not_answer_is_said(self, blank: Page) -> None:
        blank.route("**/health", lambda route: route.abort())
        blank.goto("/")
        expect(blank.get_by_role("alert")).to_have_text("The service does not answer.")


def _forward_stage(page: Page, stack: Stack) -> list[str]:
    """Serve the stack below ``/prod``. Returns the list of what is asked for outside of it."""
    outside: list[str] = []

    def forward(route: Route) -> None:
        path = route.request.url.removeprefix(stack.url)
        if not path.startswith("/prod"):
            outside.append(path)
        route.fulfill(response=route.fetch(url=stack.url + (path.removeprefix("/prod") or "/")))

    page.route(f"{stack.url}/**", forward)
    return outside


class TestLooks:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [320, 390, 768, 1280])
    def test_nothing_sticks_out_and_all_can_be_used_at_any_width(self, page: Page, width: int, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        send(page, body="A_very_long_word_without_any_break_" * 4)
        unfold(page)
        expect(texts(page)).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_words_stand_out_from_what_is_behind_them(self, page: Page, stack: Stack, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme)
        fail_next(page, stack, "refuse")
        send(page)
        expect(pill(page)).to_have_text("failed")
        send(page, to="12")
        expect(page.locator("#to-error")).not_to_be_empty()
        pale = page.evaluate(PALE)
        assert not pale

    def test_every_control_has_a_name(self, page: Page) -> None:
        page.get_by_text("More", exact=True).click()
        for control in page.locator(":is(input, select, textarea, button):visible").all():
            expect(control).to_have_accessible_name(re.compile("."))


class TestHouse:
    def test_a_send_leaves_no_word_in_the_console_and_asks_nobody_but_the_stack(
        self, blank: Page, stack: Stack
    ) -> None:
        said: list[str] = []
        asked: list[str] = []
        blank.on("console", lambda message: said.append(message.text))
        blank.on("request", lambda request: asked.append(request.url))
        blank.goto("/")
        expect(blank.get_by_label("API key")).to_have_value(stack.key)
        send(blank)
        expect(texts(blank)).to_have_count(1)
        assert not said
        assert not [url for url in asked if not url.startswith((f"{stack.url}/", "data:"))]

    def test_only_the_pages_own_script_and_style_may_run(self, blank: Page) -> None:
        answer = blank.goto("/")
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    def test_a_foreign_script_is_kept_from_running(self, page: Page) -> None:
        page.evaluate("""() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'taken'";
            document.body.append(script);
        }""")
        expect(page).to_have_title("Herald · send a text")
