"""Le tableau de bord des procédures : chaque nombre ouvre sa liste, et une sanction ne se devine pas."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.manquements.fabriques import un_manquement, une_personne_suivie
from tests.observatoire.test_manquements import FAITS, FIN, sanctionne

pytestmark = pytest.mark.django_db


def lire(client: Any, **champs: str) -> Any:
    return client.get(reverse("tableau_manquements"), {"au": FIN.isoformat(), **champs})


def saisie(distribution: Distribution, nom: str, **champs: Any) -> Any:
    return un_manquement(
        distribution, etat="saisi", faits_le=FAITS, personne=une_personne_suivie(distribution, nom=nom), **champs
    )


def portes(ligne: dict[str, Any]) -> list[str]:
    return [c["url"] for groupe in ("egalite", "suites", "avis", "sanctions") for c in ligne[groupe] if c["url"]]


def test_chaque_nombre_ouvre_les_procedures_qu_il_compte(connecte: Any, distribution: Distribution) -> None:
    saisie(distribution, "DELVAUX")
    sanctionne(distribution, personne=une_personne_suivie(distribution, nom="MARTINEAU"))
    siege = connecte("siege")
    page = lire(siege)
    ensemble = page.context["ensemble"]
    assert [c["texte"] for c in ensemble["suites"]] == ["2", "1", "0", "0", "0", "0", "1"]
    assert [c["texte"] for c in ensemble["egalite"][:4]] == ["2", "50", "30\u00a0%", "1\u00a0mois"]
    par_case = {url.split("compte=")[1].split("&")[0]: url for url in portes(ensemble)}
    for case, dedans, dehors in (("sanctions", "Martineau", "Delvaux"), ("en_cours", "Delvaux", "Martineau")):
        derriere = siege.get(par_case[case]).content.decode()
        assert dedans in derriere
        assert dehors not in derriere
    for url in [
        *portes(ensemble),
        *(m["url"] for m in page.context["motifs"]),
        *(t["url"] for t in page.context["tuiles"]),
    ]:
        assert not url or siege.get(url).status_code == 200


def test_un_motif_ouvre_ses_saisines(connecte: Any, distribution: Distribution) -> None:
    saisie(distribution, "DELVAUX", motif="sollicitation", rendez_vous=False)
    saisie(distribution, "MARTINEAU")
    siege = connecte("siege")
    par_motif = {m["libelle"]: m["url"] for m in lire(siege).context["motifs"]}
    derriere = siege.get(par_motif["Sans réponse à l'organisme instructeur"]).content.decode()
    assert "Delvaux" in derriere
    assert "Martineau" not in derriere


def test_sans_saisine_la_page_dit_quoi_faire(connecte: Any) -> None:
    assert "Aucune procédure n’a été ouverte dans cette période" in lire(connecte("siege")).content.decode()


def test_une_procedure_sans_territoire_a_sa_ligne_et_sa_liste(connecte: Any, distribution: Distribution) -> None:
    saisie(distribution, "DELVAUX")
    manquement = saisie(distribution, "MARTINEAU")
    type(manquement).objects.filter(pk=manquement.pk).update(territoire=None)
    siege = connecte("siege")
    ligne = lire(siege).context["lignes"][-1]
    assert ligne["libelle"] == "Territoire inconnu"
    derriere = siege.get(ligne["suites"][0]["url"]).content.decode()
    assert "Martineau" in derriere
    assert "Delvaux" not in derriere


def test_la_version_a_publier_masque_et_n_ouvre_rien(connecte: Any, distribution: Distribution) -> None:
    for rang in range(6):
        saisie(distribution, f"NOM{rang}")
    saisie(distribution, "DELVAUX", territoire=distribution.autre_territoire)
    siege = connecte("siege")
    page = lire(siege, publication="oui")
    par_lieu = {ligne["libelle"]: ligne["suites"][0]["texte"] for ligne in page.context["lignes"]}
    assert par_lieu[distribution.autre_territoire.libelle] == "s"
    assert par_lieu[distribution.territoire.libelle] == "s"  # sinon 7 − 6 le redonnerait
    assert page.context["tuiles"] == []
    assert reverse("tableau_manquements_dossiers") not in page.content.decode()
    adresse = next(url for nom, url in page.context["formats"] if nom == "CSV")
    reponse = siege.get(adresse)
    contenu = b"".join(reponse.streaming_content) if reponse.streaming else reponse.content
    assert f"{distribution.autre_territoire.libelle};s".encode() in contenu.replace(b'"', b"")


def test_qui_ne_lit_pas_les_procedures_lit_la_version_masquee(connecte: Any, distribution: Distribution) -> None:
    """L'orienteur a le droit de les lire, l'orienteur sans ce droit ne lit que ce qui se publie."""
    saisie(distribution, "DELVAUX")
    client = connecte("orienteur")
    assert lire(client).context["ensemble"]["suites"][0]["texte"] == "1"
    profil = distribution.orienteur.affectations.get().profil
    profil.droits = sorted(set(profil.droits) - {"manquements.consulter"})
    profil.save()
    assert lire(client).context["ensemble"]["suites"][0]["texte"] == "s"
    assert client.get(reverse("tableau_manquements_dossiers")).status_code == 403


def test_un_agent_d_un_autre_territoire_ne_compte_que_les_siens(connecte: Any, distribution: Distribution) -> None:
    saisie(distribution, "DELVAUX")
    etrangere = connecte("etrangere")
    page = lire(etrangere)
    assert page.context["ensemble"]["suites"][0]["texte"] == "0"
    assert distribution.territoire.libelle not in page.content.decode()
    assert lire(etrangere, territoire=distribution.territoire.code).status_code == 404
    assert lire(etrangere, sans_territoire="oui").status_code == 404
    siege = connecte("siege")
    assert siege.get(reverse("tableau_manquements_dossiers"), {"compte": "nulle-part"}).status_code == 404
    assert lire(siege, territoire="nulle-part").status_code == 404


def test_le_nombre_de_lectures_ne_depend_pas_du_nombre_de_saisines(connecte: Any, distribution: Distribution) -> None:
    siege = connecte("siege")
    saisie(distribution, "DELVAUX")
    lire(siege)
    with CaptureQueriesContext(connection) as une:
        lire(siege)
    for rang in range(8):
        saisie(distribution, f"NOM{rang}")
    with CaptureQueriesContext(connection) as neuf:
        lire(siege)
    assert Personne.objects.count() == 9
    assert len(neuf) == len(une)


def test_une_ligne_ouvre_la_procedure_et_un_motif_sa_liste_du_jour(connecte: Any, distribution: Distribution) -> None:
    manquement = saisie(distribution, "DELVAUX", motif="sollicitation", rendez_vous=False)
    siege = connecte("siege")
    derriere = siege.get(
        reverse("tableau_manquements_dossiers"), {"compte": "motif:sollicitation", "au": FIN.isoformat()}
    )
    assert reverse("manquement", args=[manquement.public_id]) in derriere.content.decode()
    assert derriere.context["liste"] == f"{reverse('manquements')}?motif=sollicitation"
    assert "Delvaux" in siege.get(derriere.context["liste"]).content.decode()
