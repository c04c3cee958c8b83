"""L'accueil d'un référent et de qui l'encadre : ce qui l'attend, et la liste derrière chaque nombre."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.accompagnements.models import AbsenceAgent
from jalon.agents.models import Agent
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, TypeContrat
from jalon.personnes.models import Personne, Tache, TypeTache
from jalon.referentiels.parametres import mot, nombre
from jalon.rendezvous.models import EtatRendezVous, ObjetRendezVous, PropositionRendezVous, RendezVous
from jalon.traces.models import Acte
from tests.accompagnements.aides import jour, nommer, organisme_de
from tests.contrats.parcours import a_signer
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


def suivie(distribution: Distribution, *, depuis: int = 40, agent: Agent | None = None, **champs: Any) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, **champs)
    nommer(personne, agent or distribution.partenaire, depuis=depuis)
    return personne


def un_contrat(
    personne: Personne, agent: Agent, etat: str = EtatContrat.BROUILLON, *, fin: int | None = None, **champs: Any
) -> Contrat:
    """Contrat dans cet état, écrit ailleurs : ses signatures ne sont pas l'objet de ces essais."""
    type_ = TypeContrat.objects.filter(actif=True).order_by("ordre", "pk")[0]
    valeurs: dict[str, Any] = {"reference_seule": True, "ouvert_le": jour(20)}
    if etat in EtatContrat.vivants():
        valeurs |= {"debut": jour(20), "valide_le": jour(5), "signe_le": jour(10), "recu_le": jour(7),
                    "periode": DateRange(jour(20), timezone.localdate() + timedelta(days=(fin or 90) + 1))}  # fmt: skip
    return Contrat.objects.create(
        personne=personne, type=type_, etat=etat, organisme=organisme_de(agent), referent=agent,
        territoire=personne.territoire, **(valeurs | champs),
    )  # fmt: skip


def un_rendez_vous(personne: Personne, agent: Agent, quand: date, heure: time = time(9), **champs: Any) -> RendezVous:
    valeurs = {
        "objet": ObjetRendezVous.ENTRETIEN, "organisme": organisme_de(agent), "agent": agent, "lieu": "CCAS",
        "debut": timezone.make_aware(datetime.combine(quand, heure)), **champs,
    }  # fmt: skip
    return RendezVous.objects.create(personne=personne, **valeurs)


def page(client: Client) -> str:
    reponse = client.get("/")
    assert reponse.status_code == 200
    return reponse.content.decode()


def chiffres(client: Client) -> dict[str, int]:
    vue = client.get("/").context["journee"]
    groupes = [vue.chiffres, vue.equipe] + ([vue.referent.contrats, vue.referent.personnes] if vue.referent else [])
    return {c.libelle: c.valeur for groupe in groupes for c in groupe}


def test_les_rendez_vous_du_jour_menent_a_l_entretien(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution, nom="LEFÈVRE", prenom="ÉLODIE")
    aujourdhui = timezone.localdate()
    tard = un_rendez_vous(personne, distribution.partenaire, aujourdhui, time(15, 30))
    tot = un_rendez_vous(
        personne, distribution.partenaire, aujourdhui, time(9, 5), etat="honore", constate_le=timezone.now()
    )
    annule = un_rendez_vous(
        personne, distribution.partenaire, aujourdhui, time(11), etat=EtatRendezVous.ANNULE, motif="Réunion"
    )
    texte = page(connecte("partenaire"))
    assert texte.index(f"/entretiens/{tot.public_id}/") < texte.index(f"/entretiens/{tard.public_id}/")
    assert "9 h 05" in texte
    assert str(annule.public_id) not in texte


def test_les_rendez_vous_d_un_collegue_ne_sont_pas_les_miens(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution)
    autre = un_rendez_vous(personne, distribution.orienteur, timezone.localdate())
    assert str(autre.public_id) not in page(connecte("partenaire"))


def test_un_rendez_vous_passe_se_note(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution)
    passe = un_rendez_vous(personne, distribution.partenaire, jour(3))
    ancien = un_rendez_vous(personne, distribution.partenaire, jour(40))
    texte = page(connecte("partenaire"))
    assert "Passés, à noter" in texte
    assert f"/entretiens/{passe.public_id}/" in texte
    assert str(ancien.public_id) not in texte


def test_les_contrats_par_ce_qu_ils_attendent(distribution: Distribution, connecte: Any) -> None:
    alerte = int(nombre("contrat.alerte_premiere", timezone.localdate()))
    referent = distribution.partenaire
    for etat in (EtatContrat.BROUILLON, EtatContrat.RENVOYE):
        un_contrat(suivie(distribution), referent, etat)
    for etat in (EtatContrat.A_SIGNER, EtatContrat.SIGNE_PERSONNE):
        pret = a_signer(distribution, personne=suivie(distribution))
        Contrat.objects.filter(pk=pret.pk).update(etat=etat)
    for fin in (alerte, alerte + 1):
        un_contrat(suivie(distribution), referent, EtatContrat.EN_VIGUEUR, fin=fin)
    un_contrat(suivie(distribution, agent=distribution.orienteur), distribution.orienteur)
    vus = chiffres(connecte("partenaire"))
    assert (vus["À écrire"], vus["À signer"], vus["Renvoyés"]) == (1, 2, 1)
    assert vus[f"Finissent sous {alerte} jours"] == 1
    assert "Validés depuis un mois" in page(connecte("partenaire"))


def test_chaque_chiffre_ouvre_une_liste_qui_le_vaut(distribution: Distribution, connecte: Any) -> None:
    referent = distribution.partenaire
    un_contrat(suivie(distribution, nom="BROUILLON"), referent)
    un_contrat(suivie(distribution, nom="BIENTOT"), referent, EtatContrat.EN_VIGUEUR, fin=10)
    suivie(distribution, nom="SANS", depuis=400)
    client = connecte("partenaire")
    vue = client.get("/").context["journee"]
    for chiffre in [*vue.referent.contrats, *vue.referent.personnes, *vue.chiffres]:
        liste = client.get(chiffre.url)
        assert liste.status_code == 200, chiffre
        if "page" in liste.context and chiffre.libelle != "Portefeuille":
            assert liste.context["page"].paginator.count == chiffre.valeur, chiffre


def test_les_personnes_sans_contrat_et_sans_nouvelles(distribution: Distribution, connecte: Any) -> None:
    seuil = int(nombre("referent.sommeil", timezone.localdate()))
    dort = suivie(distribution, depuis=seuil + 1)
    suivie(distribution, depuis=seuil)
    appelee, attendue = suivie(distribution, depuis=seuil + 1), suivie(distribution, depuis=seuil + 1)
    Acte.objects.create(code="essai", objet_type="essai", personnes=[appelee.public_id], resume="Appel")
    un_rendez_vous(attendue, distribution.partenaire, timezone.localdate() + timedelta(days=2))
    un_contrat(dort, distribution.partenaire)
    vus = chiffres(connecte("partenaire"))
    assert vus["Sans contrat"] == 3
    assert vus[f"Sans nouvelles depuis {seuil} jours"] == 1
    liste = connecte("partenaire").get("/portefeuille/?filtre=sommeil").context["page"]
    assert [ligne.personne for ligne in liste.object_list] == [dort]


def test_le_remplacant_voit_aussi_les_personnes_qu_il_remplace(distribution: Distribution, connecte: Any) -> None:
    absente = distribution.agent("Aude", "referent_solidarite", organisme=organisme_de(distribution.partenaire))
    suivie(distribution, agent=absente)
    assert chiffres(connecte("partenaire"))[mot("portefeuille").singulier.capitalize()] == 0
    AbsenceAgent.objects.create(
        agent=absente, remplacant=distribution.partenaire, motif="conge", periode=DateRange(jour(1), None),
        enregistree_par=distribution.siege,
    )  # fmt: skip
    assert chiffres(connecte("partenaire"))[mot("portefeuille").singulier.capitalize()] == 1


def test_les_absences_a_reprendre_et_les_taches_confiees(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution)
    Tache.objects.create(
        type=TypeTache.CONTACT_ABSENCE, personne=personne, agent=distribution.partenaire,
        organisme=organisme_de(distribution.partenaire), ouverte_le=timezone.localdate(),
    )  # fmt: skip
    vus = chiffres(connecte("partenaire"))
    assert (vus["Absences à reprendre"], vus["Tâches qui me sont confiées"]) == (1, 1)


def test_les_invitations_sans_reponse(distribution: Distribution, connecte: Any) -> None:
    personne = suivie(distribution, nom="ATTENDUE")
    PropositionRendezVous.objects.create(
        personne=personne, agent=distribution.partenaire, organisme=organisme_de(distribution.partenaire),
        objet=ObjetRendezVous.ENTRETIEN, du=timezone.localdate(), au=timezone.localdate(),
        proposee_par=distribution.partenaire,
    )  # fmt: skip
    texte = page(connecte("partenaire"))
    assert "Invitations sans réponse" in texte
    assert "Attendue" in texte


def test_le_nombre_d_une_liste_l_ouvre_en_entier(distribution: Distribution, connecte: Any) -> None:
    referent = distribution.partenaire
    for rang in range(7):
        un_rendez_vous(suivie(distribution), referent, jour(2), time(8 + rang))
        PropositionRendezVous.objects.create(
            personne=suivie(distribution), agent=referent, organisme=organisme_de(referent),
            objet=ObjetRendezVous.ENTRETIEN, du=timezone.localdate(), au=timezone.localdate(), proposee_par=referent,
        )  # fmt: skip
        if rang < 6:
            excuse(distribution, jour(-3 - rang))
    client = connecte("partenaire")
    vue = client.get("/").context["journee"].referent
    for apercu, attendu in ((vue.a_noter, 7), (vue.prevenus, 6), (vue.sans_reponse, 7)):
        assert (len(apercu.lignes), apercu.total) == (5, attendu)
        assert f'href="{apercu.url}"' in page(client)
        entiere = client.get(apercu.url)
        assert entiere.context["page"].paginator.count == attendu
        assert all(ligne.personne.nom for ligne in entiere.context["page"])


def excuse(distribution: Distribution, quand: date, **champs: Any) -> RendezVous:
    """Rendez-vous où la personne a dit elle-même qu'elle ne viendrait pas."""
    valeurs = {"etat": EtatRendezVous.EXCUSE, "motif": "Enfant malade", "constate_le": timezone.now(), **champs}
    return un_rendez_vous(suivie(distribution), distribution.partenaire, quand, **valeurs)


def test_qui_a_prevenu_reste_tant_qu_une_autre_date_n_est_pas_fixee(distribution: Distribution, connecte: Any) -> None:
    demain = timezone.localdate() + timedelta(days=1)
    rendez_vous = excuse(distribution, demain)
    excuse(distribution, demain, constate_par=distribution.partenaire, debut=timezone.now() + timedelta(hours=30))
    assert [r.pk for r in connecte("partenaire").get("/").context["journee"].referent.prevenus.lignes] == [
        rendez_vous.pk
    ]
    un_rendez_vous(rendez_vous.personne, distribution.partenaire, demain + timedelta(days=5))
    assert "Ont prévenu" not in page(connecte("partenaire"))


def test_autant_de_requetes_pour_une_ou_vingt_personnes(distribution: Distribution, connecte: Any) -> None:
    client, referent = connecte("partenaire"), distribution.partenaire

    def ajouter(rang: int) -> None:
        personne = suivie(distribution, depuis=400)
        un_contrat(personne, referent, EtatContrat.EN_VIGUEUR if rang % 2 else EtatContrat.BROUILLON)
        un_rendez_vous(personne, referent, timezone.localdate(), time(8 + rang // 4, rang % 4 * 15))
        un_rendez_vous(personne, referent, jour(2), time(8 + rang // 4, rang % 4 * 15))
        suivie(distribution, depuis=400)

    ajouter(0)
    client.get("/")
    comptes = []
    for rangs in (range(0), range(1, 20)):
        for rang in rangs:
            ajouter(rang)
        with CaptureQueriesContext(connection) as requetes:
            client.get("/")
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


class TestEquipe:
    def test_le_responsable_voit_les_memes_chiffres_par_referent(
        self, distribution: Distribution, connecte: Any
    ) -> None:
        un_contrat(suivie(distribution, depuis=400), distribution.partenaire)
        suivie(distribution, depuis=400)
        assert chiffres(connecte("orienteur"))["À écrire"] == 1
        vue = connecte("orienteur").get("/equipe/")
        (ligne,) = [ligne for ligne in vue.context["lignes"] if ligne.agent == distribution.partenaire]
        cases = {case.colonne: case for case in ligne.cases}
        seuil = int(nombre("referent.sommeil", timezone.localdate()))
        assert cases["Personnes"].valeur == 2
        assert cases["À écrire"].valeur == 1
        assert cases["Sans contrat"].valeur == 1
        assert cases[f"Sans nouvelles depuis {seuil} jours"].valeur == 2
        for case in ligne.cases:
            if not case.valeur:
                continue
            liste = connecte("orienteur").get(case.url)
            assert liste.status_code == 200, case
            assert liste.context["page"].paginator.count == case.valeur, case

    def test_refuse_les_dossiers_d_un_autre_territoire(self, distribution: Distribution, connecte: Any) -> None:
        un_contrat(suivie(distribution), distribution.partenaire)
        assert chiffres(connecte("etrangere"))["À écrire"] == 0
        vue = connecte("etrangere").get("/equipe/")
        assert not any(case.valeur for ligne in vue.context["lignes"] for case in ligne.cases)

    def test_autant_de_requetes_pour_une_ou_vingt_personnes(self, distribution: Distribution, connecte: Any) -> None:
        client = connecte("orienteur")
        un_contrat(suivie(distribution, depuis=400), distribution.partenaire)
        client.get("/equipe/")
        comptes = []
        for ajoutees in (0, 19):
            for _ in range(ajoutees):
                un_contrat(suivie(distribution, depuis=400), distribution.partenaire)
            with CaptureQueriesContext(connection) as requetes:
                client.get("/equipe/")
            comptes.append(len(requetes))
        assert comptes[0] == comptes[1]
