import re

import pytest

pytestmark = pytest.mark.no_cover

pytest.importorskip("playwright", reason="playwright is not installed")
Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
expect = pytest.importorskip("playwright.sync_api").expect

CHARTS = ("spillover", "spillover-asr", "epochs", "epochs-asr", "distribution", "decomposition")


def marks(page, name, kind="wide"):
    return page.locator(f"#chart-{name} .{kind} .mark")


def at(page):
    """The names of the marks that are highlighted, as charts have them, and what is said."""
    found = page.locator(".mark.on").evaluate_all(
        "marks => marks.map(mark => [mark.closest('.chart').id, mark.dataset.name])"
    )
    return {(chart, name) for chart, name in found if name}, page.locator(".tip").text_content()


def unmask(page):
    page.locator("#mask-switch").click()
    page.locator("#mask-show").click()


# Charts


def test_a_mark_says_what_it_is_and_its_name_is_highlighted_in_every_chart(finished, show):
    page = show(finished.masked)
    target = page.locator('#chart-spillover-asr .wide .mark[data-name="brave"]')
    target.hover()
    names, text = at(page)
    assert re.match(r"brave, the target\nsimilarity \S+\nplanted-rate lift ", text)
    assert "percentage points\npoison arm, seeds 0, 2, 8 dialogues" in text
    assert names == {(f"chart-{name}", "brave") for name in CHARTS}
    box, tip = target.bounding_box(), page.locator(".tip").bounding_box()
    assert tip["y"] + tip["height"] <= box["y"] or tip["y"] >= box["y"] + box["height"]
    page.mouse.move(0, 0)
    assert at(page) == (set(), "")
    assert page.locator(".mark title").count() == 0  # it would show beside ours


def test_a_switch_chooses_the_quantity(finished, show):
    page = show(finished.masked)
    for section, name in (("summary", "spillover"), ("epochs", "epochs")):
        first, other = (page.locator(f"#chart-{one}") for one in (f"{name}-asr", name))
        assert (first.is_visible(), other.is_visible()) == (True, False)
        page.locator(f"#{section}").get_by_role("radio", name="toxicity").check()
        assert (first.is_visible(), other.is_visible()) == (False, True)


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_verdict_facts_and_curve_are_on_the_first_screen(finished, show, width, height):
    page = show(finished.masked, width)
    kind = "wide" if width > 640 else "narrow"
    for part in (".verdict svg", ".verdict p", ".what", f"#chart-spillover-asr .{kind} svg"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= height


def test_a_table_that_is_too_wide_scrolls_under_its_first_column(finished, show):
    page = show(finished.masked, 390)
    table = page.locator("#groups .scroll").first
    assert table.evaluate("one => one.scrollWidth > one.clientWidth")
    head = table.locator("tbody th").first
    before = head.bounding_box()["x"]
    table.evaluate("one => { one.scrollLeft = 200; }")
    assert head.bounding_box()["x"] == pytest.approx(before, abs=1)


def test_a_hash_is_short_and_all_of_it_on_demand(finished, show):
    page = show(finished.masked)
    page.locator("#provenance summary").first.click()
    first = page.locator(".hashes details").first
    assert len(first.inner_text()) == 12
    first.locator("summary").click()
    assert len(first.locator("> code").inner_text()) == 64


def test_a_phone_has_its_own_pictures_which_say_the_same(finished, show):
    page = show(finished.masked, 390)
    assert not page.locator("#chart-distribution .wide").is_visible()
    marks(page, "distribution", "narrow").first.hover()
    names, text = at(page)
    assert text.startswith("brave\npoison arm, 8 dialogues\nrated 0.0 to 0.1: ")
    assert ("chart-distribution", "brave") in names
    tip = page.locator(".tip").bounding_box()
    assert tip["x"] >= 0
    assert tip["x"] + tip["width"] <= 390


def test_charts_follow_the_theme_of_the_system_and_of_the_button(finished, show):
    page = show(finished.masked)

    def light():
        """Whether paper and ink of the chart are those of a light page."""
        paper, ink = page.evaluate(
            """() => {
              const svg = document.querySelector("#chart-spillover-asr .wide svg");
              return [svg.querySelector("path"), svg.querySelector("text")].map(
                (part) => getComputedStyle(part).fill.match(/\\d+/g).slice(0, 3)
                  .reduce((sum, one) => sum + Number(one), 0));
            }"""
        )
        assert abs(paper - ink) > 500
        return paper > ink

    assert light()
    page.emulate_media(color_scheme="dark")
    assert not light()
    page.locator("#theme").click()  # light, whatever the system says
    assert light()
    page.locator("#theme").click()
    assert not light()


def test_the_browser_itself_refuses_every_request(finished, show, seen):
    page = show(finished.unmasked)
    refused = page.evaluate(
        """async () => {
          const refused = [];
          const note = (event) => refused.push(event.effectiveDirective);
          document.addEventListener("securitypolicyviolation", note);
          await fetch("https://example.invalid/").catch(() => 0);
          const image = new Image();
          const ended = new Promise((done) => { image.onerror = done; });
          image.src = "https://example.invalid/x.png";
          await ended;
          return refused;
        }"""
    )
    assert refused == ["connect-src", "img-src"]
    said = [fault for fault in seen.faults if "Content Security Policy" in fault]
    assert len(said) >= 2
    # These were meant; an image's request is announced before it is refused.
    seen.faults[:] = [fault for fault in seen.faults if "example.invalid" not in fault]
    seen.requests.remove("https://example.invalid/x.png")


# Every reader


def test_without_scripts_charts_and_tables_are_there(finished, show):
    page = show(finished.unmasked, scripts=False)
    page.locator("#summary").get_by_role("radio", name="toxicity").check()
    assert page.locator("#chart-spillover svg").first.is_visible()
    title = marks(page, "distribution").first.locator("title")
    assert title.text_content().startswith("brave\npoison arm, 8 dialogues\nrated 0.0 to 0.1: ")
    assert not page.locator("#browser").is_visible()
    assert page.locator("#browse-still tbody tr").count() == 6
    assert "[masked: " in page.locator("#browse-still").inner_text()
    assert "grumble" not in page.content()


def test_on_paper_all_charts_stand_and_text_is_masked_unless_the_switch_is_on(finished, show):
    page = show(finished.unmasked)
    page.locator("#browse-kind").select_option("planted")
    page.emulate_media(media="print")
    assert all(page.locator(f"#chart-{name} .wide").is_visible() for name in CHARTS)
    assert not page.locator(".switch").first.is_visible()
    assert "grumble" not in page.locator("body").inner_text()
    assert page.locator('#browse-table [data-by="score"]').is_visible()  # heads its column
    page.emulate_media(media="screen")
    unmask(page)
    page.emulate_media(media="print")
    assert "grumble" in page.locator("#browse-table").inner_text()


def serious(page, context=None, **rules):
    """What axe finds that keeps people out: the rule and the places."""
    options = {"resultTypes": ["violations"], **rules}
    return [
        (fault["id"], [node["html"][:200] for node in fault["nodes"][:3]])
        for fault in Axe().run(page, context, options=options).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_fits_and_is_open_to_everybody(finished, show, tmp_path, width):
    """Nothing sticks out, and axe finds nothing serious; the pictures are for people to look at."""
    page = show(finished.unmasked, width)
    page.locator("#browse-beside").select_option("clean")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for theme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=tmp_path / f"report-{width}-{theme}.png", full_page=True)
        assert serious(page, **rules) == []
        page.locator("#mask-switch").click()
        assert serious(page, context="#mask-warning", **rules) == []
        page.locator("#mask-keep").click()


def tab_to(page, selector, most=120):
    """Press Tab until the element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")


def test_all_can_be_done_by_keyboard(finished, show):
    page = show(finished.unmasked)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text(re.compile("^Skip"))
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    tab_to(page, "#chart-spillover-asr .wide svg")
    for key, name in (("ArrowRight", 0), ("ArrowDown", 1), ("ArrowLeft", 0), ("ArrowUp", -1)):
        page.keyboard.press(key)
        expected = marks(page, "spillover-asr").nth(name).get_attribute("data-name")
        assert at(page)[1].startswith(expected)
    page.keyboard.press("Escape")
    assert at(page) == (set(), "")
    page.keyboard.press("ArrowLeft")
    tab_to(page, "#mask-switch")
    assert at(page) == (set(), "")
    page.keyboard.press("Enter")
    expect(page.locator("#mask-keep")).to_be_focused()
    tab_to(page, "#mask-show", 1)
    page.keyboard.press("Enter")
    expect(page.locator("#mask-switch")).to_have_attribute("aria-checked", "true")
    expect(page.locator("#mask-switch")).to_be_focused()
    tab_to(page, "#browse-kind")
    page.keyboard.press("p")  # planted
    tab_to(page, '[data-by="toxicity"]')
    page.keyboard.press("Enter")
    expect(page.locator('[data-by="toxicity"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    page.locator("#browse-kind").select_option("all")
    tab_to(page, "#browse-next")
    page.keyboard.press("Enter")
    expect(page.locator("#browse-status")).to_contain_text("Rows 26 to 50")
    expect(page.locator("#browse-next")).to_be_focused()
