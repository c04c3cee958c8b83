"""L'aide et les refus d'arguments, en français partout."""

from __future__ import annotations

import argparse
import re

import pytest

from jalon.cli.principal import analyseur, main

ANGLAIS = re.compile(
    r"\b(usage:|options:|show|optional|positional|arguments:|the following|required|invalid|"
    r"unrecognized|expected|error|help message)\b"
)


def _tous(racine: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    trouves = {racine.prog: racine}
    for action in racine._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sous in action.choices.values():
                trouves |= _tous(sous)
    return trouves


TOUS = _tous(analyseur())


@pytest.mark.parametrize("commande", sorted(TOUS))
def test_aide_en_francais(commande: str) -> None:
    aide = TOUS[commande].format_help()
    assert not ANGLAIS.search(aide), aide
    assert "affiche cette aide" in aide
    for action in TOUS[commande]._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action


def test_les_commandes_du_contrat_existent() -> None:
    assert {
        "jalon importer flux-caf", "jalon importer quarantaine", "jalon exporter dossier", "jalon sauvegarder",
        "jalon restaurer", "jalon verifier", "jalon demo", "jalon serve", "jalon worker", "jalon init",
    } <= set(TOUS)  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["inconnue"], ["importer"], ["importer", "flux-caf"], ["importer", "flux-caf", "a", "--fort"],
        ["exporter", "dossier"], ["exporter", "dossier", "--matricule", "1", "--numdemrsa", "2"],
        ["serve", "--port", "abc"], ["restaurer"], ["init"], ["exporter", "dossier", "--matricule"],
    ],
    ids=lambda a: " ".join(a) or "rien",
)  # fmt: skip
def test_un_mauvais_argument_est_refuse_en_francais(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as sortie:
        main(arguments)
    assert sortie.value.code == 2
    erreurs = capsys.readouterr().err
    assert not ANGLAIS.search(erreurs), erreurs
    assert "--help" in erreurs
