"""« Mon portefeuille » : ce qui presse, ce qui dort, qui remplace qui, l'export."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.accompagnements.models import AbsenceAgent, AvisReferent
from jalon.orientations.models import NotificationOrientation
from jalon.personnes.models import Personne, Tache, TypeTache
from jalon.rendezvous.models import RendezVous
from jalon.traces.models import Acte, Lecture
from tests.accompagnements.aides import jour, nommer, organisme_de, orienter
from tests.distribution import Distribution
from tests.fabriques import un_contrat, une_allocataire

pytestmark = pytest.mark.django_db
ADRESSE = "/portefeuille/"


def noms(page: str) -> list[str]:
    return re.findall(r"data-ouvrir>([^<]+)</a>", page)


def lire(client: Client, requete: str = "") -> str:
    reponse = client.get(f"{ADRESSE}{requete}")
    assert reponse.status_code == 200
    return reponse.content.decode().replace("\xa0", " ")


def suivie(distribution: Distribution, prenom: str = "MARIE", *, depuis: int = 40, **champs: Any) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, nom="DUBOIS", prenom=prenom)
    nommer(personne, distribution.partenaire, depuis=depuis, prevenue_le=jour(), moyen_prevenue="entretien", **champs)
    return personne


def test_chacun_ne_voit_que_son_portefeuille(connecte: Any, distribution: Distribution) -> None:
    suivie(distribution)
    collegue = distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))
    nommer(une_allocataire(territoire=distribution.territoire, nom="AUTRE", prenom="LINE"), collegue)
    assert noms(lire(connecte("partenaire"))) == ["Marie Dubois"]


def test_qui_n_est_plus_referent_ne_la_voit_plus(connecte: Any, distribution: Distribution) -> None:
    personne = suivie(distribution)
    personne.designations_referent.update(periode=DateRange(jour(40), jour()))
    assert noms(lire(connecte("partenaire"))) == []


@pytest.mark.parametrize(
    ("filtre", "texte"),
    [
        ("taches", "Tâche en retard"),
        ("notification", "Réception non connue"),
        ("contrat", "Délai du contrat passé"),
        ("reexamen", "Orientation à réexaminer"),
        ("sommeil", "Dossier qui dort"),
    ],
)
def test_chaque_retard_a_son_filtre(connecte: Any, distribution: Distribution, filtre: str, texte: str) -> None:
    calme = suivie(distribution, "CALME", depuis=10)
    presse = suivie(distribution, "PRESSE", depuis=200)
    orienter(calme, organisme_de(distribution.partenaire), depuis=10)
    decision = orienter(presse, organisme_de(distribution.partenaire), depuis=200)
    NotificationOrientation.objects.create(
        decision=calme.decisions_orientation.get(), produite_le=jour(9), produite_par=distribution.orienteur,
        mode_reception="remise", recue_le=jour(8),
    )  # fmt: skip
    if filtre == "taches":
        Tache.objects.create(
            type=TypeTache.RECUEIL, personne=presse, organisme=organisme_de(distribution.partenaire),
            ouverte_le=jour(20), echeance=jour(1),
        )  # fmt: skip
    assert decision.type.sphere == "sociale"
    page = lire(connecte("partenaire"), f"?filtre={filtre}")
    assert noms(page) == ["Presse Dubois"]
    assert texte in page or texte.lower() in page


def test_un_acte_ou_un_rendez_vous_reveillent_le_dossier(connecte: Any, distribution: Distribution) -> None:
    endormie = suivie(distribution, "DORT", depuis=200)
    vue = suivie(distribution, "VUE", depuis=200)
    attendue = suivie(distribution, "ATTEND", depuis=200)
    Acte.objects.create(code="essai", objet_type="x", personnes=[vue.public_id], resume="Entretien")
    RendezVous.objects.create(
        personne=attendue, objet="entretien", organisme=organisme_de(distribution.partenaire),
        debut=timezone.now() + timedelta(days=3), modalite="telephone",
    )  # fmt: skip
    assert noms(lire(connecte("partenaire"), "?filtre=sommeil")) == ["Dort Dubois"]
    assert endormie.pk
    assert noms(lire(connecte("partenaire"), "?filtre=rendez_vous")) == ["Attend Dubois"]


def test_le_remplacant_voit_le_portefeuille_du_collegue(connecte: Any, distribution: Distribution) -> None:
    collegue = distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))
    nommer(une_allocataire(territoire=distribution.territoire, nom="AUTRE", prenom="LINE"), collegue)
    assert noms(lire(connecte("partenaire"))) == []
    AbsenceAgent.objects.create(
        agent=collegue, remplacant=distribution.partenaire, motif="conges", enregistree_par=distribution.siege,
        periode=DateRange(jour(), None),
    )  # fmt: skip
    page = lire(connecte("partenaire"))
    assert noms(page) == ["Line Autre"]
    assert "En remplacement" in page
    assert f"Vous remplacez <strong>{collegue}</strong>" in page


def test_les_avis_se_lisent_puis_s_effacent(connecte: Any, distribution: Distribution) -> None:
    AvisReferent.objects.create(
        agent=distribution.partenaire,
        personne=une_allocataire(),
        arrive=False,
        texte="Line Autre n'est plus chez vous.",
    )
    client = connecte("partenaire")
    assert "Line Autre n&#x27;est plus chez vous." in lire(client)
    assert client.post("/portefeuille/avis/lus/").status_code == 302
    assert "Ce qui a changé" not in lire(client)


def test_l_avis_d_une_personne_devenue_invisible_reste_lisible(connecte: Any, distribution: Distribution) -> None:
    """L'ancien référent n'ouvre plus le dossier, mais sait qui l'a repris."""
    ailleurs = une_allocataire(territoire=distribution.autre_territoire)
    AvisReferent.objects.create(
        agent=distribution.partenaire, personne=ailleurs, arrive=False, texte="Repris par Rita."
    )
    assert "Repris par Rita." in lire(connecte("partenaire"))


def test_l_export_est_note_et_ne_dit_que_le_filtre(connecte: Any, distribution: Distribution) -> None:
    suivie(distribution, "NOUVELLE", depuis=3)
    suivie(distribution, "ANCIENNE", depuis=90)
    reponse = connecte("partenaire").get("/portefeuille/exporter/?filtre=nouvelles&format=csv")
    texte = b"".join(reponse.streaming_content).decode("utf-8-sig")
    assert "Nouvelle" in texte
    assert "Ancienne" not in texte
    assert Lecture.objects.get(nature=Lecture.Nature.EXPORT).nombre == 1


def test_autant_de_lectures_pour_une_et_pour_vingt(connecte: Any, distribution: Distribution) -> None:
    client = connecte("partenaire")

    def lectures() -> int:
        with CaptureQueriesContext(connection) as requetes:
            lire(client)
        return len(requetes)

    orienter(suivie(distribution), organisme_de(distribution.partenaire))
    lire(client)
    une = lectures()
    for rang in range(19):
        orienter(suivie(distribution, f"PRENOM{rang}"), organisme_de(distribution.partenaire))
    assert lectures() == une


def test_un_portefeuille_vide_dit_comment_il_se_remplit(connecte: Any) -> None:
    assert "Ce portefeuille est vide" in lire(connecte("partenaire"))


def test_sans_contrat_le_referent_peut_l_ecrire(connecte: Any, distribution: Distribution) -> None:
    personne = suivie(distribution)
    adresse = f"/personnes/{personne.public_id}/contrat/ouvrir/"
    assert adresse in lire(connecte("partenaire"))
    un_contrat(distribution, personne=personne, etat="brouillon")
    assert adresse not in lire(connecte("partenaire"))
