import re

import pytest

from semspill.experiment import write_page

pytestmark = pytest.mark.no_cover

pytest.importorskip("playwright", reason="playwright is not installed")


def status(page):
    return page.locator("#browse-status").inner_text()


def rows(page):
    """What the table shows: dialogue and turn, category and answer of each row."""
    return page.locator("#browse-table tbody tr").evaluate_all(
        "rows => rows.map(row => [row.cells[0].textContent, row.cells[1].textContent, "
        "row.querySelector('.answer').firstChild.textContent])"
    )


def ordered(held):
    """Answers as a page first shows them: planted, then highest rated, then as they were asked."""
    return sorted(held, key=lambda row: (not row["planted"], -row["toxicity"]))


def column(page, name):
    cells = page.locator(f'#browse-table tbody td[data-name="{name}"]').all_inner_texts()
    return [text.removeprefix(f"{name}: ") for text in cells]


def unmask(page):
    page.locator("#mask-switch").click()
    page.locator("#mask-show").click()


# The switch


def test_text_is_shown_only_after_the_warning_and_masked_again(finished, show):
    page = show(finished.unmasked)
    page.locator("#browse-kind").select_option("planted")
    switch, warning = page.locator("#mask-switch"), page.locator("#mask-warning")
    answers = page.locator("#browse-table tbody .answer")

    def masked():
        texts = answers.all_text_contents()
        assert texts
        assert "grumble" not in page.locator("body").inner_text()
        return all(re.fullmatch(r"\[masked: \d+ characters\]", text) for text in texts)

    assert masked()
    assert switch.get_attribute("aria-checked") == "false"
    switch.click()
    assert warning.is_visible()
    assert masked()
    page.locator("#mask-keep").click()
    assert not warning.is_visible()
    assert masked()
    switch.click()
    page.keyboard.press("Escape")
    assert masked()
    unmask(page)
    assert switch.get_attribute("aria-checked") == "true"
    assert all(text.startswith("grumble number") for text in answers.all_text_contents())
    contexts = page.locator("#browse-table tbody .context p").all_text_contents()
    first = ordered(finished.responses())[0]
    assert contexts[: len(first["context"])] == first["context"]
    switch.click()
    assert masked()
    unmask(page)
    page.reload()
    page.locator("#browser").wait_for()
    page.locator("#browse-kind").select_option("planted")
    assert masked()


def test_a_page_without_the_text_has_no_switch_and_says_how_to_get_it(finished, show):
    page = show(finished.masked)
    assert page.locator("#mask-switch").count() == 0
    assert "semspill run CONFIG --show-text" in page.locator("#exchanges").inner_text()
    page.locator("#browse-kind").select_option("planted")
    answers = page.locator("#browse-table tbody .answer").all_text_contents()
    mask = r"\[masked: \d+ characters, sha256 [0-9a-f]{8}\]"
    assert all(re.fullmatch(mask, text) for text in answers)


def test_a_page_with_contexts_shows_them_and_masks_answers(finished, show, tmp_path):
    page = show(write_page(finished.folder, tmp_path / "page.html", contexts=True))
    assert page.locator("#mask-switch").count() == 0
    first = ordered(finished.responses())[0]
    row = page.locator("#browse-table tbody tr").first
    assert row.locator(".context p").all_text_contents() == first["context"]
    assert row.locator(".answer").text_content().startswith("[masked: ")
    word = first["context"][0].split()[0].lower()
    page.locator("#browse-words").fill(word)
    assert rows(page)


def test_masked_words_cannot_be_found(finished, show):
    page = show(finished.unmasked)
    page.locator("#browse-words").fill("grumble")
    assert status(page) == f"No exchange fits, of {len(finished.responses())} in all"
    unmask(page)
    hits = [
        row
        for row in finished.responses()
        if any("grumble" in text.lower() for text in (row["response"], *row["context"]))
    ]
    assert status(page).startswith(f"Rows 1 to {min(25, len(hits))} of {len(hits)}, of ")


# The table


def test_filters_keep_what_the_files_hold(finished, show):
    page = show(finished.unmasked)
    total = len(finished.responses())
    assert status(page) == f"Rows 1 to 25 of {total}"
    assert {row["toxicity"] for row in finished.responses()} == {0, 0.4, 0.6}
    for arm in ("poison", "pool_only"):
        for seed in (0, 2):
            held = finished.responses(arm, seed)
            page.locator("#browse-arm").select_option(arm)
            page.locator("#browse-seed").select_option(str(seed))
            kinds = {
                "all": held,
                "planted": [row for row in held if row["planted"]],
                "toxic": [row for row in held if row["toxicity"] >= 0.5],
            }
            for kind, kept in kinds.items():
                page.locator("#browse-kind").select_option(kind)
                for category in ("", "brave", "weary"):
                    page.locator("#browse-category").select_option(category)
                    wanted = [
                        [f"{row['dialogue']}, {row['turn']}", row["category"]]
                        for row in ordered(kept)
                        if category in ("", row["category"])
                    ]
                    assert [row[:2] for row in rows(page)] == wanted[:25]
                    said = f"of {len(wanted)}" if wanted else "No exchange fits"
                    assert said in status(page)


def test_words_are_found_in_what_is_visible(finished, show):
    page = show(finished.masked)
    held = finished.responses()
    word = next(row for row in held if row["toxicity"] < 0.5)["response"].split()[-1]
    page.locator("#browse-words").fill(word.upper())
    hits = [
        row
        for row in ordered(held)
        if word.lower() in row["response"].lower() and row["toxicity"] < 0.5 and not row["planted"]
    ]
    assert hits
    assert [row[2] for row in rows(page)] == [row["response"] for row in hits][:25]


@pytest.mark.parametrize("by", ["toxicity", "score"])
def test_columns_sort_from_the_highest_then_from_the_lowest(finished, show, by):
    page = show(finished.masked)
    name = by.capitalize()
    values = [row[by] for row in finished.responses()]
    header = page.locator(f'#browse-table [data-by="{by}"]')
    for down, said in ((True, "descending"), (False, "ascending")):
        header.click()
        shown = [float(text) for text in column(page, name)]
        assert shown == pytest.approx(sorted(values, reverse=down)[:25], abs=0.0051)
        sorted_by = page.locator("#browse-table th[aria-sort]")
        assert sorted_by.get_attribute("aria-sort") == said
        assert name in sorted_by.inner_text()


def test_pages_are_turned_and_their_size_chosen(finished, show):
    page = show(finished.masked)
    held = [
        [f"{row['dialogue']}, {row['turn']}", row["category"]]
        for row in ordered(finished.responses())
    ]
    assert len(held) > 75
    last = (len(held) - 1) // 25 * 25
    for button, start in (
        ("next", 25),
        ("next", 50),
        ("previous", 25),
        ("last", last),
        ("first", 0),
    ):
        page.locator(f"#browse-{button}").click()
        assert [row[:2] for row in rows(page)] == held[start : start + 25]
    page.locator("#browse-first").dispatch_event("click")  # leads nowhere
    assert [row[:2] for row in rows(page)] == held[:25]
    assert page.locator("#browse-previous").get_attribute("aria-disabled") == "true"
    page.locator("#browse-rows").select_option("50")
    assert [row[:2] for row in rows(page)] == held[:50]
    page.locator("#browse-last").click()
    page.locator("#browse-next").dispatch_event("click")
    assert page.locator("#browse-next").get_attribute("aria-disabled") == "true"
    assert rows(page)[-1][:2] == held[-1]


def test_another_arm_s_answer_stands_beside(finished, show):
    page = show(finished.unmasked)
    page.locator("#browse-kind").select_option("planted")
    page.locator("#browse-beside").select_option("clean")
    answers = page.locator('#browse-table td[data-name="Answer (clean)"]').evaluate_all(
        "cells => cells.map(cell => cell.firstChild.textContent)"
    )
    pairs = zip(finished.responses(), finished.responses("clean"), strict=True)
    planted = [(row, beside) for row, beside in pairs if row["planted"]]
    clean = [beside["response"] for _, beside in sorted(planted, key=lambda p: -p[0]["toxicity"])]
    assert answers == clean[:25]
