"""Les communes : l'adresse se rattache par le code Insee, y compris un code d'avant une fusion."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.referentiels.communes import (
    CHEMIN_PAQUET,
    DecoupageIllisibleError,
    ReferentielCommunes,
    charger_communes,
)
from jalon.referentiels.models import Commune
from jalon.referentiels.services import installer_communes

RACINE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def referentiel() -> ReferentielCommunes:
    """Paquet npm du dépôt, ou de JALON_NODE_MODULES ; sans lui, ces essais se sautent."""
    modules = Path(os.environ.get("JALON_NODE_MODULES", RACINE / "node_modules"))
    dossier = modules / CHEMIN_PAQUET.relative_to("node_modules")
    if not (dossier / "communes.json").is_file():
        pytest.skip(f"paquet @etalab/decoupage-administratif absent de {dossier} : npm ci")
    return charger_communes(dossier)


def test_les_communes_de_metropole_et_des_drom_sont_toutes_la(referentiel: ReferentielCommunes) -> None:
    assert sum(1 for _ in referentiel.de_droit_commun()) == 34_875
    assert len(referentiel.communes) == 34_969


@pytest.mark.parametrize(("departement", "nombre"), [("62", 887), ("45", 325), ("976", 17)])
def test_communes_d_un_departement(referentiel: ReferentielCommunes, departement: str, nombre: int) -> None:
    communes = referentiel.du_departement(departement)
    assert len(communes) == nombre
    assert [c.code for c in communes] == sorted(c.code for c in communes)


@pytest.mark.parametrize(
    ("code", "actuel"),
    [
        pytest.param("62041", "62041", id="commune actuelle"),
        pytest.param("62461", "62447", id="fusionnée dans Hesdin-la-Forêt"),
        pytest.param("45057", "45191", id="déléguée du Malesherbois"),
        pytest.param("01120", "01262", id="associée à Montluel"),
        pytest.param("80072", "62881", id="venue d'un autre département"),
        pytest.param("75101", "75056", id="arrondissement municipal"),
        pytest.param("55273", "55386", id="le chef-lieu présent prime sur l'historique"),
        pytest.param("62999", None, id="inconnu"),
    ],
)
def test_un_code_mene_a_la_commune_actuelle(referentiel: ReferentielCommunes, code: str, actuel: str | None) -> None:
    assert referentiel.resoudre(code) == actuel
    commune = referentiel.commune(code)
    assert (commune.code if commune else None) == actuel


def test_tout_code_ancien_ou_rattache_mene_a_une_commune_actuelle(referentiel: ReferentielCommunes) -> None:
    for code in [*referentiel.anciens_codes, *referentiel.rattachees]:
        assert referentiel.resoudre(code) in referentiel.communes, code
    assert all(referentiel.resoudre(c) == a for c, a in referentiel.anciens_codes.items())


def test_une_commune_connait_son_epci(referentiel: ReferentielCommunes) -> None:
    lens = referentiel.communes["62498"]
    assert lens.epci is not None
    assert referentiel.epci[lens.epci].nom == "CA de Lens - Liévin"
    assert "62498" in referentiel.epci[lens.epci].membres
    assert lens.codes_postaux == ("62300",)
    assert lens.population is not None


def test_une_commune_sans_epci_ou_sans_arrondissement_le_dit(referentiel: ReferentielCommunes) -> None:
    assert referentiel.communes["29155"].epci is None  # Ouessant
    assert referentiel.communes["97611"].arrondissement is None  # Mamoudzou


def test_un_code_postal_ne_donne_que_des_candidates(referentiel: ReferentielCommunes) -> None:
    """62310 couvre plusieurs communes de deux territoires : rien ne permet d'en choisir une."""
    assert len(referentiel.candidates_du_code_postal("62310")) > 1
    assert referentiel.candidates_du_code_postal("00000") == ()


def test_un_paquet_absent_est_une_erreur_qui_dit_quoi_installer(tmp_path: Path) -> None:
    with pytest.raises(DecoupageIllisibleError, match="npm ci"):
        charger_communes(tmp_path)


@pytest.mark.parametrize("contenu", ["{pas du json", json.dumps({"une": "table"}), "[]"])
def test_un_paquet_abime_est_une_erreur(tmp_path: Path, contenu: str) -> None:
    for nom in ("communes.json", "epci.json", "departements.json"):
        (tmp_path / nom).write_text(contenu, encoding="utf-8")
    with pytest.raises(DecoupageIllisibleError, match="communes.json|epci.json"):
        charger_communes(tmp_path)


@pytest.mark.django_db
def test_rejouer_l_installation_n_ecrit_que_les_communes_qui_ont_change(referentiel: ReferentielCommunes) -> None:
    installer_communes(referentiel, departements={"45"})
    changee = Commune.objects.filter(departement="45").order_by("code_insee")[0]
    nom = changee.nom
    Commune.objects.filter(pk=changee.pk).update(nom="Nom d'avant la fusion", population=None)

    places = _places_ecrites()
    with CaptureQueriesContext(connection) as requetes:
        assert installer_communes(referentiel, departements={"45"}) == 325
    assert len([r for r in requetes if "insert into referentiels_commune" in r["sql"]]) == 1

    changee.refresh_from_db()
    assert (changee.nom, changee.population) == (nom, referentiel.communes[changee.pk].population)
    deplacees = {code for code, place in _places_ecrites().items() if places[code] != place}
    assert deplacees == {changee.pk}


def _places_ecrites() -> dict[str, str]:
    """Où chaque ligne est écrite : PostgreSQL déplace celle qu'il récrit."""
    with connection.cursor() as curseur:
        curseur.execute("select code_insee, ctid::text from referentiels_commune where departement = '45'")
        return dict(curseur.fetchall())
