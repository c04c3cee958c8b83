"""Les lettres d'une personne à l'écran : ce qu'elles sont devenues, le pli revenu, et l'adresse à vérifier."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi
from jalon.manquements.avertissement import envoyer_avertissement
from jalon.manquements.models import Manquement
from jalon.personnes.adresses import adresses_postales
from jalon.personnes.models import Adresse, Coordonnees, Personne
from jalon.referentiels.models import Commune
from tests.distribution import Distribution
from tests.fabriques import une_adresse
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement, une_personne_suivie

pytestmark = pytest.mark.django_db
A_VERIFIER = "L’adresse est à vérifier"


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    suivie = une_personne_suivie(distribution)
    if not Adresse.objects.filter(foyer__rattachements__personne=suivie).exists():
        une_adresse(suivie)
    return suivie


def une_lettre(
    personne: Personne, nature: str = "convocation_reunion", titre: str = "Convocation du 3 mars"
) -> Document:
    lettre = Document.objects.create(nature=nature, titre=titre, taille=4, sha256="0" * 64, personne=personne.public_id)
    Envoi.objects.create(
        canal=Canal.COURRIER, document=lettre, destinataire="ANA DIAS\n12 RUE DES LILAS\n62000 ARRAS",
        personne=personne.public_id,
    )  # fmt: skip
    return lettre


def page(client: Any, personne: Personne) -> str:
    return str(client.get(reverse("personne_courriers", args=[personne.public_id])).content.decode())


def rendre(client: Any, personne: Personne, lettre: Document, **envoye: str) -> Any:
    donnees = {"motif": "adresse", "revenu_le": str(il_y_a(0))} | envoye
    return client.post(reverse("courrier_retour", args=[personne.public_id, lettre.public_id]), donnees)


def test_note_le_retour_et_signale_l_adresse_jusqu_au_demenagement(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    lettre, client = une_lettre(personne), connecte("partenaire")
    Envoi.objects.update(destinataire="\n".join(_adresse(personne)))
    assert "À poster" in page(client, personne)
    assert rendre(client, personne, lettre).status_code == 302
    vue = page(client, personne)
    assert "Revenue" in vue
    assert "Cette lettre est revenue" not in vue
    dossier = reverse("personne", args=[personne.public_id])
    assert A_VERIFIER in vue
    assert A_VERIFIER in client.get(dossier).content.decode()
    Adresse.objects.filter(foyer__rattachements__personne=personne).update(voie="DES ACACIAS")
    assert A_VERIFIER not in client.get(dossier).content.decode()


def _adresse(personne: Personne) -> tuple[str, ...]:
    return adresses_postales([personne.pk])[personne.pk].lignes


def test_une_lettre_revenue_de_l_adresse_de_la_caisse_laisse_la_place_a_celle_que_la_personne_donne(
    connecte: Any, personne: Personne
) -> None:
    de_la_caisse, lettre = _adresse(personne), une_lettre(personne)
    Coordonnees.objects.create(
        personne=personne, voie="3 RUE DES ACACIAS", code_postal="62000", commune=Commune.objects.get(nom="Arras")
    )
    assert _adresse(personne) == de_la_caisse
    Envoi.objects.update(destinataire="\n".join(de_la_caisse))
    rendre(connecte("partenaire"), personne, lettre)
    assert _adresse(personne)[0] == "3 RUE DES ACACIAS"


def test_refuse_et_garde_ce_qui_etait_rempli(connecte: Any, personne: Personne) -> None:
    lettre = une_lettre(personne)
    refusee = rendre(connecte("partenaire"), personne, lettre, motif="autre", precision="")
    vue = refusee.content.decode()
    assert refusee.status_code == 409
    assert "Dites en quelques mots" in vue
    assert 'value="autre" required checked' in vue
    assert Envoi.objects.get().etat == EtatEnvoi.A_ENVOYER


def test_les_lettres_d_une_procedure_sont_a_qui_peut_la_lire(
    connecte: Any, distribution: Distribution, personne: Personne
) -> None:
    avertissement = une_lettre(personne, "avertissement_manquement", "Avertissement")
    une_lettre(personne)
    client = connecte("partenaire")
    assert "Avertissement" in page(client, personne)
    profil = distribution.partenaire.affectations.get().profil
    profil.droits = sorted(set(profil.droits) - {"manquements.consulter"})
    profil.save()
    vue = page(client, personne)
    assert "Convocation du 3 mars" in vue
    assert "Avertissement" not in vue
    assert rendre(client, personne, avertissement).status_code == 404


def test_un_lecteur_lit_et_ne_note_rien(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    lettre = une_lettre(personne)
    profil = distribution.partenaire.affectations.get().profil
    profil.droits = sorted(set(profil.droits) - {"suivi.ecrire", "notification.produire", "manquement.instruire"})
    profil.save()
    client = connecte("partenaire")
    assert "Cette lettre est revenue" not in page(client, personne)
    assert rendre(client, personne, lettre).status_code == 403


def test_autant_de_requetes_pour_une_ou_vingt_lettres(connecte: Any, personne: Personne) -> None:
    client = connecte("partenaire")
    une_lettre(personne)
    page(client, personne)
    comptes = []
    for ajoutees in (0, 19):
        for _ in range(ajoutees):
            une_lettre(personne)
        with CaptureQueriesContext(connection) as requetes:
            page(client, personne)
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


# --- La page de la procédure


@pytest.fixture
def avertie(distribution: Distribution) -> Manquement:
    saisi = un_manquement(distribution, etat="saisi", faits_le=il_y_a(30))
    return envoyer_avertissement(saisi, **qui(distribution.siege))


def procedure(client: Any, manquement: Manquement) -> Any:
    return client.get(reverse("manquement", args=[manquement.public_id]))


def agir(client: Any, manquement: Manquement, acte: str, **donnees: str) -> Any:
    return client.post(reverse("manquement_agir", args=[manquement.public_id, acte]), donnees)


def test_l_avertissement_revenu_se_recrit_une_fois_l_adresse_trouvee(connecte: Any, avertie: Manquement) -> None:
    client, personne = connecte("siege"), avertie.personne
    assert avertie.avertissement is not None
    assert "Notez-le dans ses courriers" in procedure(client, avertie).content.decode()
    rendre(client, personne, avertie.avertissement)
    vue = procedure(client, avertie)
    assert vue.context["suite"].titre == "La lettre est revenue : retrouver l’adresse."
    assert "Lettre revenue" in vue.content.decode()
    refusee = agir(client, avertie, "reception", recu_le=str(il_y_a(0)), preuve="Avis 2C")
    assert refusee.status_code == 409
    Adresse.objects.filter(foyer__rattachements__personne=personne).update(voie="DES ACACIAS")
    assert procedure(client, avertie).context["suite"].acte == "renvoyer"
    assert agir(client, avertie, "renvoyer").status_code == 302
    assert procedure(client, avertie).context["suite"].acte == "reception"
    assert agir(client, avertie, "reception", recu_le=str(il_y_a(0)), preuve="Avis 2C").status_code == 302


def test_avisee_et_pas_reclamee_la_presentation_est_proposee(connecte: Any, avertie: Manquement) -> None:
    client = connecte("siege")
    assert avertie.avertissement is not None
    rendre(client, avertie.personne, avertie.avertissement, motif="non_reclame", presente_le=str(il_y_a(0)))
    vue = procedure(client, avertie)
    assert vue.context["suite"].titre == "Noter la présentation de la lettre."
    assert 'value="Pli présenté, avisé, pas réclamé"' in vue.content.decode()
    assert agir(client, avertie, "reception", recu_le=str(il_y_a(0)), preuve="Pli présenté").status_code == 302
