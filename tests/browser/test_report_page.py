import re

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
expect = pytest.importorskip("playwright.sync_api").expect

CHARTS = ("spillover", "spillover-asr", "epochs", "epochs-asr", "distribution", "decomposition")


def chart(page, name):
    """The live chart of that name, drawn."""
    page.locator(f"#chart-{name}").scroll_into_view_if_needed()
    live = page.locator(f"#chart-{name} .live")
    page.locator(f"#chart-{name} .still[hidden]").wait_for(state="attached")
    return live


def unmask(page):
    page.locator("#mask-switch").click()
    page.locator("#mask-show").click()


# Charts


def test_every_chart_is_drawn_in_place_of_its_picture(finished, show):
    page = show(finished.masked)
    for name in CHARTS:
        live = chart(page, name)
        assert live.is_visible()
        assert not page.locator(f"#chart-{name} .still").is_visible()
        assert live.get_attribute("role") == "group"
        assert live.get_attribute("aria-label").endswith("its numbers are in the table below.")


def test_a_point_says_what_it_is_when_it_is_looked_at(finished, show):
    page = show(finished.masked)
    live = chart(page, "spillover-asr")
    box = live.locator(".scatterlayer .trace .point").last.bounding_box()
    label = live.locator(".hoverlayer .hovertext")
    for _ in range(100):  # a chart that is still busy looks at no mouse
        page.mouse.move(0, 0)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(100)
        if label.is_visible():
            break
    label.wait_for()
    assert "brave" in label.text_content()
    assert "percentage points" in label.text_content()


def test_a_drag_zooms_the_axis_and_the_house_brings_it_back(finished, show):
    page = show(finished.masked)
    live = chart(page, "epochs")
    ticks = live.locator(".xaxislayer-above .xtick")
    before = ticks.all_text_contents()
    plot = live.locator(".nsewdrag").bounding_box()
    y = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + 0.3 * plot["width"], y)
    page.mouse.down()
    page.mouse.move(plot["x"] + 0.7 * plot["width"], y, steps=5)
    page.mouse.up()
    expect(ticks).not_to_have_text(before)
    live.locator('[data-val="reset"]').click()
    expect(ticks).to_have_text(before)


def test_a_chart_can_be_saved(finished, show):
    page = show(finished.masked)
    live = chart(page, "distribution")
    with page.expect_download() as saved:
        live.locator('[data-title*="Download"]').click()
    assert saved.value.suggested_filename == "semspill-distribution.svg"
    assert "brave" in saved.value.path().read_text(encoding="utf-8")


def test_charts_follow_the_theme_of_the_system_and_of_the_button(finished, show):
    page = show(finished.masked)
    live = chart(page, "spillover")

    def paper(theme):
        """The colour behind the chart, once it is that of the theme."""
        dark = theme == "dark"
        wanted = page.evaluate(
            "getComputedStyle(document.documentElement).getPropertyValue('--paper')"
        )
        probe = page.evaluate(
            "colour => Object.assign(new Option().style, {color: colour}).color", wanted
        )
        live.locator(f'.main-svg[style*="{probe}"]').first.wait_for()
        return (sum(map(int, re.findall(r"\d+", probe)[:3])) < 200) is dark

    assert paper("light")
    page.emulate_media(color_scheme="dark")
    assert paper("dark")
    page.locator("#theme").click()  # light, whatever the system says
    assert paper("light")
    page.locator("#theme").click()
    assert paper("dark")


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


def test_without_scripts_pictures_and_tables_stand_there(finished, show):
    page = show(finished.unmasked, scripts=False)
    for name in CHARTS:
        assert page.locator(f"#chart-{name} .still").is_visible()
        assert not page.locator(f"#chart-{name} .live").is_visible()
    assert not page.locator("#browser").is_visible()
    assert page.locator("#browse-still tbody tr").count() == 6
    assert "[masked: " in page.locator("#browse-still").inner_text()
    assert "grumble" not in page.content()


def test_on_paper_pictures_stand_and_text_is_masked_unless_the_switch_is_on(finished, show):
    page = show(finished.unmasked)
    chart(page, "spillover")
    page.locator("#browse-kind").select_option("planted")
    page.emulate_media(media="print")
    assert page.locator("#chart-spillover .still").is_visible()
    assert not page.locator("#chart-spillover .live").is_visible()
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
    for name in CHARTS:
        chart(page, name)
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
    chart(page, "spillover")
    tab_to(page, "#chart-spillover .live")
    tab_to(page, "#mask-switch")
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
