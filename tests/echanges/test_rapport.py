"""Le rapport d'import : des chiffres qui s'additionnent, une simulation qui dit vrai, un refus qui n'écrit rien."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jalon.echanges.flux_caf.erreurs import FluxRefuseError
from jalon.echanges.models import AnomalieFlux, Flux, ListeRapport
from jalon.echanges.services import importer_flux
from jalon.referentiels.models import Parametre
from jalon.referentiels.parametres import oublier
from tests.echanges.aides_mois import MOIS, Mois
from tests.echanges.flux_caf.fabrique import en_gz, en_zip, flux_xml, foyer, personne

AOUT, SEPTEMBRE, OCTOBRE, NOVEMBRE, DECEMBRE = MOIS
LUI = {"sexe": "1", "date_naissance": "1983-02-03", "role": "CJT"}


def empreintes() -> dict[str, str]:
    """Une empreinte par table, rangée par clé : deux bases égales ont les mêmes."""
    with connection.cursor() as curseur:
        curseur.execute("select tablename from pg_tables where schemaname = 'public' order by tablename")
        tables = [ligne[0] for ligne in curseur.fetchall()]
        rendues = {}
        for table in tables:
            curseur.execute(
                f"select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) from \"{table}\" t"
            )
            rendues[table] = curseur.fetchone()[0]
    return rendues


def _trois(**options: Any) -> list[str]:
    return [
        foyer("00000000001", personnes=[personne("UN"), personne("UN", "PAUL", **LUI)], **options),
        foyer("00000000002", personnes=[personne("DEUX", soumis=False)], **options),
        foyer("00000000003", personnes=[personne("TROIS", date_naissance="2026-13-45")]),
    ]


def test_la_forme_exacte_du_rapport(mois: Mois) -> None:
    rapport = mois(_trois(), AOUT).rapport
    assert {
        k: rapport[k] for k in ("type_flux", "date_reference", "foyers", "personnes", "soumis_droits_devoirs", "totaux")
    } == {
        "type_flux": "M",
        "date_reference": AOUT,
        "foyers": {"lus": 3, "crees": 2, "mis_a_jour": 0, "inchanges": 0, "quarantaine": 1},
        "personnes": {"lues": 4, "creees": 3, "mises_a_jour": 0, "inchangees": 1},
        "soumis_droits_devoirs": {"total": 2, "entrees": 2, "sorties": 0},
        "totaux": {"annonces": 3, "lus": 3},
    }
    assert rapport["fichier"] == "flux-1.xml"
    assert {"code": "foyer_illisible", "nombre": 1} in rapport["anomalies"]
    assert all(set(a) == {"code", "nombre"} for a in rapport["anomalies"])


def test_chaque_chiffre_a_sa_liste(mois: Mois) -> None:
    flux = mois(_trois(), AOUT).flux
    rapport = mois(_trois(etat="5", fin_droit=("RSO", "2026-09-01")), SEPTEMBRE)
    assert flux is not None
    assert rapport.flux is not None
    listes = {liste.rubrique: liste for liste in ListeRapport.objects.filter(flux=rapport.flux).order_by("id")}
    assert len(listes["mis_a_jour"].dossiers) == rapport.rapport["foyers"]["mis_a_jour"] == 2
    assert len(listes["sorties"].personnes) == rapport.rapport["soumis_droits_devoirs"]["sorties"] == 2
    assert len(listes["clos"].dossiers) == rapport.rapport["mouvements"]["clos"] == 2
    assert AnomalieFlux.objects.filter(flux=flux).count() + 1 == sum(a["nombre"] for a in flux.rapport["anomalies"])


def test_des_departs_ne_faussent_pas_le_compte(mois: Mois) -> None:
    enfants = [personne("UN", p, role="ENF", soumis=None, date_naissance="2020-01-01") for p in ("LEA", "TOM", "ZOE")]
    mois([foyer(personnes=[personne("UN"), *enfants])], AOUT)
    rapport = mois([foyer(personnes=[personne("UN")])], SEPTEMBRE).rapport
    assert rapport["personnes"] == {"lues": 1, "creees": 0, "mises_a_jour": 0, "inchangees": 1}


def test_un_fichier_qui_repete_ne_change_rien_et_le_dit(mois: Mois) -> None:
    foyers = _trois()[:2]
    mois(foyers, AOUT)
    avant = empreintes()
    rapport = mois(foyers, AOUT, heure="05:00:00").rapport
    assert rapport["foyers"] == {"lus": 2, "crees": 0, "mis_a_jour": 0, "inchanges": 2, "quarantaine": 0}
    assert rapport["personnes"] == {"lues": 3, "creees": 0, "mises_a_jour": 0, "inchangees": 3}
    assert "rien n'a changé" in rapport["message"]
    changees = {table for table, somme in empreintes().items() if avant[table] != somme}
    assert changees == {"echanges_flux", "droits_reception", "traces_acte"}


def test_un_foyer_inchange_se_confirme_le_mois_suivant(mois: Mois) -> None:
    mois(_trois()[:2], AOUT)
    rapport = mois(_trois(nb_enfants=1)[:1] + _trois()[1:2], SEPTEMBRE).rapport
    assert (rapport["foyers"]["mis_a_jour"], rapport["foyers"]["inchanges"]) == (1, 1)


# --- Même fichier, totaux -------------------------------------------------------------------------------


@pytest.mark.parametrize("emballage", [lambda c: c, en_gz, en_zip], ids=["nu", "gz", "zip"])
def test_refuse_le_meme_fichier_deux_fois(db: None, tmp_path: Path, emballage: Any) -> None:
    contenu = flux_xml(_trois())
    (tmp_path / "un.xml").write_bytes(contenu)
    importer_flux(tmp_path / "un.xml")
    avant = empreintes()
    (tmp_path / "deux.xml").write_bytes(emballage(contenu))
    with pytest.raises(FluxRefuseError) as refus:
        importer_flux(tmp_path / "deux.xml")
    assert refus.value.code == "deja_importe"
    assert "un.xml" in str(refus.value)
    assert empreintes() == avant


@pytest.mark.parametrize(("annonces", "signale"), [(3, False), (4, True), (2, True)])
def test_un_total_faux_est_signale_sans_bloquer(mois: Mois, annonces: int, signale: bool) -> None:
    rapport = mois(_trois(), totaux=(annonces, 0)).rapport
    assert rapport["totaux"] == {"annonces": annonces, "lus": 3}
    assert ("total_different" in {a["code"] for a in rapport["anomalies"]}) is signale


def test_un_mensuel_dit_ses_absents_un_quotidien_non(mois: Mois) -> None:
    mois(_trois()[:2], AOUT)
    assert mois(_trois(nb_enfants=1)[:1], SEPTEMBRE).rapport["mouvements"]["absents"] == 1
    assert mois(_trois(nb_enfants=2)[:1], OCTOBRE, type_flux="I").rapport["mouvements"]["absents"] == 0


def test_un_fichier_vide_ou_presque_alerte(mois: Mois) -> None:
    mois(_trois()[:2], AOUT)
    codes = {a["code"] for a in mois(_trois(nb_enfants=1)[:1], SEPTEMBRE).rapport["anomalies"]}
    assert "absents_nombreux" in codes


def test_un_fichier_sans_foyer_s_importe(mois: Mois) -> None:
    rapport = mois([], AOUT).rapport
    assert rapport["foyers"]["lus"] == 0
    assert rapport["totaux"] == {"annonces": 0, "lus": 0}


# --- Refus ----------------------------------------------------------------------------------------------

XML = flux_xml([foyer()])


@pytest.mark.parametrize(
    ("contenu", "code"),
    [
        (b"", None), (b"bonjour", None), (XML[: len(XML) // 2], None),
        (XML.replace(b"<Racine>", b"<!DOCTYPE Racine>\n<Racine>", 1), "dtd_interdite"),
        (XML.replace(b"<Racine>", b'<!DOCTYPE Racine [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<Racine>', 1), "dtd_interdite"),
        (XML.replace(b"InfosFoyerRSA", b"InfosCreanceFoyerRSA"), None), (en_gz(XML)[:-20], None),
        (b"<html><body/></html>", None),
    ],
    ids=["vide", "texte", "tronque", "dtd", "entite", "autre-flux", "gz-coupe", "html"],
)  # fmt: skip
def test_refuse_en_entier_sans_rien_ecrire(db: None, tmp_path: Path, contenu: bytes, code: str | None) -> None:
    chemin = tmp_path / "recu.xml"
    chemin.write_bytes(contenu)
    avant = empreintes()
    with pytest.raises(FluxRefuseError) as refus:
        importer_flux(chemin)
    assert code is None or refus.value.code == code
    assert empreintes() == avant


def test_la_taille_maximale_est_un_parametre(db: None, tmp_path: Path) -> None:
    chemin = tmp_path / "bombe.zip"
    chemin.write_bytes(en_zip(XML.replace(b"<Racine>", b"<Racine>" + b" " * 2_000_000, 1)))
    Parametre.objects.filter(code="flux.taille_decompressee_max").update(valeur="1")
    oublier()
    avant = empreintes()
    with pytest.raises(FluxRefuseError):
        importer_flux(chemin)
    assert empreintes() == avant
    Parametre.objects.filter(code="flux.taille_decompressee_max").update(valeur="4")
    oublier()
    assert importer_flux(chemin).rapport["foyers"]["crees"] == 1
    oublier()


def test_refuse_un_fichier_absent(db: None, tmp_path: Path) -> None:
    with pytest.raises(FluxRefuseError):
        importer_flux(tmp_path / "absent.xml")


# --- Simulation -----------------------------------------------------------------------------------------


def test_la_simulation_dit_la_meme_chose_et_n_ecrit_rien(mois: Mois) -> None:
    mois(_trois()[:2], AOUT)
    suite = [*_trois(nb_enfants=1), foyer("00000000004", personnes=[personne("QUATRE")])]
    avant = empreintes()
    essai = mois(suite, SEPTEMBRE, simulation=True)
    assert essai.flux is None
    assert empreintes() == avant
    vrai = mois(suite, SEPTEMBRE)

    def chiffres(rapport: dict[str, Any]) -> dict[str, Any]:
        garde = copy.deepcopy(rapport)
        for cle in ("fichier", "simulation"):
            garde.pop(cle)
        return garde

    assert chiffres(essai.rapport) == chiffres(vrai.rapport)
    assert (essai.rapport["simulation"], vrai.rapport["simulation"]) == (True, False)
    assert Flux.objects.count() == 2


# --- Cohérence ------------------------------------------------------------------------------------------

PERSONNES = [
    personne("UN", "A"), personne("DEUX", "B", **LUI), personne("UN", "C", role="ENF", soumis=None, date_naissance="2019-01-01"),
    personne("UN", "A", nir="8850462041001"), personne("DEUX", "B", soumis=False, **LUI), personne("X", date_naissance="?"),
]  # fmt: skip
FOYERS = st.builds(
    lambda numero, membres, etat: foyer(f"{numero:011d}", personnes=[PERSONNES[m] for m in membres], etat=etat),
    st.integers(1, 3), st.lists(st.integers(0, 5), min_size=1, max_size=4), st.sampled_from(["2", "3", "5"]),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(FOYERS, max_size=4), min_size=1, max_size=3))
def test_les_chiffres_s_additionnent_toujours(mois: Mois, suite: list[list[str]]) -> None:
    with transaction.atomic():
        for rang, foyers in enumerate(suite):
            resultat = mois(foyers, MOIS[rang])
            rapport = resultat.rapport
            f, p = rapport["foyers"], rapport["personnes"]
            assert f["lus"] == len(foyers) == f["crees"] + f["mis_a_jour"] + f["inchanges"] + f["quarantaine"]
            assert p["lues"] == "".join(foyers).count("<Personne>")
            assert p["lues"] == p["creees"] + p["mises_a_jour"] + p["inchangees"]
            assert min(*f.values(), *p.values()) >= 0
            listes = {x.rubrique: x for x in ListeRapport.objects.filter(flux=resultat.flux).order_by("id")}
            for rubrique in ("entrees", "sorties"):
                liste = listes.get(rubrique)
                assert len(liste.personnes if liste else []) == rapport["soumis_droits_devoirs"][rubrique]
        transaction.set_rollback(True)
