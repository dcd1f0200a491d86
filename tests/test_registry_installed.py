"""Components of installed packages: lazy, named when they break, told apart when they clash."""

import sys

import pytest

from semspill import PoisonStrategy
from semspill._registry import Registry
from semspill.errors import PluginError, RegistryError


@pytest.fixture
def registry(tmp_path) -> Registry[PoisonStrategy]:
    """A registry with an entry-point group of its own, in which nothing is installed yet."""
    group = f"semspill.tests.{tmp_path.name}"
    return Registry("poison strategy", group=group, base=PoisonStrategy)


@pytest.fixture
def install(tmp_path, monkeypatch, registry):
    """Installs a package: files, and entry points for the registry's group."""
    made: list[str] = []

    def run(package: str, points: dict[str, str], files: dict[str, str] | None = None) -> None:
        site = tmp_path / package
        info = site / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        rows = "".join(f"{name} = {value}\n" for name, value in points.items())
        (info / "entry_points.txt").write_text(f"[{registry.group}]\n{rows}")
        for name, text in (files or {}).items():
            (site / name).write_text(text)
            made.append(name.removesuffix(".py"))
        monkeypatch.syspath_prepend(site)

    yield run
    for module in made:
        sys.modules.pop(module, None)


GOOD = '''
from semspill import PoisonStrategy
class Quiet(PoisonStrategy):
    """Whispers."""
    citation = "original"
    def rewrite(self, victims, responses, rng):
        return victims
'''


def test_an_installed_component_is_imported_only_when_asked_for(registry, install):
    install("quiet_pkg", {"quiet": "quiet_pkg:Quiet"}, {"quiet_pkg.py": GOOD})
    assert registry.names() == ("quiet",)
    assert registry.origin("quiet") == "quiet_pkg 1.0"
    assert "quiet_pkg" not in sys.modules
    assert registry.get("quiet").__name__ == "Quiet"
    assert registry.describe(registry.build("quiet")) == {"name": "quiet"}


def test_an_installed_class_used_directly_knows_its_name(registry, install):
    install("quiet_pkg", {"quiet": "quiet_pkg:Quiet"}, {"quiet_pkg.py": GOOD})
    import quiet_pkg

    assert registry.describe(quiet_pkg.Quiet()) == {"name": "quiet"}


def test_naming_a_class_imports_no_package_but_its_own(registry, install):
    """`quiet` is how the name of the other package begins, too."""
    install("quiet", {}, {"quiet.py": GOOD})
    install("quiet_pkg", {"other": "quiet_pkg:Quiet"}, {"quiet_pkg.py": GOOD})
    import quiet

    assert registry.name_of(quiet.Quiet) is None
    assert "quiet_pkg" not in sys.modules


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import nobody_wrote_this", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("def", "SyntaxError"),
        ("", "AttributeError"),
        ("import sys; sys.exit(5)", "SystemExit"),
    ],
)
def test_a_broken_plugin_is_named_keeps_its_cause_and_breaks_only_itself(
    registry, install, text, kind
):
    install("torn_pkg", {"a_torn": "torn_pkg:Torn"}, {"torn_pkg.py": text})
    install("quiet_pkg", {"quiet": "quiet_pkg:Quiet"}, {"quiet_pkg.py": GOOD})
    for _ in range(2):
        with pytest.raises(PluginError) as caught:
            registry.build("a_torn")
        assert str(caught.value).startswith(
            "The poison strategy 'a_torn' from torn_pkg 1.0 failed to import "
            f"(torn_pkg:Torn): {kind}: "
        )
        assert type(caught.value.__cause__).__name__ == kind
    assert registry.names() == ("a_torn", "quiet")
    assert registry.build("quiet") is not None


def test_what_a_plugin_prints_is_not_what_the_program_prints(registry, install, capsys):
    install("loud_pkg", {"loud": "loud_pkg:Quiet"}, {"loud_pkg.py": f"print('hey')\n{GOOD}"})
    registry.get("loud")
    assert capsys.readouterr() == ("", "hey\n")


def test_a_broken_sibling_does_not_hide_the_name_of_a_class(registry, install):
    points = {"a_torn": "quiet_pkg:Torn", "quiet": "quiet_pkg:Quiet"}
    install("quiet_pkg", points, {"quiet_pkg.py": GOOD})
    import quiet_pkg

    assert registry.name_of(quiet_pkg.Quiet) == "quiet"


def test_an_installed_thing_of_the_wrong_kind_is_refused(registry, install):
    install("torn_pkg", {"number": "torn_pkg:three"}, {"torn_pkg.py": "three = 3"})
    with pytest.raises(PluginError, match="3 cannot be the poison strategy 'number': it must be a"):
        registry.get("number")


def test_two_packages_that_claim_one_name_are_both_named(registry, install):
    install("one_pkg", {"twin": "one_pkg:Quiet"}, {"one_pkg.py": GOOD})
    install("two_pkg", {"twin": "two_pkg:Quiet"}, {"two_pkg.py": GOOD})
    assert registry.names() == ("twin",)
    with pytest.raises(RegistryError) as caught:
        registry.get("twin")
    said = str(caught.value)
    assert said.startswith("Two packages register a poison strategy named 'twin': ")
    assert said.endswith("; uninstall one of them.")
    assert "one_pkg 1.0" in said
    assert "two_pkg 1.0" in said
    assert "one_pkg" not in sys.modules


def test_one_plugin_listed_twice_is_one_plugin(registry, install):
    install("one_pkg", {"twin": "one_pkg:Quiet"}, {"one_pkg.py": GOOD})
    install("one_pkg_editable", {"twin": "one_pkg:Quiet"})
    assert registry.get("twin").__name__ == "Quiet"
