"""La page d'une personne : le chemin, ce qui s'est passé, ce qui vient ensuite."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, DesignationReferent, EtatMaintien, Maintien
from jalon.droits.models import EtatDossier, Evenement, Situation, Soumission
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import EtatTache, Personne, Rapprochement, Rattachement, Tache
from jalon.traces.models import Lecture
from jalon.traces.services import tracer
from jalon.web.dossiers.frise import frise
from jalon.web.dossiers.parcours import chemin, pastilles, suite
from jalon.web.dossiers.selectors import DossierPersonne, dossier_personne
from tests.distribution import Distribution
from tests.fabriques import DossierRsaFactory, PersonneFactory, une_allocataire
from tests.web.dossiers.conftest import JUIN, SEPTEMBRE, Famille

JOUR = date(2026, 11, 22)


def lire(personne: Personne) -> DossierPersonne:
    return dossier_personne(personne, "parcours")


def titres(personne: Personne) -> list[tuple[date, str]]:
    return [(fait.date, fait.titre) for fait in frise(lire(personne))]


def etapes(personne: Personne) -> dict[str, str]:
    return {etape.texte: etape.etat for etape in chemin(lire(personne), JOUR)}


def test_l_en_tete_dit_qui_et_ou_elle_en_est(famille: Famille, connecte: Any) -> None:
    page = connecte("orienteur").get(f"/personnes/{famille.elodie.public_id}/").content.decode()
    for texte in (
        "Élodie Lefèvre", "née D&#x27;Agostino", "née le 12 avril 1985", "Lens", "Droit ouvert et versable",
        "depuis le 30 sept. 2026", "Ce qui s’est passé", "Ce qui vient ensuite", "1000001",
    ):  # fmt: skip
        assert texte in page, texte


def test_refuse_une_personne_d_un_autre_territoire(famille: Famille, connecte: Any) -> None:
    assert connecte("orienteur").get(f"/personnes/{famille.elodie.public_id}/").status_code == 200
    assert connecte("etrangere").get(f"/personnes/{famille.elodie.public_id}/").status_code == 404


@pytest.mark.parametrize("onglet", ["", "droits/", "identite/", "lectures/"])
def test_refuse_un_onglet_sans_le_droit(famille: Famille, connecte: Any, onglet: str) -> None:
    adresse = f"/personnes/{famille.elodie.public_id}/{onglet}"
    assert connecte("siege").get(adresse).status_code == 200
    assert connecte("administrateur").get(adresse).status_code == 403


def test_chaque_ouverture_est_notee(famille: Famille, connecte: Any, distribution: Distribution) -> None:
    client = connecte("orienteur")
    for onglet in ("", "droits/"):
        client.get(f"/personnes/{famille.elodie.public_id}/{onglet}")
    lectures = Lecture.objects.order_by("pk")
    assert [(x.nature, x.personne, x.agent_id, x.ecran) for x in lectures] == [
        (Lecture.Nature.DOSSIER, famille.elodie.public_id, distribution.orienteur.pk, "dossier de la personne")
    ] * 2


def test_un_dossier_fusionne_mene_a_celui_qui_l_a_absorbe(famille: Famille, connecte: Any) -> None:
    Personne.objects.filter(pk=famille.odette.pk).update(fusionnee_dans=famille.elodie)
    page = connecte("siege").get(f"/personnes/{famille.odette.public_id}/").content.decode()
    assert "Élodie Lefèvre" in page
    assert Lecture.objects.get().personne == famille.elodie.public_id


def test_la_page_coute_quatre_requetes_de_plus_qu_une_page_vide(famille: Famille, connecte: Any) -> None:
    """La personne, la lecture notée, les clés de ses dossiers, puis toutes les rubriques d'un coup."""
    client = connecte("orienteur")
    client.get("/")
    with CaptureQueriesContext(connection) as vide:
        client.get("/n-existe-pas/")
    with CaptureQueriesContext(connection) as page:
        client.get(f"/personnes/{famille.elodie.public_id}/")
    assert len(page) - len(vide) == 4


def test_autant_de_requetes_pour_un_ou_vingt_faits(famille: Famille, connecte: Any) -> None:
    client = connecte("orienteur")
    client.get(f"/personnes/{famille.elodie.public_id}/")
    comptes = []
    for ajoutes in (0, 19):
        for rang in range(ajoutes):
            Evenement.objects.create(
                dossier=famille.dossier,
                liquide_le=date(2026, 3, 1) + timedelta(days=rang),
                fait_generateur="SITPRO",
                recu_le=JUIN,
            )
        with CaptureQueriesContext(connection) as requetes:
            client.get(f"/personnes/{famille.elodie.public_id}/")
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]


def test_la_frise_raconte_dans_l_ordre(famille: Famille) -> None:
    faits = titres(famille.elodie)
    assert [f[0] for f in faits] == sorted((f[0] for f in faits), reverse=True)
    attendus = {
        (date(2026, 1, 12), "Demande de RSA"),
        (date(2026, 6, 1), "Suspension du versement"),
        (SEPTEMBRE, "Fin de la suspension"),
        (JUIN, "Droit ouvert, versement suspendu"),
        (JUIN, "Sort du champ des droits et devoirs"),
        (SEPTEMBRE, "Entre dans le champ des droits et devoirs"),
        (JUIN, "Karim Lefèvre rejoint le foyer"),
        (JUIN, "Odette D'Agostino quitte le foyer"),
        (JUIN, "Déménage à Lens"),
        (date(2026, 9, 1), "La nature du droit change"),
        (date(2026, 9, 12), "Droit recalculé : situation professionnelle"),
        (SEPTEMBRE, "Entre dans la file d'orientation"),
        (JUIN, "Sort de la file d'orientation"),
        (JUIN, "Passe au-dessus du seuil"),
        (SEPTEMBRE, "Fin du maintien : repassée sous le seuil"),
        (SEPTEMBRE, "Demande de recueil"),
    }
    assert attendus <= set(faits)


def test_une_nouvelle_ligne_sans_changement_d_etat_ne_fait_pas_un_evenement(famille: Famille) -> None:
    avant = titres(famille.elodie)
    courante = Situation.objects.get(dossier=famille.dossier, periode__endswith=None)
    Situation.objects.filter(pk=courante.pk).update(periode=DateRange(SEPTEMBRE, date(2026, 10, 31)))
    Situation.objects.create(
        dossier=famille.dossier, etat=EtatDossier.OUVERT, nombre_charges=2, periode=DateRange(date(2026, 10, 31), None)
    )
    assert titres(famille.elodie) == avant


def test_une_cloture_dit_son_motif_et_sa_date(famille: Famille) -> None:
    Situation.objects.filter(dossier=famille.dossier, periode__endswith=None).update(
        etat=EtatDossier.CLOS, cloture_motif="ECH", cloture_le=date(2026, 10, 1)
    )
    clos = next(fait for fait in frise(lire(famille.elodie)) if fait.titre == "Droit clos")
    assert clos.date == date(2026, 10, 1)
    assert "échéance" in clos.detail
    assert etapes(famille.elodie)["Sortie"] == "fait"


def test_un_acte_du_service_parait_avec_son_auteur(famille: Famille, distribution: Distribution) -> None:
    tracer(
        "essai.acte", famille.dossier, acteur=distribution.orienteur, organisme="Service", motif="secteur",
        personnes=[famille.elodie.public_id], resume="Confiée à un agent",
    )  # fmt: skip
    fait = next(fait for fait in frise(lire(famille.elodie)) if fait.titre == "Confiée à un agent")
    assert fait.detail == "Omar Orienteur · Service · secteur"
    assert "Confiée à un agent" not in [titre for _, titre in titres(famille.karim)]


def test_une_longue_frise_se_plie(famille: Famille, connecte: Any) -> None:
    for rang in range(80):
        Evenement.objects.create(
            dossier=famille.dossier,
            liquide_le=date(2026, 2, 1) + timedelta(days=rang),
            fait_generateur="SITPRO",
            recu_le=JUIN,
        )
    client = connecte("siege")
    adresse = f"/personnes/{famille.elodie.public_id}/"
    assert "Voir aussi" in client.get(adresse).content.decode()
    assert "Voir aussi" not in client.get(adresse + "?tout").content.decode()


def test_le_chemin_n_affirme_que_ce_que_jalon_sait(famille: Famille) -> None:
    assert etapes(famille.elodie) == {
        "Droit ouvert": "fait", "Informée": "a_venir", "Recueil": "courant", "Orientée": "courant",
        "Référent": "a_venir", "CER": "a_venir", "Actions": "a_venir", "Sortie": "a_venir",
    }  # fmt: skip


def test_un_recueil_fait_est_une_etape_faite(famille: Famille) -> None:
    Tache.objects.update(etat=EtatTache.FAITE, close_le=JOUR)
    assert etapes(famille.elodie)["Recueil"] == "fait"


def test_un_organisme_qui_accompagne_n_est_pas_un_referent(famille: Famille, distribution: Distribution) -> None:
    suivi = Accompagnement.objects.create(
        personne=famille.elodie, organisme=distribution.organisme("ccas"), periode=DateRange(JUIN, None)
    )
    assert etapes(famille.elodie)["Référent"] == "a_venir"
    suivi.agent = distribution.partenaire
    suivi.save()
    assert etapes(famille.elodie)["Référent"] == "a_venir"
    DesignationReferent.objects.create(
        personne=famille.elodie, organisme=suivi.organisme, agent=distribution.partenaire,
        periode=DateRange(JUIN, None),
    )  # fmt: skip
    assert etapes(famille.elodie)["Référent"] == "fait"


def test_la_suite_compte_les_jours_du_service(famille: Famille, distribution: Distribution) -> None:
    perimetre = _perimetre(distribution.orienteur)
    prochaine = suite(lire(famille.elodie), perimetre, JOUR)
    assert (prochaine.jours, prochaine.total, prochaine.retard, prochaine.ton) == (53, 61, 0, "ambre")
    assert "Le service doit décider de l’orientation" in prochaine.titre
    assert prochaine.url == f"/personnes/{famille.elodie.public_id}/orienter/"


def test_un_retard_est_imputable_au_service(famille: Famille, distribution: Distribution) -> None:
    AttenteOrientation.objects.filter(sortie_le=None).update(echeance=JOUR - timedelta(days=4))
    prochaine = suite(lire(famille.elodie), _perimetre(distribution.orienteur), JOUR)
    assert (prochaine.retard, prochaine.ton) == (4, "rouge")
    assert "imputable au service" in prochaine.texte
    assert any("en retard de 4" in p.texte for p in pastilles(lire(famille.elodie), JOUR))


def test_la_suite_sans_attente_passe_a_la_tache_puis_au_maintien(famille: Famille, distribution: Distribution) -> None:
    perimetre = _perimetre(distribution.siege)
    AttenteOrientation.objects.all().delete()
    assert "recueil" in suite(lire(famille.elodie), perimetre, JOUR).titre
    Tache.objects.all().delete()
    Maintien.objects.update(etat=EtatMaintien.EN_COURS, clos_le=None)
    assert "dû jusqu’au 30 déc. 2026" in suite(lire(famille.elodie), perimetre, JOUR).titre
    Maintien.objects.all().delete()
    assert suite(lire(famille.elodie), perimetre, JOUR).titre == "Rien n’est en attente."
    Soumission.objects.filter(periode__endswith=None).update(soumise=False)
    assert "n’est pas soumise" in suite(lire(famille.elodie), perimetre, JOUR).texte
    Situation.objects.filter(periode__endswith=None).update(etat=EtatDossier.CLOS)
    assert "Le droit est fermé" in suite(lire(famille.elodie), perimetre, JOUR).texte


def test_la_soumission_ininterrompue_remonte_a_son_debut(famille: Famille) -> None:
    Soumission.objects.filter(periode__endswith=None).update(periode=DateRange(date(2026, 10, 31), None))
    Soumission.objects.create(
        dossier=famille.dossier, personne=famille.elodie, soumise=True, periode=DateRange(SEPTEMBRE, date(2026, 10, 31))
    )
    assert lire(famille.elodie).soumise_depuis == SEPTEMBRE


def test_le_dossier_courant_vient_d_abord_et_les_autres_sont_nommes(famille: Famille, connecte: Any) -> None:
    ancien = DossierRsaFactory(numero_demande="62000000099", date_demande=date(2026, 5, 1))
    Rattachement.objects.create(
        foyer=ancien.foyer, personne=famille.elodie, role="DEM", periode=DateRange(date(2025, 1, 31), JUIN)
    )
    dossier = lire(famille.elodie)
    assert dossier.dossier is not None
    assert dossier.dossier.numero_demande == "62000000001"
    assert [d.numero_demande for d in dossier.autres_dossiers] == ["62000000099"]


def test_une_personne_sans_dossier_a_une_page(connecte: Any) -> None:
    personne = PersonneFactory()
    for onglet in ("", "droits/", "identite/", "lectures/"):
        assert connecte("siege").get(f"/personnes/{personne.public_id}/{onglet}").status_code == 200


def test_le_conjoint_d_un_autre_territoire_n_est_pas_montre(
    famille: Famille, distribution: Distribution, connecte: Any
) -> None:
    page = f"/personnes/{famille.elodie.public_id}/"
    assert "Karim" in connecte("orienteur").get(page).content.decode()
    Personne.objects.filter(pk=famille.karim.pk).update(territoire=distribution.autre_territoire)
    assert "Karim" not in connecte("orienteur").get(page).content.decode()


def test_l_identite_dit_combien_on_en_est_sur(famille: Famille, connecte: Any) -> None:
    proche = une_allocataire(territoire=famille.elodie.territoire)
    Rapprochement.objects.create(
        ancienne=famille.elodie, nouvelle=proche, score=87, motif="Prénoms proches", date_flux=JUIN
    )
    page = connecte("siege").get(f"/personnes/{famille.elodie.public_id}/identite/").content.decode()
    for texte in (
        "État civil certifié",
        "Numéro de sécurité sociale juste",
        "Identités antérieures",
        "Ressemblance 87 sur 100",
    ):
        assert texte in page, texte
    assert "comparer et décider" in page


def test_les_droits_expliquent_la_soumission_sans_la_recalculer(famille: Famille, connecte: Any) -> None:
    page = connecte("orienteur").get(f"/personnes/{famille.elodie.public_id}/droits/").content.decode()
    for texte in (
        "C’est <strong>la caisse</strong> qui le dit",
        "<strong>500 €</strong>",
        "D262-65",
        "206,00",
        "826,21",
        "312,00",
    ):
        assert texte in page, texte


def test_qui_a_ouvert_ce_dossier_montre_la_presente_ouverture(famille: Famille, connecte: Any) -> None:
    connecte("orienteur").get(f"/personnes/{famille.elodie.public_id}/")
    page = connecte("siege").get(f"/personnes/{famille.elodie.public_id}/lectures/").content.decode()
    assert "Omar Orienteur" in page
    assert "Simone Siege" in page


def test_la_page_n_est_gardee_par_aucun_cache(famille: Famille, connecte: Any) -> None:
    assert connecte("siege").get(f"/personnes/{famille.elodie.public_id}/")["Cache-Control"] == "no-store"


def _perimetre(agent: Any) -> Any:
    from jalon.agents.perimetre import Perimetre

    return Perimetre.de(agent, timezone.localdate())
