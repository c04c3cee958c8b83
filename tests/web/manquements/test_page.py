"""La page d'une procédure : l'acte suivant, ce qui est interdit, et chaque acte jusqu'au classement."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from jalon.manquements.models import Manquement, Observation
from jalon.rendezvous.models import MotifAbsence
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import une_adresse
from tests.manquements.fabriques import il_y_a, un_manquement
from tests.manquements.plis import demenager, rendre, un_avertissement

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 essai"


def page(client: Any, manquement: Manquement) -> Any:
    return client.get(reverse("manquement", args=[manquement.public_id]))


def agir(client: Any, manquement: Manquement, acte: str, **donnees: Any) -> Any:
    return client.post(reverse("manquement_agir", args=[manquement.public_id, acte]), donnees)


def test_note_la_lecture(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="saisi")
    assert page(connecte("siege"), manquement).status_code == 200
    assert Lecture.objects.get(personne=manquement.personne.public_id).ecran == "procédure pour un manquement"


def test_averti_puis_recu_le_delai_court(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="saisi", faits_le=il_y_a(40))
    client = connecte("siege")
    assert page(client, manquement).context["suite"].acte == "avertir"
    assert agir(client, manquement, "avertir").status_code == 302
    manquement.refresh_from_db()
    assert manquement.avertissement is not None
    assert page(client, manquement).context["suite"].acte == "reception"
    jour = timezone.localdate().isoformat()
    assert agir(client, manquement, "reception", recu_le=jour, preuve="AR 2C 1").status_code == 302
    vue = page(client, manquement)
    assert "La personne peut répondre jusqu’au" in vue.context["suite"].titre
    assert any("délai d'observations court" in phrase for phrase in vue.context["interdits"])


def test_une_reception_refusee_garde_ce_qui_etait_ecrit(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="averti", recu=False)
    reponse = agir(connecte("siege"), manquement, "reception", recu_le="2001-01-01", preuve="Ma preuve")
    assert reponse.status_code == 409
    assert "Ma preuve" in reponse.content.decode()


def test_une_reponse_venue_malgre_une_lettre_perdue_ne_tient_pas_lieu_de_reception(
    connecte: Any, distribution: Distribution
) -> None:
    """La page dit quoi faire de la lettre revenue, et que la réponse est gardée ; la réception part de son retour."""
    avertie = un_avertissement(distribution)
    rendre(avertie.avertissement, distribution.siege)
    client = connecte("siege")
    reponse = {"canal": "oral", "texte": "J'étais chez ma mère.", "recue_le": il_y_a(0).isoformat(), "relue": "oui"}
    assert agir(client, avertie, "observation", **reponse).status_code == 302
    vue = page(client, avertie)
    assert (vue.context["suite"].titre, vue.context["suite"].acte) == (
        "La lettre est revenue : retrouver l’adresse.",
        "",
    )
    assert "La personne a pourtant répondu le" in vue.context["suite"].texte
    assert f'min="{il_y_a(0).isoformat()}"' in vue.content.decode()
    demenager(avertie.personne)
    suite = page(client, avertie).context["suite"]
    assert (suite.acte, "sa réponse est gardée" in suite.texte) == ("renvoyer", True)


def test_une_reponse_orale_se_relit(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="averti")
    client, donnees = connecte("partenaire"), {"canal": "oral", "texte": "J’étais absente.", "recue_le": str(il_y_a(1))}
    refusee = agir(client, manquement, "observation", **donnees)
    assert refusee.status_code == 409
    assert "Relisez cette réponse" in refusee.content.decode()
    assert agir(client, manquement, "observation", **donnees, relue="oui").status_code == 302
    assert Observation.objects.get().saisie_par == distribution.partenaire


def test_une_reponse_vide_est_refusee_et_garde_le_reste(connecte: Any, distribution: Distribution) -> None:
    """Une demande d'audition suffit sans un mot : le texte n'est donc pas obligatoire, mais tout ne peut être vide."""
    manquement = un_manquement(distribution, etat="averti")
    client, donnees = (
        connecte("partenaire"),
        {"canal": "papier", "recue_le": str(il_y_a(3)), "assistee_par": "Une amie"},
    )
    refusee = agir(client, manquement, "observation", **donnees, texte="  ")
    assert refusee.status_code == 409
    vue = refusee.content.decode()
    assert "Écrivez" in vue
    assert 'value="Une amie"' in vue
    assert f'value="{il_y_a(3)}"' in vue
    assert 'value="papier" required checked' in vue
    assert not Observation.objects.exists()
    assert agir(client, manquement, "observation", **donnees, demande_audition="oui").status_code == 302


def test_un_motif_avec_sa_preuve_mene_au_classement(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="averti")
    une_adresse(manquement.personne)
    motif = MotifAbsence.objects.filter(preuve_exigee=True, sante=False, actif=True).order_by("pk")[0]
    client = connecte("siege")
    agir(
        client, manquement, "observation", canal="papier", texte="Voici.", recue_le=str(il_y_a(1)), motif=motif.code,
        preuve=SimpleUploadedFile("p.pdf", PDF),
    )  # fmt: skip
    assert agir(client, manquement, "legitime").status_code == 302
    assert page(client, manquement).context["suite"].acte == "classer"
    assert agir(client, manquement, "classer", motif="motif_legitime").status_code == 302
    manquement.refresh_from_db()
    assert (manquement.etat, manquement.classement is not None) == ("classe", True)


def test_une_raison_de_sante_reste_a_qui_en_a_le_droit(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="averti")
    Observation.objects.create(
        manquement=manquement, canal="en_ligne", recue_le=il_y_a(2), texte="Mon opération.", relue=True,
        motif=MotifAbsence.objects.filter(sante=True).order_by("pk")[0],
    )  # fmt: skip
    vue = page(connecte("siege"), manquement).content.decode()
    assert "Mon opération." not in vue
    assert "1 réponse porte" in vue


@pytest.mark.parametrize(("sante", "statut"), [(False, 200), (True, 404)])
def test_une_preuve_de_sante_ne_s_ouvre_pas_par_son_adresse(
    connecte: Any, distribution: Distribution, sante: bool, statut: int
) -> None:
    manquement = un_manquement(distribution, etat="averti")
    motif = MotifAbsence.objects.filter(sante=sante, actif=True).order_by("pk")[0]
    client = connecte("siege")
    agir(
        client, manquement, "observation", canal="papier", texte="Voici.", recue_le=str(il_y_a(1)), motif=motif.code,
        preuve=SimpleUploadedFile("p.pdf", PDF),
    )  # fmt: skip
    preuve = manquement.pieces.get().document
    assert client.get(reverse("document_telecharger", args=[preuve.public_id])).status_code == statut


def test_un_tort_reconnu_interdit_toute_sanction(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="averti", faits_le=il_y_a(90))
    client = connecte("siege")
    agir(client, manquement, "tort", texte="La lettre annonçait une autre adresse.")
    vue = page(client, manquement)
    assert vue.context["en_cause"] is True
    assert any("service est en cause" in phrase for phrase in vue.context["interdits"])


def test_un_referent_n_instruit_pas(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="saisi")
    client = connecte("partenaire")
    assert page(client, manquement).context["suite"].acte == ""
    assert agir(client, manquement, "avertir").status_code == 403


def test_un_acte_inconnu_est_introuvable(connecte: Any, distribution: Distribution) -> None:
    assert agir(connecte("siege"), un_manquement(distribution, etat="saisi"), "inventer").status_code == 404


@pytest.mark.parametrize("etat", ["prepare", "saisi", "averti", "avis_rendu", "classe"])
def test_chaque_etat_a_sa_page(connecte: Any, distribution: Distribution, etat: str) -> None:
    vue = page(connecte("siege"), un_manquement(distribution, etat=etat))
    assert vue.status_code == 200
    assert vue.context["suite"].titre
